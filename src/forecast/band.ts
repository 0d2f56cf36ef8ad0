import { MEDIAN_INDEX, QUANTILE_LEVELS } from './quantile.ts';

/**
 * Reads a row of quantiles (one value per level of QUANTILE_LEVELS, ascending, ties allowed) as a continuous
 * distribution: linear between the levels, exponential beyond the outer ones. Both functions here read the same
 * distribution, so an interval from `quantileAt` and a threshold on `surpriseAt` never disagree:
 *
 *   quantileAt(p) ≤ value ≤ quantileAt(1 − p)   ⇔   surpriseAt(value) ≤ −log10(p)      for 0 < p < 0.5
 *
 * The interval is closed: on a plateau (zero-inflated counts, flat series) the edge itself is not surprising.
 */

/** Surprise of the median and of everything on its plateau: half of the mass lies on either side. */
export const MEDIAN_SURPRISE = Math.log10(2);

const LAST = QUANTILE_LEVELS.length - 1;
const LOWEST_LEVEL = QUANTILE_LEVELS[0]!;
const TAIL_MASS = 1 - QUANTILE_LEVELS[LAST]!;
const OUTER_LOG_RATIO = Math.log((1 - QUANTILE_LEVELS[LAST - 1]!) / TAIL_MASS);
const MEDIAN_LOG_RATIO = Math.log(0.5 / TAIL_MASS);

/** An outer pair that nearly coincides must not make the tail a wall: a third of the slope seen from the median. */
const LEAST_SHARE_OF_MEDIAN_SLOPE = 1 / 3;
/** The flat side of a lopsided row (a ratio that saturates at 1) still allows for rounding on the other side's scale. */
const LEAST_SHARE_OF_WIDTH = 1e-3;
/** Rounding noise of single-precision exporters, relative to the level; far below any move that matters. */
const LEAST_SHARE_OF_LEVEL = 1e-7;
const LEAST_SCALE = 1e-300;

/** Masses below this are not told apart; keeps logarithms finite. */
const LEAST_MASS = 1e-300;
/** From here on surprise grows with the logarithm of the distance, so that it stays finite and still ordered. */
const LINEAR_SURPRISE_LIMIT = 300;

/**
 * Value at a quantile level, 0 < level < 1, of the row that starts at `offset`. Always finite for a finite row; NaN
 * for a row without forecast.
 */
export function quantileAt(row: Float64Array, offset: number, level: number): number {
  if (level < LOWEST_LEVEL) {
    const depth = Math.log(LOWEST_LEVEL / Math.max(level, LEAST_MASS));
    return finite(row[offset]! - tailScale(row, offset, row[offset]!, row[offset + 1]!) * depth);
  }
  const above = 1 - level;
  if (above < TAIL_MASS) {
    const top = row[offset + LAST]!;
    const depth = Math.log(TAIL_MASS / Math.max(above, LEAST_MASS));
    return finite(top + tailScale(row, offset, top, row[offset + LAST - 1]!) * depth);
  }
  let i = 0;
  while (i < LAST - 1 && level > QUANTILE_LEVELS[i + 1]!) i++;
  const left = row[offset + i]!;
  const right = row[offset + i + 1]!;
  const share = Math.min(1, (level - QUANTILE_LEVELS[i]!) / (QUANTILE_LEVELS[i + 1]! - QUANTILE_LEVELS[i]!));
  return left === right ? left : left * (1 - share) + right * share;
}

/**
 * −log10 of the mass at or beyond `value` on its side of the median: MEDIAN_SURPRISE (0.301) at the median, 2 at the
 * outer levels, and in the tail 2 + distance / (b ln 10) with b the tail's scale, which is never zero: on a flat row
 * b is 1e-7 of the level. Beyond 300 it is 300 + log10(s / 300), so that it stays finite for any finite row and
 * still grows with the distance. NaN where value or row is NaN; infinite values count as the largest finite ones.
 */
export function surpriseAt(row: Float64Array, offset: number, value: number): number {
  const median = row[offset + MEDIAN_INDEX]!;
  if (Number.isNaN(value) || Number.isNaN(median)) return Number.NaN;
  return value > median ? surpriseAbove(row, offset, finite(value)) : surpriseBelow(row, offset, finite(value));
}

function surpriseAbove(row: Float64Array, offset: number, value: number): number {
  let inner = row[offset + MEDIAN_INDEX]!;
  for (let i = MEDIAN_INDEX + 1; i <= LAST; i++) {
    const outer = row[offset + i]!;
    if (outer >= value) {
      const from = QUANTILE_LEVELS[i - 1]!;
      const share = value / 2 - inner / 2;
      return -Math.log10(1 - from - (share / (outer / 2 - inner / 2)) * (QUANTILE_LEVELS[i]! - from));
    }
    inner = outer;
  }
  return tailSurprise(value / 2 - inner / 2, tailScale(row, offset, inner, row[offset + LAST - 1]!));
}

function surpriseBelow(row: Float64Array, offset: number, value: number): number {
  let inner = row[offset + MEDIAN_INDEX]!;
  if (value === inner) return MEDIAN_SURPRISE;
  for (let i = MEDIAN_INDEX - 1; i >= 0; i--) {
    const outer = row[offset + i]!;
    if (outer <= value) {
      const from = QUANTILE_LEVELS[i + 1]!;
      const share = inner / 2 - value / 2;
      return -Math.log10(from - (share / (inner / 2 - outer / 2)) * (from - QUANTILE_LEVELS[i]!));
    }
    inner = outer;
  }
  return tailSurprise(inner / 2 - value / 2, tailScale(row, offset, inner, row[offset + 1]!));
}

/** `halfDistance` is half of the way beyond the outer level; halves cannot overflow. */
function tailSurprise(halfDistance: number, scale: number): number {
  const edge = -Math.log10(TAIL_MASS);
  const linear = edge + (2 * (halfDistance / scale)) / Math.LN10;
  if (linear <= LINEAR_SURPRISE_LIMIT) return linear;
  const log = Math.log10(halfDistance) + Math.log10(2 / Math.LN10) - Math.log10(scale);
  return LINEAR_SURPRISE_LIMIT + Math.max(0, log - Math.log10(LINEAR_SURPRISE_LIMIT));
}

/** Scale b of the exponential tail beyond `outer`, from the outer two levels of that side, with floors. */
function tailScale(row: Float64Array, offset: number, outer: number, next: number): number {
  const median = row[offset + MEDIAN_INDEX]!;
  return Math.min(
    Number.MAX_VALUE,
    Math.max(
      Math.abs(outer - next) / OUTER_LOG_RATIO,
      (Math.abs(outer - median) / MEDIAN_LOG_RATIO) * LEAST_SHARE_OF_MEDIAN_SLOPE,
      (row[offset + LAST]! - row[offset]!) * LEAST_SHARE_OF_WIDTH,
      Math.abs(median) * LEAST_SHARE_OF_LEVEL,
      LEAST_SCALE,
    ),
  );
}

function finite(value: number): number {
  return value > Number.MAX_VALUE ? Number.MAX_VALUE : value < -Number.MAX_VALUE ? -Number.MAX_VALUE : value;
}
