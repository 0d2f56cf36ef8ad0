import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Newest steps in which a bound must show. */
const BOUND_STEPS = 1500;
/** Share of the samples that sit exactly on the lowest (highest) value of all, from which on it counts as a bound. */
const BOUND_SHARE = 0.05;

/**
 * Last touches on the rows of a series, in place: no level beyond a bound that the series itself shows (counts that are
 * often zero, ratios that are often one), levels ascend whatever rounding did, the scale of `prepareSeries` is undone,
 * and everything is finite.
 */
export function finishRows(quantiles: Float64Array, values: Float64Array, scale: number): void {
  const { lowest, highest } = boundsOf(values);
  for (let i = 0; i < quantiles.length; i++) {
    const bounded = Math.min(highest, Math.max(lowest, quantiles[i]!)) * scale;
    const value = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, bounded));
    quantiles[i] = i % LEVELS === 0 ? value : Math.max(value, quantiles[i - 1]!);
  }
}

/** The values on which the series visibly rests; infinite where there is no such bound. */
function boundsOf(values: Float64Array): { readonly lowest: number; readonly highest: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let atLow = 0;
  let atHigh = 0;
  let samples = 0;
  for (let i = Math.max(0, values.length - BOUND_STEPS); i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    samples++;
    if (value < low) {
      low = value;
      atLow = 0;
    }
    if (value > high) {
      high = value;
      atHigh = 0;
    }
    if (value === low) atLow++;
    if (value === high) atHigh++;
  }
  // One value alone has neither: a flat series may start to move either way.
  const least = Math.max(2, BOUND_SHARE * samples);
  return {
    lowest: low < high && atLow >= least ? low : Number.NEGATIVE_INFINITY,
    highest: low < high && atHigh >= least ? high : Number.POSITIVE_INFINITY,
  };
}
