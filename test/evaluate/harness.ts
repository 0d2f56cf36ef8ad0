import { PipelineRunner } from '../../src/evaluate/pipeline-runner.ts';
import type { PipelineState } from '../../src/evaluate/pipeline-state.ts';
import type { TaskPorts } from '../../src/evaluate/task-ports.ts';
import type { Evaluation, Publisher, ScoredStep } from '../../src/ports/publisher.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { labelValue } from '../../src/series/labels.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { FunctionSource, type SeriesFunctions } from '../support/function-source.ts';
import { nullLogger } from '../support/logger.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { plainEngine } from '../support/plain-engine.ts';

export const MINUTE_MS = 60_000;
/** A Tuesday noon. */
export const NOON_MS = Date.UTC(2026, 2, 3, 12);
/** An evaluation whose newest settled sample is NOON_MS. */
export const NOON_SLOT_MS = NOON_MS + 45_000;

export interface Removal {
  readonly pipeline: string;
  readonly ended: number;
}

/** One pipeline over functions of time, in this thread, with everything it published. */
export function harness(
  series: SeriesFunctions,
  changes: Partial<Pipeline> = {},
  state?: PipelineState,
  more: Pick<TaskPorts, 'events' | 'maintenance'> = {},
) {
  const source = new FunctionSource(series);
  const engine = plainEngine();
  const telemetry = createTelemetry();
  const evaluations: Evaluation[] = [];
  const removals: Removal[] = [];
  const publisher: Publisher = {
    publish: (evaluation) => {
      evaluations.push(evaluation);
    },
    remove: (pipeline, ended) => {
      removals.push({ pipeline, ended: ended.length });
    },
    async [Symbol.asyncDispose]() {},
  };
  const clock = { nowMs: () => NOON_SLOT_MS };
  const ports = { source, engine, telemetry, logger: nullLogger, clock, breathe: async () => {}, ...more };
  const pipeline = pipelineOf(changes);
  const runner = new PipelineRunner(pipeline, { file: 'rules.yaml', ports, publisher, ...(state && { state }) });
  return { source, engine, telemetry, evaluations, removals, runner, pipeline };
}

/** What was published of an instance in one scored step. */
export function published(
  evaluation: Pick<Evaluation, 'series' | 'steps'>,
  instance: string,
  step: ScoredStep = evaluation.steps.at(-1)!,
) {
  const index = evaluation.series.findIndex((labels) => labelValue(labels, 'instance') === instance);
  const of = (column: Float64Array) => column[index];
  return {
    value: of(step.value),
    lower: of(step.lower),
    upper: of(step.upper),
    score: of(step.score),
    anomaly: of(step.anomaly),
  };
}

/** A value around 100 that looks like noise and is a function of time. */
export function noisy(timeMs: number): number {
  const cell = Math.imul(Math.round(timeMs / MINUTE_MS), 0x9e3779b1) >>> 0;
  return 100 + ((Math.imul(cell ^ (cell >>> 15), 0x85ebca6b) >>> 0) / 2 ** 32) * 10;
}
