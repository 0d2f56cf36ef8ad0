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
 * template has no value near the end, are left away.
 */
export function seasonalView(values: Float64Array, periods: readonly number[], horizonSteps: number): SeasonalView {
  const n = values.length;
  const steps = Math.min(n, ERROR_STEPS + SETTLING_STEPS);
  const usable = periods.filter((period) => period < n);
  const template = new Float64Array(steps + horizonSteps);
  fillSeasonal(values, usable, n - steps, template);
  if (!bridgeGaps(template)) return seasonalView(values, [], horizonSteps);
  const residuals = template.slice(0, steps);
  for (let i = 0; i < steps; i++) residuals[i] = values[n - steps + i]! - residuals[i]!;
  return { values, horizonSteps, periods: usable, residuals, ahead: template.subarray(steps) };
}

/** Missing values take the one before them; false when there is none at all. */
function bridgeGaps(template: Float64Array): boolean {
  let last = Number.NaN;
  let found = false;
  for (let i = 0; i < template.length; i++) {
    if (!Number.isNaN(template[i]!)) {
      last = template[i]!;
      found = true;
    } else template[i] = last;
  }
  return found && !Number.isNaN(last);
}
