import { autocorrelation } from './autocorrelation.ts';
import { fillTemplate } from './template.ts';

const HOUR_MS = 3_600_000;
const CALENDAR_MS = [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS];

/** Highest peaks of the autocorrelation that are looked at: the true period and some multiples. */
const MOST_PEAKS = 6;
const LEAST_CORRELATION = 0.1;
/** Newest steps over which templates are compared. */
const JUDGED_STEPS = 3000;
/** A template must err less than this share of what a constant level would. */
const LEAST_GAIN = 0.95;
/** The second period joins a mean, so alone it may be a little worse; together they must be better by half a percent. */
const SECOND_GAIN = LEAST_GAIN * 1.05;
const JOINT_GAIN = 0.995;
/** Noise moves a peak by a step or two; where a calendar period does about as well, it is the calendar's. */
const CALENDAR_BONUS = 0.99;
/** Periods closer than this share are the same one. */
const SAME_PERIOD = 0.02;

interface Candidate {
  readonly period: number;
  /** Mean absolute error of its template over that of a constant level. */
  readonly error: number;
  readonly template: Float64Array;
}

/**
 * Periods of a column in steps, best first, at most two; empty when no rhythm pays. Candidates are the peaks of the
 * autocorrelation and the calendar's hour, day and week; the one whose template errs least is kept, and a second that
 * makes their mean better. Telemetry often has periods no calendar knows (jobs every 36 steps, scrape artefacts), so
 * detection decides, not the calendar. NaN is a missing sample.
 */
export function findPeriods(values: Float64Array, stepMs: number): number[] {
  const n = values.length;
  const judged = values.subarray(n - Math.min(JUDGED_STEPS, n >> 1));
  const levelError = errorOfLevel(judged);
  if (!(levelError > 0)) return [];
  const candidates: Candidate[] = [];
  const calendar = calendarPeriods(stepMs);
  for (const period of new Set([...peaks(values), ...calendar])) {
    if (period < 2 || period * 2 > n) continue;
    const template = new Float64Array(judged.length);
    fillTemplate(values, period, n - judged.length, template);
    const handicap = calendar.includes(period) ? CALENDAR_BONUS : 1;
    const error = (meanError(judged, period, (i) => template[i]!) / levelError) * handicap;
    if (error < SECOND_GAIN) candidates.push({ period, error, template });
  }
  candidates.sort((a, b) => a.error - b.error || a.period - b.period);
  const best = candidates[0];
  if (best === undefined || best.error >= LEAST_GAIN) return [];
  const second = secondPeriod(judged, levelError, candidates);
  return second === undefined ? [best.period] : [best.period, second];
}

/** Hour, day and week in steps, where they are whole and longer than one. */
export function calendarPeriods(stepMs: number): number[] {
  return CALENDAR_MS.filter((periodMs) => periodMs % stepMs === 0 && periodMs > stepMs).map((ms) => ms / stepMs);
}

function peaks(values: Float64Array): number[] {
  const maxLag = (values.length >> 1) - 1;
  if (maxLag < 3) return [];
  const correlation = autocorrelation(values, maxLag);
  const found: number[] = [];
  for (let lag = 2; lag < maxLag; lag++) {
    const here = correlation[lag]!;
    if (here > LEAST_CORRELATION && here > correlation[lag - 1]! && here >= correlation[lag + 1]!) found.push(lag);
  }
  return found.sort((a, b) => correlation[b]! - correlation[a]! || a - b).slice(0, MOST_PEAKS);
}

function secondPeriod(judged: Float64Array, levelError: number, candidates: readonly Candidate[]): number | undefined {
  const best = candidates[0]!;
  let least = best.error * JOINT_GAIN;
  let found: number | undefined;
  for (const other of candidates.slice(1)) {
    if (Math.abs(other.period - best.period) <= Math.max(1, SAME_PERIOD * best.period)) continue;
    const joint = (i: number) => (other.template[i]! + best.template[i]!) / 2;
    const error = meanError(judged, other.period, joint) / levelError;
    if (error >= least) continue;
    least = error;
    found = other.period;
  }
  return found;
}

/** Mean absolute error of a template; Infinity when fewer steps than one period can be compared. */
function meanError(judged: Float64Array, period: number, template: (i: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < judged.length; i++) {
    const error = Math.abs(judged[i]! - template(i));
    if (Number.isNaN(error)) continue;
    sum += error;
    count++;
  }
  return count < period ? Number.POSITIVE_INFINITY : sum / count;
}

/** Mean absolute deviation from the median; 0 for a column without samples. */
function errorOfLevel(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return 0;
  const median = sorted[sorted.length >> 1]!;
  let sum = 0;
  for (const value of sorted) sum += Math.abs(value - median);
  return sum / sorted.length;
}
