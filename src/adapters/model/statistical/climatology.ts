import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { fillSampleQuantiles } from '../../../forecast/sample-quantiles.ts';
import type { SeasonalView } from './seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** With fewer samples in the window, all residuals at hand are taken. */
const LEAST_SAMPLES = 20;

/**
 * Quantiles of the recent past, around the seasonal template where there is one: the same row at every step ahead,
 * shifted by the template of its phase. `target` takes horizon × levels.
 */
export function fillClimatology(view: SeasonalView, windowSteps: number, target: Float64Array): void {
  const { residuals, ahead } = view;
  let recent = finite(residuals.subarray(Math.max(0, residuals.length - windowSteps)));
  if (recent.length < LEAST_SAMPLES) recent = finite(residuals);
  const row = new Float64Array(LEVELS);
  if (recent.length === 0) row.fill(Number.NaN);
  else fillSampleQuantiles(recent.sort(), row, 0);
  for (let step = 0; step < view.horizonSteps; step++) {
    for (let level = 0; level < LEVELS; level++) target[step * LEVELS + level] = ahead[step]! + row[level]!;
  }
}

function finite(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value));
}
