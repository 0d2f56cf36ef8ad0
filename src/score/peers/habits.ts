/**
 * What a member is used to, in its own unit, apart from its siblings and together with them: a level, a spread around
 * it, and how much it moves when they do. Slow, so that a member that goes astray is an outlier for hours.
 */

/** Half-life of what a member is used to. */
const HALF_LIFE_MS = 12 * 3_600_000;
/** Samples that are averaged plainly at first. */
const PLAIN_SAMPLES = 30;
/** A sample moves the level, and counts for the spread, as this many spreads at most. */
const MOST_MOVE = 3;
const MOST_SPREAD = 6;
/** Moves of the siblings that one instant teaches at most, in their spreads. */
const MOST_COMMON = 6;
/** Belief that a member moves with its siblings as its spread says, in variances of their common movement. */
const PRIOR = 0.05;
/** Share by which the slope may be wrong, and how far off siblings may be, in root mean squares, before it matters. */
const SLOPE_DOUBT = 0.05;
const USUAL_COMMON = 2;
/** A member that never moved is told apart by this share of its level. */
const LEAST_SPREAD_SHARE = 1e-3;
const LEAST_SPREAD = 1e-9;

/** A row of doubles. */
export const LEVEL = 0;
export const SPREAD = 1;
export const TOGETHER = 2;
export const COMMON = 3;
export const SEEN = 4;
export const HABIT_DOUBLES = 5;

export function habitRate(stepMs: number): number {
  return 1 - 2 ** (-stepMs / HALF_LIFE_MS);
}

/** Where a value lies in its member's own spreads: what is compared among siblings. */
export function ownPlace(row: Float64Array, at: number, value: number): number {
  return (value - row[at + LEVEL]!) / spreadOf(row, at);
}

/** Value that a member would have if it moved with its siblings, who are `common` spreads off their levels. */
export function expectedOf(row: Float64Array, at: number, common: number): number {
  return row[at + LEVEL]! + slopeOf(row, at) * common;
}

/**
 * What that value may be wrong by, in the member's unit, where the siblings are farther off than they ever used to be:
 * how a member moves with them is known to some hundredths only.
 */
export function doubtOf(row: Float64Array, at: number, common: number): number {
  const usual = USUAL_COMMON * Math.sqrt(row[at + COMMON]!);
  return SLOPE_DOUBT * Math.abs(slopeOf(row, at)) * Math.max(0, Math.abs(common) - usual);
}

function slopeOf(row: Float64Array, at: number): number {
  return (row[at + TOGETHER]! + PRIOR * spreadOf(row, at)) / (row[at + COMMON]! + PRIOR);
}

/** Level, spread, and the regression of the member's moves on those of its siblings, each as exponential means. */
export function learnHabit(
  row: Float64Array,
  at: number,
  value: number,
  common: number | undefined,
  rate: number,
): void {
  const seen = row[at + SEEN]!;
  row[at + SEEN] = seen + 1;
  if (seen === 0) {
    row[at + LEVEL] = value;
    return;
  }
  const weight = seen < PLAIN_SAMPLES ? 1 / (seen + 1) : Math.max(rate, 1 / (seen + 1));
  const spread = spreadOf(row, at);
  const move = value - row[at + LEVEL]!;
  const isPlain = seen < PLAIN_SAMPLES;
  if (common !== undefined) {
    const known = clip(common, MOST_COMMON);
    const taken = isPlain ? move : clip(move, MOST_SPREAD * spread);
    row[at + TOGETHER]! += weight * (taken * known - row[at + TOGETHER]!);
    row[at + COMMON]! += weight * (known * known - row[at + COMMON]!);
  }
  row[at + LEVEL]! += weight * (isPlain ? move : clip(move, MOST_MOVE * spread));
  const size = Math.abs(move);
  row[at + SPREAD]! += weight * ((isPlain ? size : Math.min(size, MOST_SPREAD * spread)) - row[at + SPREAD]!);
}

function spreadOf(row: Float64Array, at: number): number {
  return Math.max(row[at + SPREAD]!, LEAST_SPREAD_SHARE * Math.abs(row[at + LEVEL]!), LEAST_SPREAD);
}

function clip(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
