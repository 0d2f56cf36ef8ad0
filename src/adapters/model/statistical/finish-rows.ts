import { type Granularity, granularityOf, toGranularity } from '../../../forecast/granularity.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Newest steps in which a bound must show. */
const BOUND_STEPS = 1500;
/** Share of the samples that sit exactly on the lowest (highest) value of all, from which on it counts as a bound. */
const BOUND_SHARE = 0.05;
/**
 * Share of the gap between a bound and the nearest other value, in which no sample ever was: a level that lies so near
 * the bound means the bound. Models answer 0.0002 where a count is zero.
 */
const BOUND_REACH = 0.1;
/** Share of a unit by which levels of fractions lie farther out, so that a sample on a level is not beyond it by rounding. */
const HAIR = 1e-9;

/**
 * Last touches on the rows of a series, in place: no level beyond a bound that the series itself shows (counts that are
 * often zero, ratios that are often one) or next to it, whole units where it comes in whole units, levels ascend whatever
 * rounding did, the scale of `prepareSeries` is undone, and everything is finite.
 */
export function finishRows(quantiles: Float64Array, values: Float64Array, scale: number): void {
  const { lowest, aboveLowest, highest, belowHighest } = boundsOf(values);
  const granularity = granularityOf(values);
  for (let i = 0; i < quantiles.length; i++) {
    const level = quantiles[i]!;
    const bounded = level < aboveLowest ? lowest : level > belowHighest ? highest : level;
    const rounded = granularity === undefined ? bounded : roundLevel(bounded, i % LEVELS, granularity);
    const possible = Math.max(lowest, Math.min(highest, rounded)) * scale;
    const value = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, possible));
    quantiles[i] = i % LEVELS === 0 ? value : Math.max(value, quantiles[i - 1]!);
  }
}

/** Whole numbers are exact, multiples of a fraction are not. */
function roundLevel(value: number, level: number, granularity: Granularity): number {
  const rounded = toGranularity(value, granularity);
  if (Number.isInteger(granularity.unit) && Number.isInteger(granularity.origin)) return rounded;
  return rounded + Math.sign(level - MEDIAN_INDEX) * HAIR * granularity.unit;
}

interface Bounds {
  /** The values on which the series visibly rests; infinite where there is no such bound. */
  readonly lowest: number;
  readonly highest: number;
  /** Levels beyond these stand for the bound. */
  readonly aboveLowest: number;
  readonly belowHighest: number;
}

function boundsOf(values: Float64Array): Bounds {
  let low = Number.POSITIVE_INFINITY;
  let nextLow = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let nextHigh = Number.NEGATIVE_INFINITY;
  let atLow = 0;
  let atHigh = 0;
  let samples = 0;
  for (let i = Math.max(0, values.length - BOUND_STEPS); i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    samples++;
    if (value < low) {
      nextLow = low;
      low = value;
      atLow = 0;
    } else if (value > low && value < nextLow) nextLow = value;
    if (value > high) {
      nextHigh = high;
      high = value;
      atHigh = 0;
    } else if (value < high && value > nextHigh) nextHigh = value;
    if (value === low) atLow++;
    if (value === high) atHigh++;
  }
  // One value alone has neither: a flat series may start to move either way.
  const least = Math.max(2, BOUND_SHARE * samples);
  const restsLow = low < high && atLow >= least;
  const restsHigh = low < high && atHigh >= least;
  return {
    lowest: restsLow ? low : Number.NEGATIVE_INFINITY,
    highest: restsHigh ? high : Number.POSITIVE_INFINITY,
    aboveLowest: restsLow ? low + BOUND_REACH * (nextLow - low) : Number.NEGATIVE_INFINITY,
    belowHighest: restsHigh ? high - BOUND_REACH * (high - nextHigh) : Number.POSITIVE_INFINITY,
  };
}
