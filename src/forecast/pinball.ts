import { QUANTILE_LEVELS } from './quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;

/**
 * Sum of the pinball (quantile) losses of a forecast over its steps and levels; steps without an actual value are left
 * out. `quantiles` is step-major with one entry per level, `actual` has one entry per step. The loss of level p is
 * p·d above the quantile and (p − 1)·d below it, d = actual − quantile: its mean is smallest for the true quantile.
 */
export function pinballLoss(quantiles: Float64Array, actual: Float64Array): number {
  let sum = 0;
  for (let step = 0; step < actual.length; step++) {
    const value = actual[step]!;
    if (Number.isNaN(value)) continue;
    for (let level = 0; level < LEVELS; level++) {
      const deviation = value - quantiles[step * LEVELS + level]!;
      sum += deviation >= 0 ? QUANTILE_LEVELS[level]! * deviation : (QUANTILE_LEVELS[level]! - 1) * deviation;
    }
  }
  return sum;
}
