import {
  FIRST_INDEX,
  FIRST_INDEX_WEIGHT,
  INDEX_MEMORY,
  LEAST_INDEX,
  MOST_EXCESS,
  MOST_SCALES,
  MOST_START_STEP,
  SCALE_SAMPLES,
  SLOT_SHARE,
  START_STEP,
  TAIL_SHARE,
} from './settings.ts';

/**
 * One view of one series as a distribution of d: a scale, where its tail starts on either side, in scales, and the index
 * of both. Before the start rarity grows with |d|, beyond it with its logarithm, as a power law has it:
 *
 *   −log₁₀ P(d) = −log₁₀ q₀ · ρ                      for ρ = |d| / (start on d's side · scale) ≤ 1
 *                 −log₁₀ q₀ + ln ρ / (index · ln 10)  beyond
 *
 * Half of the share q₀ lies beyond either start: what falls slower than it rises has edges at different distances. The
 * index is shared, since half of the excesses say little about one.
 *
 * A row of floats: scale, start above and below, index, excesses learnt, samples, largest |d| of this slot of the day,
 * mean of those over all slots, and what this slot of the day is used to beyond the others.
 */
export const SCALE = 0;
export const START_ABOVE = 1;
export const START_BELOW = 2;
export const INDEX = 3;
export const EXCESSES = 4;
export const SAMPLES = 5;
export const SLOT_MAXIMUM = 6;
export const MEAN_MAXIMUM = 7;
export const SLOT_EXCESS = 8;
export const RARITY_FLOATS = 9;

/** What a view knows so far; kept in a byte. Before these, at 0, it learns its scale. */
export const PHASE_START = 1;
export const PHASE_STILL = 2;
export const PHASE_TAIL = 3;

/** After a long stillness a start must not sink to where no factor brings it back from. */
const LEAST_START = 1e-30;
const MOST_GAIN = 1e30;

/** −log₁₀ q₀: rarity at the start of the tail. */
export const RARITY_AT_START = -Math.log10(TAIL_SHARE);

/** Slope of the rarity over ln ρ beyond the start. */
export function tailSlope(index: number): number {
  return 1 / (Math.max(index, LEAST_INDEX) * Math.LN10);
}

/** Columns that say how rare a view's distances are: ρ a unit of distance on either side, and the slope beyond the start. */
export interface TailShapes {
  readonly gainAbove: Float64Array;
  readonly gainBelow: Float64Array;
  readonly slope: Float64Array;
}

/** Puts the shape of a row into place j, for moves that are `shares[j]` of a distance. */
export function putShape(
  shapes: TailShapes,
  j: number,
  row: Float32Array,
  at: number,
  shares: readonly number[],
): void {
  const perScale = shares[j]! / scaleNow(row, at);
  // After a long stillness the start has sunk out of range; a gain without bounds would make NaN of no move.
  shapes.gainAbove[j] = Math.min(perScale / row[at + START_ABOVE]!, MOST_GAIN);
  shapes.gainBelow[j] = Math.min(perScale / row[at + START_BELOW]!, MOST_GAIN);
  shapes.slope[j] = tailSlope(row[at + INDEX]!);
}

/** Inverse of the rarity: ρ at which it is reached. */
export function ratioAt(rarity: number, slope: number): number {
  return rarity <= RARITY_AT_START ? rarity / RARITY_AT_START : Math.exp((rarity - RARITY_AT_START) / slope);
}

/** The scale follows |d|, which counts for some scales at most. Plain mean while `samples` < SCALE_SAMPLES. */
export function learnScale(row: Float32Array, at: number, size: number, samples: number, rate: number): void {
  const scale = row[at + SCALE]!;
  if (samples < SCALE_SAMPLES) row[at + SCALE] = (scale * samples + size) / (samples + 1);
  else row[at + SCALE] = scale + rate * ((scale > 0 ? Math.min(size, MOST_SCALES * scale) : size) - scale);
}

/**
 * The tail from the first ratios |d| / scale of a view, in any order: start at their upper quantile, index from the
 * excesses and the prior. Answers the phase: PHASE_STILL when nothing moved.
 */
export function startTail(row: Float32Array, at: number, ratios: Float32Array): number {
  ratios.sort();
  const count = ratios.length;
  const middle = Math.floor((1 - TAIL_SHARE) * (count - 1));
  const start = ratios[middle]! > 0 ? ratios[middle]! : ratios[count - 1]!;
  row[at + INDEX] = FIRST_INDEX;
  row[at + EXCESSES] = FIRST_INDEX_WEIGHT;
  row[at + START_ABOVE] = start > 0 ? start : 1;
  row[at + START_BELOW] = row[at + START_ABOVE]!;
  if (!(start > 0)) return PHASE_STILL;
  let excess = 0;
  let excesses = 0;
  for (let i = middle + 1; i < count; i++) {
    if (ratios[i]! <= start) continue;
    excess += Math.log(ratios[i]! / start);
    excesses++;
  }
  row[at + INDEX] = (excess + FIRST_INDEX * FIRST_INDEX_WEIGHT) / (excesses + FIRST_INDEX_WEIGHT);
  row[at + EXCESSES] = excesses + FIRST_INDEX_WEIGHT;
  return PHASE_TAIL;
}

/** A view that never moved has moved by `size`: its tail starts there, on both sides. */
export function startTailAtFirstMove(row: Float32Array, at: number, size: number): void {
  row[at + SCALE] = Math.max(row[at + SCALE]!, size / SCALE_SAMPLES);
  row[at + START_ABOVE] = size / scaleNow(row, at);
  row[at + START_BELOW] = row[at + START_ABOVE]!;
}

/** The scale at this time of day. */
export function scaleNow(row: Float32Array, at: number): number {
  return row[at + SCALE]! + SLOT_SHARE * row[at + SLOT_EXCESS]!;
}

/** Beyond the start of one side. */
const SIDE_SHARE = TAIL_SHARE / 2;
/** Samples of a view from which on its starts move by the usual step. */
const GROWN = Math.ceil(0.5 / (START_STEP * SIDE_SHARE));
/** Factors of a start of one side by samples of its view: exponentials are dear, and every sample moves two starts a view. */
const RISES = Float64Array.from({ length: GROWN + 1 }, (_, samples) => startFactor(samples, SIDE_SHARE, true));
const FALLS = Float64Array.from({ length: GROWN + 1 }, (_, samples) => startFactor(samples, SIDE_SHARE, false));

/** The side that a deviation lies on; `EITHER` where sides are not told apart, and both starts are one. */
export const BELOW = -1;
export const EITHER = 0;
export const ABOVE = 1;

/** The starts follow their quantiles in logarithms, the index the mean log excess. `logRatio` is ln ρ before it. */
export function learnTail(row: Float32Array, at: number, logRatio: number, side: number): void {
  const isExcess = logRatio > 0;
  if (side === EITHER) {
    const factor = startFactor(row[at + SAMPLES]!, TAIL_SHARE, isExcess);
    row[at + START_ABOVE] = Math.max(row[at + START_ABOVE]! * factor, LEAST_START);
    row[at + START_BELOW] = Math.max(row[at + START_BELOW]! * factor, LEAST_START);
  } else {
    const samples = Math.min(row[at + SAMPLES]!, GROWN);
    const above = isExcess && side === ABOVE ? RISES[samples]! : FALLS[samples]!;
    const below = isExcess && side === BELOW ? RISES[samples]! : FALLS[samples]!;
    row[at + START_ABOVE] = Math.max(row[at + START_ABOVE]! * above, LEAST_START);
    row[at + START_BELOW] = Math.max(row[at + START_BELOW]! * below, LEAST_START);
  }
  if (!isExcess) return;
  const excesses = Math.min(row[at + EXCESSES]! + 1, INDEX_MEMORY);
  const index = row[at + INDEX]!;
  row[at + EXCESSES] = excesses;
  row[at + INDEX] = index + (Math.min(logRatio, MOST_EXCESS * index) - index) / excesses;
}

/** What a start that so many samples have taught is multiplied by, after one beyond it or not. */
function startFactor(samples: number, share: number, isExcess: boolean): number {
  const step = Math.min(Math.max(START_STEP, 0.5 / (samples * share)), MOST_START_STEP);
  return Math.exp(step * ((isExcess ? 1 : 0) - share));
}
