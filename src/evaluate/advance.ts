import type { Farewell, ScoredStep } from '../ports/publisher.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { techniqueByName } from '../score/techniques.ts';
import { alignDown } from '../series/grid.ts';
import type { Labels } from '../series/labels.ts';
import { endAlarm } from './alarm-step.ts';
import { catchUpSteps, mostCatchUpSteps } from './catch-up.ts';
import type { Reading, Work } from './increment.ts';
import { learnPast, learnUnscored } from './learn-past.ts';
import { learnsTogether, learnTogether, togetherMs } from './learn-together.ts';
import type { PipelineState } from './pipeline-state.ts';
import { OVERLAP_STEPS, type ReadResult, readHistory, readInto } from './read-task.ts';
import { type Range, scoreRange } from './score-range.ts';
import type { ScoreHow } from './score-step.ts';
import { looksAtIncrementsOnly, makesForecasts } from './state-shape.ts';
import type { TaskPorts } from './task-ports.ts';

/** Horizons before what is published whose samples only teach the calibration. */
const WARM_UP_HORIZONS = 3;
/** Steps without a sample after which a series has ended. */
const ENDED_AFTER_STEPS = 3;

export interface Advanced {
  readonly steps: readonly ScoredStep[];
  /** The steps before those, where series left within the increment. */
  readonly farewell?: Farewell;
  /** Output labels of series that ended. */
  readonly ended: readonly Labels[];
  readonly inside: number;
  readonly scored: number;
  /** Newcomers whose history could not be had cheaply; the forecast task reads it. */
  readonly withoutHistory: readonly number[];
}

/** The newest instant whose samples have settled at an evaluation timestamp. */
export function settledMs({ pipeline, timestampMs }: Work): number {
  return alignDown(timestampMs - pipeline.queryOffsetMs, pipeline.stepMs);
}

/**
 * Brings the state up to an evaluation timestamp: reads what is new, lets vanished series end, and scores each new
 * instant against the path that was made before it. A series without such a path gets one from the context that ends
 * before the sample. With nothing new to read it does nothing.
 */
export async function advance(
  state: PipelineState,
  work: Work,
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Advanced> {
  const { pipeline } = work;
  const endMs = settledMs(work);
  const before = state.contexts.endMs;
  if (before !== undefined && endMs <= before)
    return { steps: [], ended: [], inside: 0, scored: 0, withoutHistory: [] };

  const read = await readNew(state, work, ports, signal);
  const over = endedSlots(state, pipeline);
  // One that left within this increment is scored up to its end; what had ended before we first looked is not ours.
  const leaving = before === undefined ? [] : over.filter((slot) => hasUnscored(state, slot));
  const stays = new Set(leaving);
  removeEnded(
    state,
    over.filter((slot) => !stays.has(slot)),
    { pipeline, ports },
  );
  const alive = new Set(state.members.slots);
  const newcomers = read.newcomers.filter((slot) => alive.has(slot));
  const hasHistory =
    before === undefined ||
    newcomers.length === 0 ||
    (looksAtIncrementsOnly(pipeline) && state.online === undefined) ||
    (await readHistory(state, { pipeline, slots: newcomers, mayReadAll: false }, ports, signal));

  const hasPast = hasHistory && !looksAtIncrementsOnly(pipeline);
  const reading = { read, newcomers, hasPast };
  const isFirst = before === undefined;
  const result = await scoreNew(state, { ...work, ...reading, leaving, isFirst }, ports, signal);
  const ended = state.takeEnded();
  return {
    ...result,
    ended: isFirst ? [] : ended,
    withoutHistory: hasHistory ? [] : newcomers.filter((slot) => !stays.has(slot)),
  };
}

/**
 * Reads what the state does not know yet. A first read goes back as far as the context, or, where none is kept, as the
 * technique warms up; later ones reach back over an outage of an hour at most in that case.
 */
function readNew(state: PipelineState, work: Work, ports: TaskPorts, signal: AbortSignal): Promise<ReadResult> {
  const { pipeline } = work;
  const { stepMs } = pipeline;
  const { capacitySteps, endMs: before } = state.contexts;
  const endMs = settledMs(work);
  const catchUpMs = catchUpSteps(pipeline) * stepMs;
  const { warmUpMs } = techniqueByName(pipeline.anomaly.technique);
  const contextMs = (capacitySteps - 1) * stepMs;
  const onlineOnly = state.online === undefined ? undefined : 'online';
  const teaches = before === undefined && looksAtIncrementsOnly(pipeline) ? 'all' : onlineOnly;
  const pastMs = Math.max(
    teaches === 'all' ? catchUpMs + warmUpMs : catchUpMs,
    state.online === undefined ? 0 : pipeline.contextWindowMs,
  );
  const reachMs = looksAtIncrementsOnly(pipeline) ? Math.max(contextMs, pastMs) : contextMs;
  const oldestMs = alignDown(endMs - reachMs, stepMs);
  const startMs = before === undefined ? oldestMs : Math.max(before - (OVERLAP_STEPS - 1) * stepMs, oldestMs);
  const heldMs = catchUpMs + (before === undefined && learnsTogether(state) ? togetherMs(pipeline) : 0);
  return readInto(state, { pipeline, startMs, endMs, exactAfterMs: endMs - heldMs, teaches }, ports, signal);
}

function endedSlots(state: PipelineState, { stepMs }: Pipeline): number[] {
  const oldestMs = state.contexts.endMs! - ENDED_AFTER_STEPS * stepMs;
  return state.members.slots.filter((slot) => state.contexts.lastSampleMs(slot) <= oldestMs);
}

function hasUnscored(state: PipelineState, slot: number): boolean {
  return state.scoredMs !== undefined && state.contexts.lastSampleMs(slot) > state.scoredMs;
}

function removeEnded(
  state: PipelineState,
  slots: readonly number[],
  { pipeline, ports }: { readonly pipeline: Pipeline; readonly ports: TaskPorts },
): void {
  for (const slot of slots) {
    endAlarm(state, { slot, labels: state.outputLabels(slot), pipeline: pipeline.name }, 'series_ended', ports.events);
    state.part(slot);
  }
}

interface Leaving {
  /** Slots of series that ended within the increment. */
  readonly leaving: readonly number[];
}

type Scored = Pick<Advanced, 'steps' | 'farewell' | 'inside' | 'scored'>;

async function scoreNew(
  state: PipelineState,
  work: Work & Reading & Leaving & { readonly isFirst: boolean },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Scored> {
  const { pipeline, leaving } = work;
  const { stepMs } = pipeline;
  const endMs = state.contexts.endMs!;
  if (pipeline.mode === 'forecast_only') {
    removeEnded(state, leaving, { pipeline, ports });
    await learnUnscored(state, work, ports.breathe);
    state.scoredMs = endMs;
    return { steps: [], inside: 0, scored: 0 };
  }
  const technique = techniqueByName(pipeline.anomaly.technique);
  const how = {
    technique,
    options: { ...pipeline.anomaly, dataRange: pipeline.dataRange },
    forecasts: makesForecasts(pipeline),
    isMultivariate: pipeline.isMultivariate,
    adaptAfterSteps: Math.round(pipeline.anomaly.adaptAfterMs / stepMs),
  };
  const steps = mostCatchUpSteps(state, pipeline);
  const fromMs = Math.min(endMs, Math.max(state.scoredMs ?? Number.NEGATIVE_INFINITY, endMs - steps * stepMs));
  const known = state.members.slots.reduce((most, slot) => Math.max(most, state.contexts.knownSteps(slot)), 0);
  const warmUpSteps =
    work.isFirst && how.forecasts && state.online === undefined
      ? Math.min(WARM_UP_HORIZONS * state.pathSteps, Math.floor((known - steps) / 3))
      : 0;
  const warmUpFromMs = fromMs - Math.max(warmUpSteps, 0) * stepMs;
  await learnPast(state, { ...work, toMs: warmUpFromMs }, ports.breathe);
  if (work.isFirst && learnsTogether(state))
    await learnTogether(state, { ...work, toMs: warmUpFromMs }, how.options, ports.breathe);
  await scoreRange(state, { ...work, fromMs: warmUpFromMs, toMs: fromMs, isWarmUp: true }, how, ports, signal);
  const result = await scoreIncrement(state, { ...work, fromMs, toMs: endMs, isWarmUp: false }, how, ports, signal);
  state.scoredMs = endMs;
  return result;
}

/** Scores an increment, and has those that are leaving go before its newest instant: they ended some steps ago. */
async function scoreIncrement(
  state: PipelineState,
  increment: Range & Leaving,
  how: ScoreHow,
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Scored> {
  const { pipeline, leaving, fromMs, toMs } = increment;
  if (leaving.length === 0) return scoreRange(state, increment, how, ports, signal);
  const newestFromMs = Math.max(fromMs, toMs - pipeline.stepMs);
  const { labels: series } = state.members;
  const before = await scoreRange(state, { ...increment, toMs: newestFromMs }, how, ports, signal);
  state.scoredMs = newestFromMs;
  removeEnded(state, leaving, { pipeline, ports });
  const newest = await scoreRange(state, { ...increment, fromMs: newestFromMs }, how, ports, signal);
  return {
    steps: newest.steps,
    farewell: { series, steps: before.steps },
    inside: before.inside + newest.inside,
    scored: before.scored + newest.scored,
  };
}
