import { CALIBRATION_FLOATS, learnCalibration } from '../forecast/calibrate.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../forecast/quantile.ts';
import type { ScoredStep } from '../ports/publisher.ts';
import { scoreAgainstForecast } from '../score/confidence-interval.ts';
import { clipToRange, type ScoreColumns, type ScoreOptions, type Technique } from '../score/score.ts';
import type { PipelineState } from './pipeline-state.ts';

const LEVELS = QUANTILE_LEVELS.length;

/**
 * Engines see the edge of the forecast's band in place of a sample beyond it, or an incident would widen what comes
 * after it. That is the forecast's own affair, whatever technique the pipeline scores with. But a band that flags more
 * than this share of the last samples is itself wrong, or the series has a new level: then everything is learnt as it
 * is. The share is an exponential mean that gets there when all samples lie beyond the band for `adapt_after`.
 */
const FLAG_SHARE_OF_A_WRONG_BAND = 0.2;
/**
 * Samples up to this score teach the calibration, flagged or not. Leaving out all that are flagged leaves out the tail
 * itself, and the band then shrinks below what it promises (on web KPIs .95 instead of .98); what is farther out is an
 * incident.
 */
const TEACHES_UP_TO = 3;
/** Fewer samples do not make a level. */
const LEAST_ADAPT_STEPS = 12;
const NO_QUANTILES = new Float64Array(0);

export interface StepScore {
  readonly step: ScoredStep;
  /** Scored samples, without those that were excluded. */
  readonly scored: number;
  readonly excluded: number;
  readonly inside: number;
  readonly above: number;
  readonly below: number;
}

/** Series scored between two breaths: a few milliseconds. */
const CHUNK_SERIES = 1024;

export interface ScoreHow {
  readonly technique: Technique;
  readonly options: ScoreOptions;
  /** Whether the pipeline makes forecasts: then the columns hold their quantiles, and their calibration learns. */
  readonly forecasts: boolean;
  /** Whether the series of a group are one sample together: then each has a share in its score. */
  readonly isMultivariate: boolean;
  /** Steps beyond the band after which they are a new level. */
  readonly adaptAfterSteps: number;
}

/**
 * Scores one instant of the pipeline's members with what was known before it, then lets technique and calibration
 * learn. Entry i of `value` belongs to members.slots[i]; NaN is a missing sample.
 */
export async function scoreStep(
  state: PipelineState,
  instant: Instant,
  how: ScoreHow,
  breathe: () => Promise<void>,
): Promise<StepScore> {
  const { timestampMs, value } = instant;
  const count = value.length;
  const column = () => new Float64Array(count);
  const step = {
    timestampMs,
    value,
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    anomaly: column(),
    view: new Uint8Array(count),
    ...(how.isMultivariate && { contribution: column() }),
  };
  const tally = { scored: 0, excluded: 0, inside: 0, above: 0, below: 0 };
  const chunkSeries = Math.min(state.scorer.atOnce ?? CHUNK_SERIES, Math.max(count, 1));
  for (let from = 0; from < count; from += chunkSeries) {
    const to = Math.min(from + chunkSeries, count);
    const excluded = instant.excluded?.subarray(from, to);
    const chunk: ScoreColumns = {
      count: to - from,
      value: value.subarray(from, to),
      quantiles: how.forecasts ? new Float64Array((to - from) * LEVELS) : NO_QUANTILES,
      expected: step.expected.subarray(from, to),
      lower: step.lower.subarray(from, to),
      upper: step.upper.subarray(from, to),
      score: step.score.subarray(from, to),
      anomaly: step.anomaly.subarray(from, to),
      view: step.view.subarray(from, to),
      ...(step.contribution && { contribution: step.contribution.subarray(from, to) }),
    };
    const slots = state.members.slots.slice(from, to);
    if (how.forecasts) fillQuantiles(state, slots, { timestampMs, options: how.options }, chunk.quantiles);
    if (excluded === undefined) state.scorer.score(chunk, { slots, timestampMs }, how.options);
    else scoreExcluded(state, chunk, { slots, timestampMs, excluded }, how);
    for (let i = 0; i < chunk.count; i++) {
      state.setFlag(slots[i]!, chunk.anomaly[i]! || 0);
      if (!Number.isFinite(chunk.score[i]!)) continue;
      if (excluded?.[i] === 1) {
        tally.excluded++;
        continue;
      }
      tally.scored++;
      // As good as being inside the band, and there where several series together have none.
      if (chunk.score[i]! <= 1) tally.inside++;
      if (chunk.anomaly[i]! > 0) tally.above++;
      else if (chunk.anomaly[i]! < 0) tally.below++;
    }
    if (how.forecasts) {
      const taught = state.online === undefined ? undefined : chunk.value.slice();
      learnForecast(state, slots, how.technique.needs.forecast ? chunk : againstForecast(chunk, how), {
        timestampMs,
        excluded,
        adaptAfterSteps: how.adaptAfterSteps,
        taught,
      });
      if (taught !== undefined) state.online!.learnInstant(slots, timestampMs, taught);
    }
    await breathe();
  }
  return { step, ...tally };
}

interface Instant {
  readonly timestampMs: number;
  readonly value: Float64Array;
  /** 1 where a sample is scored but neither flagged nor learnt: exclude windows and maintenance. */
  readonly excluded?: Uint8Array | undefined;
}

/** Scores a chunk some of whose series are excluded: what the technique learnt of those is put back. */
function scoreExcluded(
  state: PipelineState,
  chunk: ScoreColumns,
  at: { readonly slots: readonly number[]; readonly timestampMs: number; readonly excluded: Uint8Array },
  { options, forecasts }: ScoreHow,
): void {
  const { slots, timestampMs, excluded } = at;
  const before = slots.map((slot, i) => (excluded[i] === 1 ? state.scorer.exportSlot(slot) : undefined));
  state.scorer.score(chunk, at, options);
  for (let i = 0; i < slots.length; i++) {
    if (excluded[i] !== 1) continue;
    const slot = slots[i]!;
    state.scorer.add(slot, state.outputLabels(slot));
    if (before[i] !== undefined) state.scorer.importSlot(slot, before[i]!);
    if (!Number.isFinite(chunk.score[i]!)) continue;
    chunk.anomaly[i] = 0;
    // Where a forecast is made, it is its band that decides what engines see.
    if (!forecasts) keepInBand(state, slot, { timestampMs }, chunk, i);
  }
}

/** Where engines learn from: contexts, or at once from `taught`, an entry a series of the chunk. */
interface Lesson {
  readonly timestampMs: number;
  readonly taught?: Float64Array | undefined;
}

/** Puts the edge of the band where engines learn from, in place of a sample beyond it. */
function keepInBand(
  state: PipelineState,
  slot: number,
  lesson: Lesson,
  { value, lower, upper }: Pick<ScoreColumns, 'value' | 'lower' | 'upper'>,
  i: number,
): void {
  if (value[i]! > upper[i]!) teachAs(state, slot, lesson, upper[i]!, i);
  else if (value[i]! < lower[i]!) teachAs(state, slot, lesson, lower[i]!, i);
}

function teachAs(state: PipelineState, slot: number, { timestampMs, taught }: Lesson, value: number, i: number): void {
  state.contexts.replace(slot, timestampMs, value);
  if (taught !== undefined) taught[i] = value;
}

function fillQuantiles(
  state: PipelineState,
  slots: readonly number[],
  at: { readonly timestampMs: number; readonly options: ScoreOptions },
  quantiles: Float64Array,
): void {
  const { dataRange } = at.options;
  for (let i = 0; i < slots.length; i++) {
    const from = i * LEVELS;
    state.calibratedRow(slots[i]!, at.timestampMs, quantiles, from);
    if (dataRange === undefined || !Number.isFinite(quantiles[from + MEDIAN_INDEX]!)) continue;
    for (let level = from; level < from + LEVELS; level++) quantiles[level] = clipToRange(quantiles[level]!, dataRange);
  }
}

/** Where the technique asks something else of the samples, the forecast is still told how it did. */
function againstForecast(chunk: ScoreColumns, { options }: ScoreHow): Omit<ScoreColumns, 'view'> {
  const column = () => new Float64Array(chunk.count);
  const { count, value, quantiles } = chunk;
  const columns = {
    count,
    value,
    quantiles,
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    anomaly: column(),
  };
  scoreAgainstForecast(columns, { ...options, threshold: 1, direction: 'both' });
  return columns;
}

function learnForecast(
  state: PipelineState,
  slots: readonly number[],
  chunk: Omit<ScoreColumns, 'view'>,
  instant: Lesson & {
    readonly excluded: Uint8Array | undefined;
    readonly adaptAfterSteps: number;
  },
): void {
  const raw = new Float64Array(LEVELS);
  const keepsOut = instant.adaptAfterSteps > 0;
  const shareRate = 1 - (1 - FLAG_SHARE_OF_A_WRONG_BAND) ** (1 / Math.max(instant.adaptAfterSteps, LEAST_ADAPT_STEPS));
  for (let i = 0; i < slots.length; i++) {
    if (!Number.isFinite(chunk.score[i]!)) continue;
    const slot = slots[i]!;
    if (instant.excluded?.[i] === 1) {
      keepInBand(state, slot, instant, chunk, i);
      continue;
    }
    const flag = chunk.anomaly[i]!;
    const isWrongBand = !keepsOut || state.flagShare(slot) > FLAG_SHARE_OF_A_WRONG_BAND;
    if (flag !== 0 && !isWrongBand) {
      teachAs(state, slot, instant, flag > 0 ? chunk.upper[i]! : chunk.lower[i]!, i);
    }
    const teaches = chunk.score[i]! <= TEACHES_UP_TO || isWrongBand;
    state.learnFlagShare(slot, flag !== 0, shareRate);
    if (!teaches) continue;
    state.rawRow(slot, instant.timestampMs, raw, 0);
    learnCalibration(
      state.calibration,
      slot * CALIBRATION_FLOATS,
      state.leadSteps(slot, instant.timestampMs),
      raw,
      0,
      chunk.value[i]!,
    );
  }
}
