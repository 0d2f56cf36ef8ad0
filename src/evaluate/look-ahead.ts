import { quantileAt } from '../forecast/band.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../forecast/quantile.ts';
import type { FuturePath, LookAhead } from '../ports/publisher.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { clipToRange } from '../score/score.ts';
import type { PipelineState } from './pipeline-state.ts';

/**
 * What the paths say of the newest instant itself, horizon `0s`. Taken before a new forecast is made: the new paths
 * start after it.
 */
export function forecastOfNow(state: PipelineState, pipeline: Pipeline, nowMs: number): LookAhead {
  return { horizon: '0s', ...columnsAt(state, pipeline, nowMs) };
}

/** What the newest paths say of the instants the pipeline's horizons name; NaN beyond the end of a path. */
export function lookAheadOf(state: PipelineState, pipeline: Pipeline, nowMs: number): LookAhead[] {
  return pipeline.output.horizons.map(({ text, ms }) => ({ horizon: text, ...columnsAt(state, pipeline, nowMs + ms) }));
}

/** The members' whole path, stamped with its own instants, from the first after `afterMs`. */
export function futurePathOf(state: PipelineState, pipeline: Pipeline, afterMs: number): FuturePath {
  const steps = Math.round(pipeline.predictionHorizonMs / pipeline.stepMs);
  const timestampsMs = Array.from({ length: steps }, (_, i) => afterMs + (i + 1) * pipeline.stepMs);
  const size = state.members.slots.length;
  const path = {
    timestampsMs,
    expected: new Float64Array(steps * size),
    lower: new Float64Array(steps * size),
    upper: new Float64Array(steps * size),
  };
  timestampsMs.forEach((timestampMs, i) => {
    const columns = columnsAt(state, pipeline, timestampMs);
    path.expected.set(columns.expected, i * size);
    path.lower.set(columns.lower, i * size);
    path.upper.set(columns.upper, i * size);
  });
  return path;
}

function columnsAt(state: PipelineState, pipeline: Pipeline, timestampMs: number) {
  const { slots } = state.members;
  const { quantiles } = pipeline.output;
  const lowest = Math.min(...quantiles);
  const highest = Math.max(...quantiles);
  const row = new Float64Array(QUANTILE_LEVELS.length);
  const expected = new Float64Array(slots.length);
  const lower = new Float64Array(slots.length);
  const upper = new Float64Array(slots.length);
  for (let i = 0; i < slots.length; i++) {
    state.calibratedRow(slots[i]!, timestampMs, row, 0);
    expected[i] = clipToRange(row[MEDIAN_INDEX]!, pipeline.dataRange);
    lower[i] = clipToRange(quantileAt(row, 0, lowest), pipeline.dataRange);
    upper[i] = clipToRange(quantileAt(row, 0, highest), pipeline.dataRange);
  }
  return { expected, lower, upper };
}
