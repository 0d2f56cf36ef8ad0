import {
  LEVEL_HALF_LIFE,
  LEVEL_SAMPLES,
  MOST_LEVEL_DEVIATION,
  MOST_LEVEL_MOVE,
  PLAIN_LEVEL_SAMPLES,
} from './settings.ts';

/**
 * The newest values of a series and its robust level, in a row of doubles:
 *   the last six values, newest first; the level as it was before each of the last five; level; deviation
 */
const VALUES = 6;
const LEVELS = 5;
const PAST_LEVELS = VALUES;
const LEVEL = PAST_LEVELS + LEVELS;
const DEVIATION = LEVEL + 1;
export const RECENT_DOUBLES = DEVIATION + 1;

const LEVEL_RATE = 1 - 2 ** (-1 / LEVEL_HALF_LIFE);
/** Counts are kept in a byte; from `LEVEL_SAMPLES` on it does not matter how many. */
const MOST_LEVEL_COUNT = 255;

/** Views in their published order. A view is an affine function of the newest value v: slope · (v − centre). */
export const SPIKE = 0;
export const JUMP = 1;
export const SHIFT = 2;
/** Where a forecast was made before the value: its distance from the expected value. */
export const FORECAST = 3;
/** Where the series has been in the last week; it is joined with the others in a way of its own, see range.ts. */
export const RANGE = 4;
export const SLOPES: readonly number[] = [1, 1 / 3, 1 / 5, 1];

/**
 * Centres of the views by what was before the newest value, NaN where too little is known:
 *   spike  v − x₁;  jump  mean(v, x₁, x₂) − mean(x₃, x₄, x₅);  shift  mean(v, x₁ … x₄) − level before x₅
 * `usual` is what a view compares with: where the series would be if the view had nothing to say for some samples.
 */
export function centresOf(
  row: Float64Array,
  at: number,
  known: { readonly values: number; readonly levels: number },
  { centres, usual }: { readonly centres: Float64Array; readonly usual: Float64Array },
): void {
  const x1 = row[at]!;
  const pair = x1 + row[at + 1]!;
  const before = row[at + 2]! + row[at + 3]! + row[at + 4]!;
  const level = row[at + PAST_LEVELS + LEVELS - 1]!;
  centres[SPIKE] = known.values >= 1 ? x1 : Number.NaN;
  centres[JUMP] = known.values >= 5 ? before - pair : Number.NaN;
  centres[SHIFT] = known.levels >= LEVEL_SAMPLES ? 5 * level - pair - row[at + 2]! - row[at + 3]! : Number.NaN;
  usual[SPIKE] = x1;
  usual[JUMP] = before / 3;
  usual[SHIFT] = level;
}

/** The newest value joins the recent ones. */
export function pushValue(row: Float64Array, at: number, value: number): void {
  for (let i = at + VALUES - 1; i > at; i--) row[i] = row[i - 1]!;
  row[at] = value;
}

/**
 * The level follows the newest value: a plain mean at first, then an exponential mean that moves at most by some
 * deviations. Answers the count after it.
 */
export function learnLevel(row: Float64Array, at: number, value: number, count: number): number {
  const past = at + PAST_LEVELS;
  if (count === 0) {
    row.fill(value, past, past + LEVELS + 1);
    row[at + DEVIATION] = 0;
    return 1;
  }
  const level = row[at + LEVEL]!;
  const deviation = row[at + DEVIATION]!;
  for (let i = past + LEVELS - 1; i > past; i--) row[i] = row[i - 1]!;
  row[past] = level;
  const error = value - level;
  const size = Math.abs(error);
  if (count < PLAIN_LEVEL_SAMPLES) {
    row[at + DEVIATION] = (deviation * (count - 1) + size) / count;
    row[at + LEVEL] = level + error / (count + 1);
  } else {
    const most = MOST_LEVEL_MOVE * deviation;
    row[at + LEVEL] = level + LEVEL_RATE * (deviation > 0 ? Math.max(-most, Math.min(most, error)) : error);
    row[at + DEVIATION] =
      deviation + LEVEL_RATE * (Math.min(size, deviation > 0 ? MOST_LEVEL_DEVIATION * deviation : size) - deviation);
  }
  return Math.min(count + 1, MOST_LEVEL_COUNT);
}
