import { isOnline } from '../forecast/engines.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { longestGapMs } from '../rules/schedule.ts';
import type { Technique } from '../score/score.ts';
import { techniqueByName } from '../score/techniques.ts';
import { OnlineColumns } from './online-columns.ts';
import { PipelineState } from './pipeline-state.ts';

/** Paths reach beyond the horizon by this much at least, should the next forecast be late. */
const PATH_SLACK_MS = 900_000;
/** Context of a pipeline that looks at increments only. */
export const INCREMENT_STEPS = 8;

/** Whether a model runs for the pipeline: its mode shows forecasts, or its technique looks at them. */
export function makesForecasts(pipeline: Pipeline): boolean {
  return pipeline.mode !== 'anomaly_only' || techniqueByName(pipeline.anomaly.technique).needs.forecast;
}

/** An empty state of the shape a pipeline needs. */
export function createState(pipeline: Pipeline): PipelineState {
  const { stepMs } = pipeline;
  const technique = techniqueByName(pipeline.anomaly.technique);
  return new PipelineState({
    stepMs,
    contextSteps: contextStepsOf(pipeline, technique.needs),
    pathSteps: pathStepsOf(pipeline),
    scorer: technique.create({
      stepMs,
      by: pipeline.anomaly.by,
      isMultivariate: pipeline.isMultivariate,
      hasForecasts: makesForecasts(pipeline),
      timezone: pipeline.timezone,
    }),
    online: learnsOnline(pipeline) ? new OnlineColumns(pipeline) : undefined,
  });
}

/**
 * Steps of a forecast: to the horizon, and on until the next one, so that the farthest look-ahead is there all the time.
 * Twice the horizon at most, however rare forecasts are.
 */
export function pathStepsOf({ stepMs, predictionHorizonMs, forecastSchedule }: Pipeline): number {
  const horizonSteps = Math.ceil(predictionHorizonMs / stepMs);
  const untilNextMs = Math.max(PATH_SLACK_MS, longestGapMs(forecastSchedule));
  return horizonSteps + Math.min(horizonSteps, Math.ceil(untilNextMs / stepMs));
}

/** Whether forecasts come from an engine that learns sample by sample, here, instead of from contexts. */
export function learnsOnline(pipeline: Pipeline): boolean {
  return isOnline(pipeline.model.id) && makesForecasts(pipeline);
}

/** Whether nothing looks at a context: then none is kept, and only increments are read. */
export function looksAtIncrementsOnly(pipeline: Pipeline): boolean {
  const { needs } = techniqueByName(pipeline.anomaly.technique);
  return !needsContext(pipeline, needs);
}

/** A technique that looks at forecasts needs the context for them alone. */
function needsContext(pipeline: Pipeline, needs: Technique['needs']): boolean {
  if (isOnline(pipeline.model.id)) return needs.context && !needs.forecast;
  return pipeline.mode !== 'anomaly_only' || needs.forecast || needs.context;
}

/**
 * Steps of context a pipeline keeps, and reads at first. Where neither a forecast nor the technique looks at a context,
 * it is just long enough to tell a late sample from a series that ended.
 */
export function contextStepsOf(pipeline: Pipeline, needs: Technique['needs']): number {
  return needsContext(pipeline, needs)
    ? Math.max(2, Math.round(pipeline.contextWindowMs / pipeline.stepMs))
    : INCREMENT_STEPS;
}
