import { fillSeasonal } from '../../../forecast/template.ts';

/** Newest steps whose forecast errors engines learn from: a day at a minute, enough for a 0.99 level. */
const ERROR_STEPS = 1500;
/** Steps before those in which smoothers settle. */
export const SETTLING_STEPS = 200;

/** A context with its rhythm taken off, near its end and over the horizon. */
export interface SeasonalView {
  /** Whole context; NaN is a missing sample. */
  readonly values: Float64Array;
  readonly horizonSteps: number;
  /** Periods in steps, best first; empty: nothing was taken off. */
  readonly periods: readonly number[];
  /** Newest residuals (value − template), oldest first; NaN where value or template is missing. */
  readonly residuals: Float64Array;
  /** Template of each horizon step; finite. */
  readonly ahead: Float64Array;
}

/**
 * Takes the template of the given periods off the newest steps. Periods that the context is too short for, or whose
 * template meets no sample, are left away. `values` holds at least one sample, so that the residuals do too.
 */
export function seasonalView(values: Float64Array, periods: readonly number[], horizonSteps: number): SeasonalView {
  const n = values.length;
  let missing = 0;
  while (missing < n - 1 && Number.isNaN(values[n - 1 - missing]!)) missing++;
  const steps = Math.min(n, missing + ERROR_STEPS + SETTLING_STEPS);
  const usable = periods.filter((period) => period < n);
  const template = new Float64Array(steps + horizonSteps);
  fillSeasonal(values, usable, n - steps, template);
  bridgeGaps(template);
  const residuals = template.slice(0, steps);
  let samples = 0;
  for (let i = 0; i < steps; i++) {
    residuals[i] = values[n - steps + i]! - residuals[i]!;
    if (!Number.isNaN(residuals[i]!)) samples++;
  }
  if (samples === 0 && usable.length > 0) return seasonalView(values, [], horizonSteps);
  return { values, horizonSteps, periods: usable, residuals, ahead: template.subarray(steps) };
}

/** Missing values take the one before them. */
function bridgeGaps(template: Float64Array): void {
  for (let i = 1; i < template.length; i++) if (Number.isNaN(template[i]!)) template[i] = template[i - 1]!;
}
