import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { fillSampleQuantiles } from '../../../forecast/sample-quantiles.ts';
import type { SeasonalView } from './seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;

/**
 * Distance from the 0.95 to the 0.99 level over that from 0.9 to 0.95: 2.3 for an exponential tail, and half as much
 * again so that heavier ones have room.
 */
const OUTERMOST_REACH = (1.5 * Math.log(5)) / Math.log(2);
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
  else {
    fillSampleQuantiles(recent.sort(), row, 0);
    limitOutermost(row);
  }
  for (let step = 0; step < view.horizonSteps; step++) {
    for (let level = 0; level < LEVELS; level++) target[step * LEVELS + level] = ahead[step]! + row[level]!;
  }
}

/** The outermost levels of a short window are single values; they may not lie far beyond what the next ones suggest. */
function limitOutermost(row: Float64Array): void {
  const last = LEVELS - 1;
  const above = row[last - 1]! + OUTERMOST_REACH * (row[last - 1]! - row[last - 2]!);
  const below = row[1]! - OUTERMOST_REACH * (row[2]! - row[1]!);
  row[last] = Math.min(row[last]!, above);
  row[0] = Math.max(row[0]!, below);
}

function finite(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value));
}
