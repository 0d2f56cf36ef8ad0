import type { ScoredStep } from '../ports/publisher.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { ScoreOptions, Technique } from '../score/score.ts';
import { techniqueByName } from '../score/techniques.ts';
import { alignDown } from '../series/grid.ts';
import type { Labels } from '../series/labels.ts';
import { forecastSlots } from './forecast-task.ts';
import type { PipelineState } from './pipeline-state.ts';
import { OVERLAP_STEPS, type ReadResult, readHistory, readInto } from './read-task.ts';
import { scoreStep } from './score-step.ts';
import type { TaskPorts } from './task-ports.ts';

/** At the first start, and after an outage, scoring goes back this far: an hour of picture, and what receivers take. */
const CATCH_UP_MS = 3_600_000;
/** Horizons before that hour whose samples only teach the calibration. */
const WARM_UP_HORIZONS = 3;
/** Steps without a sample after which a series has ended. */
const ENDED_AFTER_STEPS = 3;
/** Fewer known steps than this make no forecast worth showing. */
const LEAST_CONTEXT_STEPS = 20;

export interface Advanced {
  readonly steps: readonly ScoredStep[];
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

  const oldestMs = endMs - (state.contexts.capacitySteps - 1) * pipeline.stepMs;
  const startMs = before === undefined ? oldestMs : Math.max(before - (OVERLAP_STEPS - 1) * pipeline.stepMs, oldestMs);
  const read = await readInto(state, { pipeline, startMs, endMs }, ports, signal);
  const ended = removeEnded(state, pipeline);
  const alive = new Set(state.members.slots);
  const newcomers = read.newcomers.filter((slot) => alive.has(slot));
  const hasHistory =
    before === undefined ||
    newcomers.length === 0 ||
    (await readHistory(state, { pipeline, slots: newcomers, mayReadAll: false }, ports, signal));

  const result = await scoreNew(state, { ...work, isFirst: before === undefined, read }, ports, signal);
  // Series that were over before we first looked never were anything of ours.
  return { ...result, ended: before === undefined ? [] : ended, withoutHistory: hasHistory ? [] : newcomers };
}

/** Slots that have enough context for a forecast. */
export function forecastable(state: PipelineState): number[] {
  return state.members.slots.filter((slot) => state.contexts.knownSteps(slot) >= leastContextSteps(state));
}

function leastContextSteps(state: PipelineState): number {
  return Math.min(LEAST_CONTEXT_STEPS, state.contexts.capacitySteps);
}

function removeEnded(state: PipelineState, { stepMs }: Pipeline): Labels[] {
  const oldestMs = state.contexts.endMs! - ENDED_AFTER_STEPS * stepMs;
  return state.members.slots
    .filter((slot) => state.contexts.lastSampleMs(slot) <= oldestMs)
    .map((slot) => state.remove(slot));
}

async function scoreNew(
  state: PipelineState,
  work: Work & { readonly isFirst: boolean; readonly read: ReadResult },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Pick<Advanced, 'steps' | 'inside' | 'scored'>> {
  const { pipeline } = work;
  const { stepMs } = pipeline;
  const endMs = state.contexts.endMs!;
  if (pipeline.mode === 'forecast_only') {
    state.scoredMs = endMs;
    return { steps: [], inside: 0, scored: 0 };
  }
  const technique = techniqueByName(pipeline.anomaly.technique);
  const how = { technique, options: { ...pipeline.anomaly, dataRange: pipeline.dataRange } };
  const catchUpSteps = Math.min(Math.floor(CATCH_UP_MS / stepMs), Math.floor(state.contexts.capacitySteps / 2));
  let fromMs = Math.max(state.scoredMs ?? Number.NEGATIVE_INFINITY, endMs - Math.max(catchUpSteps, 1) * stepMs);
  if (work.isFirst) {
    const known = state.members.slots.reduce((most, slot) => Math.max(most, state.contexts.knownSteps(slot)), 0);
    const warmUpSteps = Math.min(WARM_UP_HORIZONS * state.pathSteps, Math.floor((known - catchUpSteps) / 3));
    const warmUpFromMs = fromMs - Math.max(warmUpSteps, 0) * stepMs;
    if (technique.needs.forecast) {
      await scoreRange(state, { ...work, fromMs: warmUpFromMs, toMs: fromMs, isWarmUp: true }, how, ports, signal);
    }
  }
  fromMs = Math.min(fromMs, endMs);
  const result = await scoreRange(state, { ...work, fromMs, toMs: endMs, isWarmUp: false }, how, ports, signal);
  state.scoredMs = endMs;
  return result;
}

/** Scores the instants after `fromMs` up to `toMs`, in order. */
async function scoreRange(
  state: PipelineState,
  range: Work & {
    readonly read: ReadResult;
    readonly fromMs: number;
    readonly toMs: number;
    readonly isWarmUp: boolean;
  },
  how: { readonly technique: Technique; readonly options: ScoreOptions },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<Pick<Advanced, 'steps' | 'inside' | 'scored'>> {
  const { pipeline, isWarmUp } = range;
  const steps: ScoredStep[] = [];
  let inside = 0;
  let scored = 0;
  for (let timestampMs = range.fromMs + pipeline.stepMs; timestampMs <= range.toMs; timestampMs += pipeline.stepMs) {
    signal.throwIfAborted();
    const { slots } = state.members;
    const value = new Float64Array(slots.length);
    for (let i = 0; i < slots.length; i++) value[i] = range.read.valueAt(slots[i]!, timestampMs);
    if (how.technique.needs.forecast) await coverInstant(state, { pipeline, timestampMs, value }, ports, signal);
    const result = await scoreStep(state, { timestampMs, value }, how, ports.breathe);
    if (isWarmUp) continue;
    steps.push(result.step);
    inside += result.inside;
    scored += result.scored;
    ports.telemetry.samplesFlagged.inc({ pipeline: pipeline.name, direction: 'above' }, result.above);
    ports.telemetry.samplesFlagged.inc({ pipeline: pipeline.name, direction: 'below' }, result.below);
  }
  ports.telemetry.samplesScored.inc({ pipeline: pipeline.name }, scored);
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
  const least = leastContextSteps(state);
  const behind = Math.round((state.contexts.endMs! - at.timestampMs) / stepMs) + 1;
  const uncovered = state.members.slots.filter(
    (slot, i) =>
      Number.isFinite(at.value[i]!) &&
      !state.covers(slot, at.timestampMs) &&
      state.contexts.knownSteps(slot) - behind >= least,
  );
  if (uncovered.length === 0) return;
  await forecastSlots(
    state,
    { pipeline: at.pipeline, slots: uncovered, asOfMs: at.timestampMs - stepMs },
    ports,
    signal,
  );
}
