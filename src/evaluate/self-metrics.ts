import type { Pipeline } from '../rules/pipeline.ts';
import { techniqueByName } from '../score/techniques.ts';
import type { Telemetry } from '../telemetry/metrics.ts';
import { FLAG_LEVELS } from './flag-rate.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { PipelineStatus } from './status.ts';

/** What one pipeline tells of itself in our own metrics. */
export class SelfMetrics {
  readonly #telemetry: Telemetry;
  readonly #engines = new Set<string>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  tell(
    pipeline: Pipeline,
    state: PipelineState,
    status: PipelineStatus & { readonly openAnomalies: number; readonly coverage: number | undefined },
  ): void {
    const telemetry = this.#telemetry;
    const labels = { pipeline: pipeline.name };
    const { lastEvaluationMs, lastForecastMs, coverage } = status;
    telemetry.pipelineHealthy.set(labels, status.health === 'ok' ? 1 : 0);
    telemetry.pipelineSeries.set(labels, status.series);
    telemetry.pipelineWarmingUp.set(labels, status.warmingUp);
    telemetry.pipelineLeftOut.set(labels, state.leftOut.size);
    telemetry.anomaliesOpen.set(labels, status.openAnomalies);
    telemetry.pipelineContextBytes.set(labels, state.bytes);
    if (lastEvaluationMs !== undefined) telemetry.pipelineLastEvaluation.set(labels, lastEvaluationMs / 1000);
    if (lastForecastMs !== undefined) telemetry.pipelineLastForecast.set(labels, lastForecastMs / 1000);
    for (const level of FLAG_LEVELS) {
      const rate = state.flagRate.perSeriesDay(level);
      if (rate !== undefined) telemetry.pipelineFlagRate.set({ ...labels, level }, rate);
    }
    if (pipeline.mode !== 'forecast_only') telemetry.bandCoverageTarget.set(labels, promisedCoverage(pipeline));
    if (coverage !== undefined) telemetry.bandCoverage.set(labels, coverage);
    this.#tellEngines(pipeline, status.engines);
  }

  #tellEngines(pipeline: Pipeline, engines: Readonly<Record<string, number>>): void {
    const telemetry = this.#telemetry;
    const labels = { pipeline: pipeline.name };
    for (const engine of Object.keys(engines)) this.#engines.add(engine);
    for (const engine of this.#engines) {
      const series = engines[engine] ?? 0;
      telemetry.pipelineEngineSeries.set({ ...labels, engine }, series);
      const choice = { ...labels, model: pipeline.model.id, engine };
      if (series > 0) telemetry.pipelineModelInfo.set(choice, 1);
      else telemetry.pipelineModelInfo.remove(choice);
    }
  }
}

/** Share of usual samples that should lie inside the band. */
function promisedCoverage({ anomaly }: Pipeline): number {
  const technique = techniqueByName(anomaly.technique);
  return technique.coverageAt?.(anomaly.confidenceLevel) ?? anomaly.confidenceLevel;
}
