import type { Pipeline } from '../rules/pipeline.ts';
import { longestGapMs } from '../rules/schedule.ts';
import type { PipelineState } from './pipeline-state.ts';
import { looksAtIncrementsOnly } from './state-shape.ts';

/** At the first start, and after an outage, scoring goes back this far: an hour of picture, and what receivers take. */
const CATCH_UP_MS = 3_600_000;
/** Samples of one catch-up, over all series, where an hour of them is less: some hundred megabytes of answers and scores. */
const MOST_CATCH_UP_CELLS = 2_000_000;

/**
 * Steps that a first evaluation, or the first after an outage, publishes in one go: those of an hour, or all that come
 * between two evaluations where these are rarer, as far as a context window goes.
 */
export function catchUpSteps(pipeline: Pipeline): number {
  const { stepMs, contextWindowMs } = pipeline;
  const catchUpMs = Math.max(CATCH_UP_MS, Math.min(betweenEvaluationsMs(pipeline), contextWindowMs));
  return Math.max(1, Math.floor(catchUpMs / stepMs));
}

function betweenEvaluationsMs({ mode, intervalMs, anomalySchedule, forecastSchedule }: Pipeline): number {
  if (mode === 'forecast_only') return longestGapMs(forecastSchedule);
  return anomalySchedule === undefined ? intervalMs : longestGapMs(anomalySchedule);
}

/** Steps of an increment that are scored and published: a catch-up, or less where contexts, or very many series, bound it. */
export function mostCatchUpSteps(state: PipelineState, pipeline: Pipeline): number {
  const steps = catchUpSteps(pipeline);
  const fit = Math.floor(MOST_CATCH_UP_CELLS / Math.max(1, state.members.slots.length));
  if (looksAtIncrementsOnly(pipeline)) return Math.max(1, Math.min(steps, fit));
  const anHour = Math.floor(CATCH_UP_MS / pipeline.stepMs);
  return Math.max(1, Math.min(steps, Math.floor(state.contexts.capacitySteps / 2), Math.max(anHour, fit)));
}
