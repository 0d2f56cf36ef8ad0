import type { ScoredStep } from '../ports/publisher.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { techniqueByName } from '../score/techniques.ts';
import { alignDown } from '../series/grid.ts';
import type { Labels } from '../series/labels.ts';
import { endAlarm, shapeStep } from './alarm-step.ts';
import { exclusionOf } from './exclusion.ts';
import { forecastSlots } from './forecast-task.ts';
import { learnsTogether, learnTogether, togetherMs } from './learn-together.ts';
import type { PipelineState } from './pipeline-state.ts';
import { OVERLAP_STEPS, type ReadResult, readHistory, readInto } from './read-task.ts';
import { type ScoreHow, scoreStep } from './score-step.ts';
import { looksAtIncrementsOnly, makesForecasts } from './state-shape.ts';
import type { TaskPorts } from './task-ports.ts';

/** At the first start, and after an outage, scoring goes back this far: an hour of picture, and what receivers take. */
const CATCH_UP_MS = 3_600_000;
/** Samples of one catch-up, over all series, where contexts do not bound it: some hundred megabytes of answers. */
const MOST_CATCH_UP_CELLS = 2_000_000;
/** Samples learnt between two breaths: a few milliseconds. */
const SAMPLES_BETWEEN_BREATHS = 20_000;
/** Missing steps that a technique is told of one that has come back; no technique remembers single samples for longer. */
const MOST_GONE_STEPS = 10_080;
const NOTHING = new Float64Array(MOST_GONE_STEPS).fill(Number.NaN);
/** Horizons before that hour whose samples only teach the calibration. */
const WARM_UP_HORIZONS = 3;
/** Steps without a sample after which a series has ended. */
const ENDED_AFTER_STEPS = 3;
/** Fewer known steps than this make no forecast worth showing. */
const LEAST_CONTEXT_STEPS = 20;

export interface Advanced {
  readonly steps: readonly ScoredStep[];
  /** The steps before those, where series that have ended since are still among the members; theirs are `series`. */
  readonly farewell?: { readonly series: readonly Labels[]; readonly steps: readonly ScoredStep[] } | undefined;
  /** Output labels of series that ended. */
  readonly ended: readonly Labels[];
  readonly inside: number;
  readonly scored: number;
  /** Newcomers whose history could not be had cheaply; the forecast task reads it. */
  readonly withoutHistory: readonly number[];
}

interface Work {
  readonly pipeline: Pipeline;
  readonly timestampMs: number;
}

/** What was read, and which of the living series are new in it. */
interface Reading {
  readonly read: ReadResult;
  readonly newcomers: readonly number[];
  /** Whether the contexts hold what there was of them before. */
  readonly hasPast: boolean;
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
  const gone = removeEnded(
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
  const { left, ...result } = await scoreNew(
    state,
    { ...work, ...reading, leaving, isFirst: before === undefined },
    ports,
    signal,
  );
  return {
    ...result,
    ended: before === undefined ? [] : [...gone, ...left],
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

/** Steps that a first evaluation, or the first after an outage, publishes in one go. */
function catchUpSteps({ stepMs }: Pipeline): number {
  return Math.max(1, Math.floor(CATCH_UP_MS / stepMs));
}

/** Slots that have enough context for a forecast. */
export function forecastable(state: PipelineState): number[] {
  return state.members.slots.filter((slot) => isKnown(state, slot, 0));
}

/** Whether there are enough samples for a forecast, `behind` steps before the end. */
function isKnown(state: PipelineState, slot: number, behind: number): boolean {
  // An online engine has learnt just what lies before the forecast.
  if (state.online !== undefined) return state.online.samples(slot) >= LEAST_CONTEXT_STEPS;
  return state.contexts.knownSteps(slot) - behind >= leastContextSteps(state);
}

function leastContextSteps(state: PipelineState): number {
  return Math.min(LEAST_CONTEXT_STEPS, state.contexts.capacitySteps);
}

function endedSlots(state: PipelineState, { stepMs }: Pipeline): number[] {
  const oldestMs = state.contexts.endMs! - ENDED_AFTER_STEPS * stepMs;
  return state.members.slots.filter((slot) => state.contexts.lastSampleMs(slot) <= oldestMs);
}

function hasUnscored(state: PipelineState, slot: number): boolean {
  return state.scoredMs !== undefined && state.contexts.lastSampleMs(slot) > state.scoredMs;
}

/** Answers the output labels. */
function removeEnded(
  state: PipelineState,
  slots: readonly number[],
  { pipeline, ports }: { readonly pipeline: Pipeline; readonly ports: TaskPorts },
): Labels[] {
  return slots.map((slot) => {
    endAlarm(state, { slot, labels: state.outputLabels(slot), pipeline: pipeline.name }, 'series_ended', ports.events);
    return state.part(slot);
  });
}

async function scoreNew(
  state: PipelineState,
  work: Work & Reading & { readonly leaving: readonly number[]; readonly isFirst: boolean },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Pick<Advanced, 'steps' | 'farewell' | 'inside' | 'scored'> & { readonly left: readonly Labels[] }> {
  const { pipeline, leaving } = work;
  const { stepMs } = pipeline;
  const endMs = state.contexts.endMs!;
  if (pipeline.mode === 'forecast_only') {
    const left = removeEnded(state, leaving, { pipeline, ports });
    await learnUnscored(state, work, ports.breathe);
    state.scoredMs = endMs;
    return { steps: [], inside: 0, scored: 0, left };
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
  const range = { ...work, isWarmUp: false };
  if (leaving.length === 0) {
    const result = await scoreRange(state, { ...range, fromMs, toMs: endMs }, how, ports, signal);
    state.scoredMs = endMs;
    return { ...result, left: [] };
  }
  // They ended some steps ago, so the newest instant is that of the others.
  const lastMs = Math.max(fromMs, endMs - stepMs);
  const { labels: series } = state.members;
  const before = await scoreRange(state, { ...range, fromMs, toMs: lastMs }, how, ports, signal);
  state.scoredMs = lastMs;
  const left = removeEnded(state, leaving, { pipeline, ports });
  const newest = await scoreRange(state, { ...range, fromMs: lastMs, toMs: endMs }, how, ports, signal);
  state.scoredMs = endMs;
  return {
    steps: newest.steps,
    farewell: { series, steps: before.steps },
    inside: before.inside + newest.inside,
    scored: before.scored + newest.scored,
    left,
  };
}

function mostCatchUpSteps(state: PipelineState, pipeline: Pipeline): number {
  const steps = catchUpSteps(pipeline);
  if (!looksAtIncrementsOnly(pipeline))
    return Math.max(1, Math.min(steps, Math.floor(state.contexts.capacitySteps / 2)));
  const cells = Math.max(1, state.members.slots.length);
  return Math.max(1, Math.min(steps, Math.floor(MOST_CATCH_UP_CELLS / cells)));
}

/**
 * Lets the technique learn what lies before the first instant that is scored: of every series at the first evaluation,
 * later of those that are new. What was read without being kept has been learnt on the way, but for its end.
 */
async function learnPast(
  state: PipelineState,
  past: Work & Reading & { readonly toMs: number },
  breathe: () => Promise<void>,
): Promise<void> {
  const { pipeline, read, newcomers, hasPast, toMs } = past;
  const { stepMs } = pipeline;
  const { warmUpMs } = techniqueByName(pipeline.anomaly.technique);
  const learntToMs = looksAtIncrementsOnly(pipeline)
    ? state.contexts.endMs! - catchUpSteps(pipeline) * stepMs
    : toMs - warmUpMs;
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
async function learnUnscored(
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

/** Scores the instants after `fromMs` up to `toMs`, in order. */
async function scoreRange(
  state: PipelineState,
  range: Work &
    Reading & {
      readonly fromMs: number;
      readonly toMs: number;
      readonly isWarmUp: boolean;
    },
  how: ScoreHow,
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Pick<Advanced, 'steps' | 'inside' | 'scored'>> {
  const { pipeline, isWarmUp } = range;
  const steps: ScoredStep[] = [];
  let inside = 0;
  let scored = 0;
  let excludedSamples = 0;
  const isExcluded = exclusionOf(pipeline, ports.maintenance);
  const shaping = { pipeline, views: how.technique.views, events: ports.events };
  for (let timestampMs = range.fromMs + pipeline.stepMs; timestampMs <= range.toMs; timestampMs += pipeline.stepMs) {
    signal.throwIfAborted();
    const { slots } = state.members;
    const value = new Float64Array(slots.length);
    for (let i = 0; i < slots.length; i++) value[i] = range.read.valueAt(slots[i]!, timestampMs);
    if (how.forecasts) await coverInstant(state, { pipeline, timestampMs, value }, ports, signal);
    const excluded = isExcluded(timestampMs, state.members.labels);
    const result = await scoreStep(state, { timestampMs, value, excluded }, how, ports.breathe);
    if (isWarmUp) continue;
    const { threshold, pagingThreshold } = pipeline.anomaly;
    state.flagRate.observe({ ...result.step, slots }, [threshold, pagingThreshold]);
    const alarm = shapeStep(state, result.step, excluded, shaping);
    steps.push(alarm === undefined ? result.step : { ...result.step, alarm });
    inside += result.inside;
    scored += result.scored;
    excludedSamples += result.excluded;
    ports.telemetry.samplesFlagged.inc({ pipeline: pipeline.name, direction: 'above' }, result.above);
    ports.telemetry.samplesFlagged.inc({ pipeline: pipeline.name, direction: 'below' }, result.below);
  }
  ports.telemetry.samplesScored.inc({ pipeline: pipeline.name }, scored + excludedSamples);
  return { steps, inside, scored };
}

/** Makes a path for each series that has a sample at the instant but no path that reaches it. */
async function coverInstant(
  state: PipelineState,
  at: { readonly pipeline: Pipeline; readonly timestampMs: number; readonly value: Float64Array },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<void> {
  const { stepMs } = at.pipeline;
  const behind = Math.round((state.contexts.endMs! - at.timestampMs) / stepMs) + 1;
  const uncovered = state.members.slots.filter(
    (slot, i) => Number.isFinite(at.value[i]!) && !state.covers(slot, at.timestampMs) && isKnown(state, slot, behind),
  );
  if (uncovered.length === 0) return;
  await forecastSlots(
    state,
    { pipeline: at.pipeline, slots: uncovered, asOfMs: at.timestampMs - stepMs },
    ports,
    signal,
  );
}
