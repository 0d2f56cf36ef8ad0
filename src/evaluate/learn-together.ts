import type { Pipeline } from '../rules/pipeline.ts';
import type { ScoreColumns, ScoreOptions } from '../score/score.ts';
import { techniqueByName } from '../score/techniques.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { ReadResult } from './read-task.ts';

/** Samples of a past that is learnt together: what is held for it at once. */
const MOST_CELLS = 2_000_000;

/** Whether series are judged by one another: then a past is learnt instant by instant, not series by series. */
export function learnsTogether(state: PipelineState): boolean {
  return state.scorer.atOnce === Number.POSITIVE_INFINITY;
}

/** Span of the past that series learn together at the first evaluation, from samples that are still held. */
export function togetherMs(pipeline: Pipeline): number {
  return techniqueByName(pipeline.anomaly.technique).warmUpMs;
}

/** Has the instants before `toMs` scored, without anybody being told: that is how such techniques learn. */
export async function learnTogether(
  state: PipelineState,
  past: { readonly pipeline: Pipeline; readonly read: ReadResult; readonly toMs: number },
  options: ScoreOptions,
  breathe: () => Promise<void>,
): Promise<void> {
  const { pipeline, read, toMs } = past;
  const { slots } = state.members;
  const count = slots.length;
  const steps = Math.min(
    Math.floor(togetherMs(pipeline) / pipeline.stepMs),
    Math.floor(MOST_CELLS / Math.max(count, 1)),
  );
  const column = () => new Float64Array(count);
  const columns: ScoreColumns = {
    count,
    value: column(),
    quantiles: new Float64Array(0),
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    anomaly: column(),
    view: new Uint8Array(count),
  };
  for (let timestampMs = toMs - (steps - 1) * pipeline.stepMs; timestampMs <= toMs; timestampMs += pipeline.stepMs) {
    for (let i = 0; i < count; i++) columns.value[i] = read.valueAt(slots[i]!, timestampMs);
    state.scorer.score(columns, { slots, timestampMs }, options);
    await breathe();
  }
}
