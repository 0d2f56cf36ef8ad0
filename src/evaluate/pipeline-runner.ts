import { describeError, OpenAnomalyError } from '../errors.ts';
import type { Evaluation, LookAhead, Publisher, ScoredStep } from '../ports/publisher.ts';
import type { TaskKind } from '../ports/scheduler.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { techniqueByName } from '../score/techniques.ts';
import { type Advanced, advance } from './advance.ts';
import { FLAG_LEVELS } from './flag-rate.ts';
import { forecastSlots } from './forecast-task.ts';
import { forecastOfNow, futurePathOf, lookAheadOf } from './look-ahead.ts';
import type { PipelineState } from './pipeline-state.ts';
import { readHistory } from './read-task.ts';
import { forecastable } from './score-range.ts';
import { encodeSnapshot } from './snapshot.ts';
import { createState, makesForecasts } from './state-shape.ts';
import type { PipelineStatus } from './status.ts';
import type { TaskPorts } from './task-ports.ts';

/**
 * What was published before a failure stays on the page this long, as Prometheus looks back, then it ends: a page that
 * shows old samples as new ones is worse than an empty one.
 */
const HOLD_AFTER_FAILURE_MS = 300_000;
/** Samples per series over which the coverage that is shown is averaged. */
const COVERAGE_WINDOW = 1000;

/** Runs the tasks of one pipeline, one at a time, and remembers how they went. */
export class PipelineRunner {
  readonly #ports: TaskPorts;
  readonly #publisher: Publisher;
  readonly #abort = new AbortController();
  #pipeline: Pipeline;
  #file: string;
  #state: PipelineState;
  /** What a first evaluation has found so far, to be shown; it counts once it is whole. */
  #unfinished: PipelineState | undefined;
  #queue: Promise<void> = Promise.resolve();
  #withoutHistory = new Set<number>();
  #failure: string | undefined;
  #lastEvaluationMs: number | undefined;
  #lastDurationMs: number | undefined;
  #lastForecastMs: number | undefined;
  #lastStep: ScoredStep | undefined;
  #coverage: { share: number; weight: number } = { share: 0, weight: 0 };
  #isPublished = false;
  readonly #reportedEngines = new Set<string>();

  constructor(
    pipeline: Pipeline,
    options: {
      readonly file: string;
      readonly ports: TaskPorts;
      readonly publisher: Publisher;
      readonly state?: PipelineState;
    },
  ) {
    this.#pipeline = pipeline;
    this.#file = options.file;
    this.#ports = options.ports;
    this.#publisher = options.publisher;
    this.#state = options.state ?? createState(pipeline);
  }

  get pipeline(): Pipeline {
    return this.#pipeline;
  }

  get state(): PipelineState {
    return this.#state;
  }

  /**
   * Takes over a changed definition whose state still fits. What it publishes may have become less (another mode, fewer
   * horizons): then everything ends once and comes back with the next evaluation, instead of freezing in part.
   */
  adopt(pipeline: Pipeline, file: string, timestampMs: number): void {
    const before = this.#pipeline;
    this.#pipeline = pipeline;
    this.#file = file;
    this.#state.online?.adopt(pipeline);
    const shape = ({ mode, output, anomaly }: Pipeline) =>
      JSON.stringify([mode, output.horizons, output.futureSamples, anomaly.publishesAlarm]);
    if (shape(before) === shape(pipeline)) return;
    // After what is running: it may still publish the old shape.
    this.#queue = this.#queue.then(() => {
      if (!this.#isPublished) return;
      this.#publisher.remove(pipeline.name, this.#state.members.labels, timestampMs);
      this.#isPublished = false;
    });
  }

  /** Runs a task after those before it. Never rejects: a failure is told in the log, the metrics and the status. */
  run(task: TaskKind, timestampMs: number): Promise<void> {
    const result = this.#queue.then(() => this.#runOnce(task, timestampMs));
    this.#queue = result;
    return result;
  }

  /** Stops what runs and lets every published series end. */
  async end(timestampMs: number): Promise<void> {
    await this.stop();
    this.#publisher.remove(this.#pipeline.name, this.#isPublished ? this.#state.members.labels : [], timestampMs);
  }

  /** Stops what runs; what was published stays. */
  async stop(): Promise<void> {
    this.#abort.abort(new OpenAnomalyError('shutting_down', 'the pipeline is being stopped'));
    await this.#queue;
  }

  async idle(): Promise<void> {
    await this.#queue;
  }

  /** Hands the chunks of a snapshot to `write` while no task changes the state. Without a first evaluation there are none. */
  save(write: (chunks: Iterable<Uint8Array>) => Promise<void>): Promise<void> {
    const result = this.#queue.then(async () => {
      const chunks = encodeSnapshot(this.#state, this.#pipeline);
      if (chunks !== undefined) await write(chunks);
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #runOnce(task: TaskKind, timestampMs: number): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const { telemetry, clock, logger } = this.#ports;
    const pipeline = this.#pipeline;
    const where = { group: pipeline.group, task };
    const startedMs = clock.nowMs();
    telemetry.evaluations.inc(where);
    try {
      await this.#evaluate(task, timestampMs);
      this.#lastEvaluationMs = timestampMs;
      this.#lastDurationMs = clock.nowMs() - startedMs;
      if (this.#failure !== undefined) logger.log('info', 'pipeline is healthy again', { pipeline: pipeline.name });
      this.#failure = undefined;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      telemetry.evaluationFailures.inc(where);
      this.#fail(error, timestampMs);
    }
    telemetry.evaluationDuration.observe(where, (clock.nowMs() - startedMs) / 1000);
    this.#report();
  }

  async #evaluate(task: TaskKind, timestampMs: number): Promise<void> {
    const pipeline = this.#pipeline;
    const signal = this.#abort.signal;
    const isFirst = this.#state.contexts.endMs === undefined;
    // A first read that fails must leave nothing half-filled behind.
    const state = isFirst ? createState(pipeline) : this.#state;
    this.#unfinished = isFirst ? state : undefined;
    const advanced = await advance(state, { pipeline, timestampMs }, this.#ports, signal).finally(() => {
      this.#unfinished = undefined;
    });
    this.#state = state;
    for (const slot of advanced.withoutHistory) this.#withoutHistory.add(slot);
    if (advanced.ended.length > 0)
      this.#ports.telemetry.seriesEnded.inc({ pipeline: pipeline.name }, advanced.ended.length);
    this.#learnCoverage(advanced.inside, advanced.scored);
    const showsForecast = pipeline.mode !== 'anomaly_only';
    const now = showsForecast ? forecastOfNow(state, pipeline, state.contexts.endMs!) : undefined;
    const isDue = task === 'forecast' || isFirst;
    const failure =
      task === 'forecast' || (isFirst && makesForecasts(pipeline))
        ? await errorOf(this.#forecast(state, timestampMs, signal))
        : undefined;
    if (failure !== undefined && signal.aborted) throw failure;
    const withPath = isDue && failure === undefined;
    // Where the forecast fails, what was scored and who ended is published all the same: no later evaluation has it.
    if (withPath || advanced.steps.length > 0 || advanced.ended.length > 0)
      await this.#publish(state, { timestampMs, now, advanced, withPath });
    if (failure !== undefined) throw failure;
  }

  async #forecast(state: PipelineState, timestampMs: number, signal: AbortSignal): Promise<void> {
    const pipeline = this.#pipeline;
    const members = new Set(state.members.slots);
    const missing = [...this.#withoutHistory].filter((slot) => members.has(slot));
    if (missing.length > 0)
      await readHistory(state, { pipeline, slots: missing, mayReadAll: true }, this.#ports, signal);
    this.#withoutHistory.clear();
    await forecastSlots(
      state,
      { pipeline, slots: forecastable(state), asOfMs: state.contexts.endMs! },
      this.#ports,
      signal,
    );
    this.#lastForecastMs = timestampMs;
  }

  async #publish(
    state: PipelineState,
    what: {
      /** Undefined where no forecast is shown. */
      readonly now: LookAhead | undefined;
      readonly timestampMs: number;
      readonly advanced: Pick<Advanced, 'steps' | 'farewell' | 'ended'>;
      readonly withPath: boolean;
    },
  ): Promise<void> {
    const pipeline = this.#pipeline;
    const { steps, farewell, ended } = what.advanced;
    const endMs = state.contexts.endMs!;
    const evaluation: Evaluation = {
      pipeline: pipeline.name,
      series: state.members.labels,
      timestampMs: what.timestampMs,
      steps,
      ...(farewell && { farewell }),
      views: techniqueByName(pipeline.anomaly.technique).views,
      lookAhead: what.now === undefined ? [] : [what.now, ...lookAheadOf(state, pipeline, endMs)],
      ...(what.now !== undefined &&
        what.withPath &&
        pipeline.output.futureSamples && { futurePath: futurePathOf(state, pipeline, endMs) }),
      ended,
    };
    this.#lastStep = steps.at(-1) ?? this.#lastStep;
    this.#isPublished = true;
    await this.#publisher.publish(evaluation);
  }

  #fail(error: unknown, timestampMs: number): void {
    const { logger } = this.#ports;
    const pipeline = this.#pipeline;
    const description = describeError(error);
    if (description !== this.#failure)
      logger.log('warn', 'evaluation failed', { pipeline: pipeline.name, group: pipeline.group, err: description });
    this.#failure = description;
    const isOverLimit = error instanceof OpenAnomalyError && error.code === 'series_limit';
    const isOld = timestampMs - (this.#lastEvaluationMs ?? timestampMs) > HOLD_AFTER_FAILURE_MS;
    if (this.#isPublished && (isOverLimit || isOld)) {
      // As Prometheus does for a failing rule: nothing is published any more, and no stale markers are sent.
      this.#publisher.remove(pipeline.name, [], timestampMs);
      this.#isPublished = false;
    }
    // Nobody sees these series any more, so nobody waits to be told of their end.
    if (!this.#isPublished) this.#state.takeEnded();
  }

  #learnCoverage(inside: number, scored: number): void {
    if (scored === 0) return;
    const members = Math.max(this.#state.members.slots.length, 1);
    const keep = (1 - 1 / COVERAGE_WINDOW) ** (scored / members);
    const weight = keep * this.#coverage.weight + (1 - keep);
    this.#coverage = {
      share: (keep * this.#coverage.weight * this.#coverage.share + (1 - keep) * (inside / scored)) / weight,
      weight,
    };
  }

  #report(): void {
    const { telemetry } = this.#ports;
    const pipeline = this.#pipeline;
    const labels = { pipeline: pipeline.name };
    const status = this.status();
    telemetry.pipelineHealthy.set(labels, status.health === 'ok' ? 1 : 0);
    telemetry.pipelineSeries.set(labels, status.series);
    telemetry.pipelineWarmingUp.set(labels, status.warmingUp);
    telemetry.pipelineLeftOut.set(labels, this.#state.leftOut.size);
    telemetry.anomaliesOpen.set(labels, this.#ports.events?.openOf(pipeline.name) ?? 0);
    telemetry.pipelineContextBytes.set(labels, this.#state.bytes);
    if (this.#lastEvaluationMs !== undefined)
      telemetry.pipelineLastEvaluation.set(labels, this.#lastEvaluationMs / 1000);
    if (this.#lastForecastMs !== undefined) telemetry.pipelineLastForecast.set(labels, this.#lastForecastMs / 1000);
    for (const level of FLAG_LEVELS) {
      const rate = this.#state.flagRate.perSeriesDay(level);
      if (rate !== undefined) telemetry.pipelineFlagRate.set({ ...labels, level }, rate);
    }
    if (pipeline.mode !== 'forecast_only') telemetry.bandCoverageTarget.set(labels, promisedCoverage(pipeline));
    if (this.#coverage.weight > 0) telemetry.bandCoverage.set(labels, this.#coverage.share);
    for (const engine of Object.keys(status.engines)) this.#reportedEngines.add(engine);
    for (const engine of this.#reportedEngines) {
      const series = status.engines[engine] ?? 0;
      telemetry.pipelineEngineSeries.set({ ...labels, engine }, series);
      const choice = { ...labels, model: pipeline.model.id, engine };
      if (series > 0) telemetry.pipelineModelInfo.set(choice, 1);
      else telemetry.pipelineModelInfo.remove(choice);
    }
  }

  /** Series scored in the newest step that is published, and how many of them are flagged. */
  flags(): { readonly scored: number; readonly flagged: number } {
    const tally = { scored: 0, flagged: 0 };
    if (!this.#isPublished || this.#lastStep === undefined) return tally;
    for (const flag of this.#lastStep.anomaly) {
      if (Number.isNaN(flag)) continue;
      tally.scored++;
      if (flag !== 0) tally.flagged++;
    }
    return tally;
  }

  status(): PipelineStatus {
    const pipeline = this.#pipeline;
    const state = this.#unfinished ?? this.#state;
    const { slots } = state.members;
    const engines: Record<string, number> = {};
    const waitsForForecast =
      pipeline.mode === 'forecast_only' || techniqueByName(pipeline.anomaly.technique).needs.forecast;
    const isWarm = (slot: number) => (waitsForForecast ? state.hasForecast(slot) : state.scorer.isWarm(slot));
    let warmingUp = 0;
    let flagged = 0;
    for (const slot of slots) {
      const engine = state.hint(slot)?.engine;
      if (engine !== undefined && state.hasForecast(slot)) engines[engine] = (engines[engine] ?? 0) + 1;
      if (!isWarm(slot)) warmingUp++;
      if (state.flag(slot) !== 0) flagged++;
    }
    return {
      name: pipeline.name,
      group: pipeline.group,
      file: this.#file,
      description: pipeline.description,
      query: pipeline.query,
      enabled: pipeline.enabled,
      health: this.#failure !== undefined ? 'error' : this.#lastEvaluationMs === undefined ? 'starting' : 'ok',
      lastError: this.#failure,
      lastEvaluationMs: this.#lastEvaluationMs,
      lastEvaluationDurationMs: this.#lastDurationMs,
      lastForecastMs: this.#lastForecastMs,
      series: slots.length,
      warmingUp,
      flagged,
      highestScore: highestOf(this.#lastStep?.score),
      engines,
    };
  }
}

async function errorOf(work: Promise<void>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Share of usual samples that should lie inside the band. */
function promisedCoverage({ anomaly }: Pipeline): number {
  const technique = techniqueByName(anomaly.technique);
  return technique.coverageAt?.(anomaly.confidenceLevel) ?? anomaly.confidenceLevel;
}

function highestOf(scores: Float64Array | undefined): number | undefined {
  let highest: number | undefined;
  for (const score of scores ?? [])
    if (Number.isFinite(score) && score > (highest ?? Number.NEGATIVE_INFINITY)) highest = score;
  return highest;
}
