import { techniqueByName } from '../score/techniques.ts';
import { catchUpSteps, mostCatchUpSteps } from './catch-up.ts';
import type { Reading, Work } from './increment.ts';
import type { PipelineState } from './pipeline-state.ts';
import { looksAtIncrementsOnly } from './state-shape.ts';

/** Samples learnt between two breaths: a few milliseconds. */
const SAMPLES_BETWEEN_BREATHS = 20_000;
/** Missing steps that a technique is told of one that has come back; no technique remembers single samples for longer. */
const MOST_GONE_STEPS = 10_080;
const NOTHING = new Float64Array(MOST_GONE_STEPS).fill(Number.NaN);

/**
 * Lets the technique learn what lies before the first instant that is scored: of every series at the first evaluation,
 * later of those that are new. What was read without being kept has been learnt on the way, but for its end.
 */
export async function learnPast(
  state: PipelineState,
  past: Work & Reading & { readonly toMs: number },
  breathe: () => Promise<void>,
): Promise<void> {
  const { pipeline, read, newcomers, hasPast, toMs } = past;
  const { stepMs } = pipeline;
  const { warmUpMs, pastMs = warmUpMs } = techniqueByName(pipeline.anomaly.technique);
  const learntToMs = looksAtIncrementsOnly(pipeline)
    ? state.contexts.endMs! - catchUpSteps(pipeline) * stepMs
    : toMs - pastMs;
  const remembers = warmUpMs > 0 || state.online !== undefined;
  const count = remembers ? Math.max(0, Math.round((toMs - learntToMs) / stepMs)) : 0;
  const startMs = toMs - (count - 1) * stepMs;
  const values = new Float64Array(count);
  let untilBreath = SAMPLES_BETWEEN_BREATHS;
  for (const slot of newcomers) {
    for (let i = 0; i < count; i++) values[i] = read.valueAt(slot, startMs + i * stepMs);
    // One that left before it was warm is better off with its past.
    if (hasPast && state.leftMs(slot) !== undefined && !state.scorer.isWarm(slot)) state.forget(slot);
    // One that has come back knows what was before it left, and has to know for how long it was gone.
    const from = stepsUpTo(state.leftMs(slot), startMs, stepMs);
    untilBreath -= learnGone(state, slot, { startMs, stepMs });
    if (from < count) state.scorer.learn(slot, { startMs: startMs + from * stepMs, values, from, count: count - from });
    if (count > 0) state.online?.learn(slot, { startMs, values, from: 0, count });
    untilBreath -= count;
    if (untilBreath > 0) continue;
    untilBreath = SAMPLES_BETWEEN_BREATHS;
    await breathe();
  }
}

/** Tells the technique of the steps before `startMs` for which a series that has come back was gone; answers how many. */
function learnGone(
  state: PipelineState,
  slot: number,
  { startMs, stepMs }: { readonly startMs: number; readonly stepMs: number },
): number {
  const leftMs = state.leftMs(slot) ?? startMs;
  const count = Math.max(0, Math.min(Math.round((startMs - leftMs) / stepMs) - 1, MOST_GONE_STEPS));
  if (count > 0) state.scorer.learn(slot, { startMs: startMs - count * stepMs, values: NOTHING, from: 0, count });
  return count;
}

/** Steps of a run from `startMs` on that do not come after an instant. */
function stepsUpTo(timeMs: number | undefined, startMs: number, stepMs: number): number {
  return timeMs === undefined ? 0 : Math.max(0, Math.round((timeMs - startMs) / stepMs) + 1);
}

/** Where nothing is scored, an online engine learns what was read all the same. */
export async function learnUnscored(
  state: PipelineState,
  { pipeline, read }: Work & Reading,
  breathe: () => Promise<void>,
): Promise<void> {
  if (state.online === undefined) return;
  const { slots } = state.members;
  const endMs = state.contexts.endMs!;
  const { stepMs } = pipeline;
  const fromMs = Math.max(
    state.scoredMs ?? Number.NEGATIVE_INFINITY,
    endMs - mostCatchUpSteps(state, pipeline) * stepMs,
  );
  for (let timestampMs = fromMs + stepMs; timestampMs <= endMs; timestampMs += stepMs) {
    const value = Float64Array.from(slots, (slot) => read.valueAt(slot, timestampMs));
    state.online.learnInstant(slots, timestampMs, value);
    await breathe();
  }
}
