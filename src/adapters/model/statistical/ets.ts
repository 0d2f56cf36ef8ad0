import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { fillErrorQuantiles } from '../../../forecast/sample-quantiles.ts';
import { fillClimatology } from './climatology.ts';
import { SETTLING_STEPS, type SeasonalView } from './seasonal-view.ts';
import { SMOOTHINGS, type SmoothedPath, smooth, trendSum } from './smoother.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Leads whose errors are measured grow by this factor; rows between them are interpolated. */
const LEAD_GROWTH = 2.2;
/** Most past forecasts a lead is judged by. */
const MOST_ERRORS = 320;
/** A context with fewer samples only tells its own quantiles. */
const LEAST_SAMPLES = 12;
/** A lead needs this many past forecasts, otherwise the row of the lead before it stands. */
const LEAST_ERRORS = 8;

/**
 * Exponential smoothing with damped trend (Holt-Winters; the season is the robust template of the view). At each of
 * some leads the smoothing is chosen that erred least at that lead in the recent past, and the quantiles are those of
 * its errors there: no noise model, and no formula that spreads one-step errors over the horizon. `target` takes
 * horizon × levels.
 */
export function fillEts(view: SeasonalView, damping: number, target: Float64Array): void {
  const { residuals, horizonSteps, ahead } = view;
  const samples = residuals.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  if (samples < LEAST_SAMPLES) {
    fillClimatology(view, residuals.length, target);
    return;
  }
  const paths = SMOOTHINGS.map((smoothing) => smooth(residuals, smoothing, damping));
  // Two that never move: far ahead, the median of the past or the template alone is often the best there is.
  paths.push(still(residuals.length, medianOf(residuals)));
  if (view.periods.length > 0) paths.push(still(residuals.length, 0));
  const leads = leadsUpTo(horizonSteps);
  const rows = new Float64Array(leads.length * LEVELS);
  for (let i = 0; i < leads.length; i++) {
    if (fillLead(view, paths, { lead: leads[i]!, damping }, rows, i * LEVELS)) continue;
    if (i > 0) rows.copyWithin(i * LEVELS, (i - 1) * LEVELS, i * LEVELS);
    else {
      fillClimatology(view, residuals.length, target);
      return;
    }
  }
  for (let step = 0, i = 0; step < horizonSteps; step++) {
    while (i < leads.length - 2 && leads[i + 1]! < step + 1) i++;
    const next = Math.min(i + 1, leads.length - 1);
    const share = next === i ? 0 : (step + 1 - leads[i]!) / (leads[next]! - leads[i]!);
    for (let level = 0; level < LEVELS; level++) {
      const value = (1 - share) * rows[i * LEVELS + level]! + share * rows[next * LEVELS + level]!;
      target[step * LEVELS + level] = ahead[step]! + value;
    }
  }
}

interface At {
  readonly lead: number;
  readonly damping: number;
}

/** Writes the row of one lead, template not added; false when there are too few past forecasts to judge by. */
function fillLead(
  view: SeasonalView,
  paths: readonly SmoothedPath[],
  at: At,
  rows: Float64Array,
  offset: number,
): boolean {
  const { residuals } = view;
  const last = residuals.length - 1 - at.lead;
  const first = Math.min(SETTLING_STEPS, residuals.length >> 2);
  const stride = Math.max(1, Math.floor((last - first + 1) / MOST_ERRORS));
  const trend = trendSum(at.damping, at.lead);
  const most = Math.max(0, Math.floor((last - first) / stride) + 1);
  let best = new Float64Array(most);
  let errors = new Float64Array(most);
  let bestCount = 0;
  let leastError = Number.POSITIVE_INFINITY;
  let point = 0;
  for (const path of paths) {
    let count = 0;
    let sum = 0;
    for (let k = first; k <= last; k += stride) {
      const error = residuals[k + at.lead]! - expectedAt(path, k, trend);
      if (Number.isNaN(error)) continue;
      errors[count++] = error;
      sum += Math.abs(error);
    }
    if (count < LEAST_ERRORS) return false;
    if (!(sum / count < leastError)) continue;
    leastError = sum / count;
    point = expectedAt(path, residuals.length - 1, trend);
    [best, errors] = [errors, best];
    bestCount = count;
  }
  fillErrorQuantiles(best.subarray(0, bestCount), rows, offset);
  for (let level = 0; level < LEVELS; level++) rows[offset + level]! += point;
  return true;
}

function expectedAt(path: SmoothedPath, k: number, trend: number): number {
  return path.trends === undefined ? path.levels[k]! : path.levels[k]! + trend * path.trends[k]!;
}

function still(steps: number, level: number): SmoothedPath {
  return { levels: new Float64Array(steps).fill(level), trends: undefined };
}

function medianOf(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted[sorted.length >> 1]!;
}

/** 1, 2, 4, 9 … and the horizon itself. */
function leadsUpTo(horizonSteps: number): number[] {
  const leads: number[] = [];
  for (let lead = 1; lead < horizonSteps; lead = Math.ceil(lead * LEAD_GROWTH)) leads.push(lead);
  leads.push(horizonSteps);
  return leads;
}
