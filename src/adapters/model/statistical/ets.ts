import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { fillErrorQuantiles } from '../../../forecast/sample-quantiles.ts';
import { fillClimatology } from './climatology.ts';
import { SETTLING_STEPS, type SeasonalView } from './seasonal-view.ts';
import { SMOOTHINGS, type SmoothedPath, smooth, startLevel, trendSum } from './smoother.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Leads whose errors are measured grow by this factor; rows between them are interpolated. */
const LEAD_GROWTH = 2.2;
/** Most past forecasts a lead is judged by. */
const MOST_ERRORS = 240;
/** A context with fewer samples only tells its own quantiles. */
const LEAST_SAMPLES = 12;
const MEDIAN_SAMPLES = 200;
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
  const samples = countSamples(residuals);
  if (samples < LEAST_SAMPLES) {
    fillClimatology(view, residuals.length, target);
    return;
  }
  const start = startLevel(residuals);
  const paths = SMOOTHINGS.map((smoothing) => smooth(residuals, { ...smoothing, damping, start }));
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
  const end = residuals.length - at.lead;
  const first = Math.min(SETTLING_STEPS, residuals.length >> 2);
  const stride = Math.max(1, Math.floor((end - first) / MOST_ERRORS));
  const past: PastForecasts = { first, end, stride, lead: at.lead, trend: trendSum(at.damping, at.lead) };
  const errors = new Float64Array(Math.max(0, Math.ceil((end - first) / stride)));
  let best: SmoothedPath | undefined;
  let leastError = Number.POSITIVE_INFINITY;
  for (const path of paths) {
    const count = fillErrors(residuals, path, past, errors);
    if (count < LEAST_ERRORS) return false;
    const error = meanSize(errors, count);
    if (!(error < leastError)) continue;
    leastError = error;
    best = path;
  }
  if (best === undefined) return false;
  const count = fillErrors(residuals, best, past, errors);
  fillErrorQuantiles(errors.subarray(0, count), rows, offset);
  const point = best.levels.at(-1)! + past.trend * (best.trends?.at(-1) ?? 0);
  for (let level = 0; level < LEVELS; level++) rows[offset + level]! += point;
  return true;
}

/** Origins first, first + stride, … before `end`, whose forecasts at one lead are compared with what came. */
interface PastForecasts {
  readonly first: number;
  readonly end: number;
  readonly stride: number;
  readonly lead: number;
  /** Steps of trend to the lead. */
  readonly trend: number;
}

/** Errors of a smoother's past forecasts in the order of time, without missing ones; answers how many. */
function fillErrors(residuals: Float64Array, path: SmoothedPath, past: PastForecasts, errors: Float64Array): number {
  const { levels, trends } = path;
  const { end, stride, lead, trend } = past;
  let count = 0;
  for (let k = past.first; k < end; k += stride) {
    const expected = trends === undefined ? levels[k]! : levels[k]! + trend * trends[k]!;
    const error = residuals[k + lead]! - expected;
    errors[count] = error;
    if (!Number.isNaN(error)) count++;
  }
  return count;
}

function meanSize(values: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.abs(values[i]!);
  return sum / count;
}

function countSamples(values: Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i]!)) count++;
  return count;
}

/** Median of evenly spaced samples: as good as that of all, at a tenth of the cost. */
function medianOf(values: Float64Array): number {
  const stride = Math.max(1, Math.floor(values.length / MEDIAN_SAMPLES));
  const some = new Float64Array(Math.ceil(values.length / stride));
  let count = 0;
  for (let i = 0; i < values.length; i += stride) if (!Number.isNaN(values[i]!)) some[count++] = values[i]!;
  return count === 0 ? 0 : some.subarray(0, count).sort()[count >> 1]!;
}

function still(steps: number, level: number): SmoothedPath {
  return { levels: new Float64Array(steps).fill(level), trends: undefined };
}

/** 1, 2, 4, 9 … and the horizon itself. */
function leadsUpTo(horizonSteps: number): number[] {
  const leads: number[] = [];
  for (let lead = 1; lead < horizonSteps; lead = Math.ceil(lead * LEAD_GROWTH)) leads.push(lead);
  leads.push(horizonSteps);
  return leads;
}
