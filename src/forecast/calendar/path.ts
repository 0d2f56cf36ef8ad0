import { QUANTILE_LEVELS } from '../quantile.ts';
import { boundsOf } from './bounds.ts';
import { leadAt, weighCandidates } from './leads.ts';
import { expectAhead } from './levels.ts';
import { seasonAt } from './season.ts';
import { CANDIDATES, type CalendarMemory, type CalendarShape, F64, LEAD_FIELDS, LEADS } from './shape.ts';
import type { CalendarTimes } from './times.ts';

const LEVELS = QUANTILE_LEVELS.length;
/** Own errors of a lead count for as much as those of the lead before it when there are so many. */
const BELIEVED_AFTER = 8;
const LOG_LEADS = LEADS.map(Math.log);

const weights = new Float64Array(CANDIDATES);
const ahead = new Float64Array(CANDIDATES);
const points = new Float64Array(LEADS.length);
const seasonals = new Float64Array(LEADS.length);
const errors = new Float64Array(LEADS.length * LEVELS);

/**
 * Writes the quantiles of `times.steps` steps × levels to `target` from `at` on, for the steps of `times`, which follow
 * the newest sample that was learnt. NaN where nothing was learnt.
 */
export function forecast(
  shape: CalendarShape,
  memory: CalendarMemory,
  times: CalendarTimes,
  target: Float64Array,
  at = 0,
): void {
  const { f64 } = memory;
  if (f64[F64.samples] === 0) {
    target.fill(Number.NaN, at, at + times.steps * LEVELS);
    return;
  }
  prepareLeads(shape, memory);
  const bounds = boundsOf(shape, memory);
  const scale = f64[F64.scale]! === 0 ? 1 : f64[F64.scale]!;
  const base = f64[F64.base]!;
  const isSeasonal = f64[F64.isSeasonal] !== 0;
  for (let i = 0, j = 0; i < times.steps; i++) {
    const lead = Math.max(1, times.firstStep + i - f64[F64.last]!);
    while (j < LEADS.length - 2 && LEADS[j + 1]! < lead) j++;
    const share = Math.min(1, (Math.log(lead) - LOG_LEADS[j]!) / (LOG_LEADS[j + 1]! - LOG_LEADS[j]!));
    const season = isSeasonal ? seasonAt(shape, memory, times, i) : 0;
    const near = points[j]! + seasonals[j]! * season;
    const far = points[j + 1]! + seasonals[j + 1]! * season;
    const point = near === far ? near : near + share * (far - near);
    const from = at + i * LEVELS;
    for (let level = 0; level < LEVELS; level++) {
      const low = errors[j * LEVELS + level]!;
      const high = errors[(j + 1) * LEVELS + level]!;
      const quantile = point + (low === high ? low : low + share * (high - low));
      const bounded = Math.max(bounds.low, Math.min(bounds.high, quantile));
      const value = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, base + bounded * scale));
      target[from + level] = level === 0 ? value : Math.max(value, target[from + level - 1]!);
    }
  }
}

/** Point without season, share of the season, and error quantiles of every lead; young leads lean on the one before. */
function prepareLeads(shape: CalendarShape, memory: CalendarMemory): void {
  const { f32 } = memory;
  for (let j = 0; j < LEADS.length; j++) {
    const at = leadAt(shape, j);
    const count = f32[at + LEAD_FIELDS.count]!;
    const own = j === 0 ? 1 : count / (count + BELIEVED_AFTER);
    const seasonal = weighCandidates(shape, memory, j, weights);
    expectAhead(memory, j, ahead, 0);
    let point = 0;
    for (let k = 0; k < CANDIDATES; k++) point += weights[k]! * ahead[k]!;
    points[j] = j === 0 ? point : points[j - 1]! + own * (point - points[j - 1]!);
    seasonals[j] = j === 0 ? seasonal : seasonals[j - 1]! + own * (seasonal - seasonals[j - 1]!);
    for (let level = 0; level < LEVELS; level++) {
      const quantile = f32[at + LEAD_FIELDS.quantiles + level]! * f32[at + LEAD_FIELDS.size]!;
      const before = j === 0 ? quantile : errors[(j - 1) * LEVELS + level]!;
      errors[j * LEVELS + level] = before + own * (quantile - before);
    }
    // Tracked one by one, they may cross for a moment.
    errors.subarray(j * LEVELS, (j + 1) * LEVELS).sort();
  }
}
