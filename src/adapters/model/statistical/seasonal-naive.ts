import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { fillErrorQuantiles } from '../../../forecast/sample-quantiles.ts';
import { TEMPLATE_CYCLES } from '../../../forecast/template.ts';
import type { SeasonalView } from './seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;
/** Most errors the quantiles are taken from. */
const MOST_ERRORS = 400;

/**
 * The value one period ago (the last value where there is no period), with the quantiles of what that rule missed
 * recently. `target` takes horizon × levels.
 */
export function fillSeasonalNaive(view: SeasonalView, target: Float64Array): void {
  const { values, residuals, horizonSteps } = view;
  const period = view.periods[0] ?? 1;
  const n = values.length;
  const row = new Float64Array(LEVELS);
  const errors = recentErrors(values, period, Math.max(period, n - residuals.length));
  if (errors.length > 0) fillErrorQuantiles(errors, row, 0);
  const center = row[MEDIAN_INDEX]!;
  const last = newest(values, n - 1, 1, n);
  for (let step = 0; step < horizonSteps; step++) {
    const back = period * (Math.floor(step / period) + 1);
    const value = newest(values, n + step - back, period, TEMPLATE_CYCLES);
    const point = Number.isNaN(value) ? last : value;
    for (let level = 0; level < LEVELS; level++) target[step * LEVELS + level] = point + (row[level]! - center);
  }
}

function recentErrors(values: Float64Array, period: number, from: number): Float64Array {
  const stride = Math.max(1, Math.floor((values.length - from) / MOST_ERRORS));
  const errors = new Float64Array(Math.ceil((values.length - from) / stride));
  let count = 0;
  for (let t = from; t < values.length; t += stride) {
    const error = values[t]! - values[t - period]!;
    if (!Number.isNaN(error)) errors[count++] = error;
  }
  return errors.subarray(0, count);
}

/** The value at a position, or the next older one of the same phase; NaN when `cycles` of them are missing. */
function newest(values: Float64Array, position: number, period: number, cycles: number): number {
  for (let cycle = 0; cycle < cycles && position >= 0; cycle++, position -= period) {
    if (!Number.isNaN(values[position]!)) return values[position]!;
  }
  return Number.NaN;
}
