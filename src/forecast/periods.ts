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

/** "Far ahead": so many steps lie between a position and the newest value its template may see. */
const FAR_STEPS = 64;

interface Candidate {
  readonly period: number;
  /** Mean absolute error of its template over that of a constant level. */
  readonly error: number;
  readonly template: Float64Array;
}

/**
 * Periods of a column in steps, at most two; empty when no rhythm pays. Candidates are the peaks of the autocorrelation
 * and the calendar's hour, day and week. First comes the one whose template says most far ahead, where a short "period"
 * of a smooth series, whose template is a running mean in disguise, says nothing that a level does not. Then the one
 * whose template says most of the next step, or, where that is the same, a partner that makes it better. Telemetry often
 * has periods no calendar knows (jobs every 36 steps, scrape artefacts), so detection decides, not the calendar. NaN is a
 * missing sample.
 */
export function findPeriods(values: Float64Array, stepMs: number): number[] {
  const n = values.length;
  const judged = values.subarray(n - Math.min(JUDGED_STEPS, n >> 1));
  const levelError = errorOfLevel(judged);
  if (!(levelError > 0)) return [];
  const farLevelError = Math.min(levelError, levelledError(judged, new Float64Array(judged.length), 1));
  const near: Candidate[] = [];
  let far: Omit<Candidate, 'template'> | undefined;
  const calendar = calendarPeriods(stepMs);
  for (const period of new Set([...peaks(values), ...calendar])) {
    if (period < 2 || period * 2 > n) continue;
    const handicap = calendar.includes(period) ? CALENDAR_BONUS : 1;
    const template = templateOf(values, period, judged.length, 1);
    const error = (meanError(judged, period, template) / levelError) * handicap;
    if (error < SECOND_GAIN) near.push({ period, error, template });
    const ahead = period >= FAR_STEPS ? template : templateOf(values, period, judged.length, FAR_STEPS);
    const aheadError = Math.min(meanError(judged, period, ahead), levelledError(judged, ahead, period));
    const candidate = { period, error: (aheadError / farLevelError) * handicap };
    if (candidate.error < LEAST_GAIN && (far === undefined || compare(candidate, far) < 0)) far = candidate;
  }
  near.sort(compare);
  const found = far === undefined ? [] : [far.period];
  const nearest = near[0];
  if (nearest === undefined || nearest.error >= LEAST_GAIN) return found;
  if (differs(nearest.period, found)) found.push(nearest.period);
  if (found.length > 1) return found;
  const second = secondPeriod(judged, levelError, near, found);
  return second === undefined ? found : [...found, second];
}

function compare(a: Omit<Candidate, 'template'>, b: Omit<Candidate, 'template'>): number {
  return a.error - b.error || a.period - b.period;
}

function differs(period: number, found: readonly number[]): boolean {
  return found.every((other) => Math.abs(period - other) > Math.max(1, SAME_PERIOD * other));
}

/** The template of the newest `steps` positions from what is known `lead` steps before each. */
function templateOf(values: Float64Array, period: number, steps: number, lead: number): Float64Array {
  const template = new Float64Array(steps);
  fillTemplate(values, period, values.length - steps, template, lead);
  return template;
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

/** The period whose template makes the mean with that of the best one better, where one does. */
function secondPeriod(
  judged: Float64Array,
  levelError: number,
  near: readonly Candidate[],
  found: readonly number[],
): number | undefined {
  const best = near[0]!;
  const joint = new Float64Array(judged.length);
  let least = best.error * JOINT_GAIN;
  let second: number | undefined;
  for (const other of near.slice(1)) {
    if (!differs(other.period, found)) continue;
    for (let i = 0; i < joint.length; i++) joint[i] = (other.template[i]! + best.template[i]!) / 2;
    const error = meanError(judged, other.period, joint) / levelError;
    if (error >= least) continue;
    least = error;
    second = other.period;
  }
  return second;
}

/** Mean absolute error of a template; Infinity when fewer steps than one period can be compared. */
function meanError(judged: Float64Array, period: number, template: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < judged.length; i++) {
    const error = Math.abs(judged[i]! - template[i]!);
    if (Number.isNaN(error)) continue;
    sum += error;
    count++;
  }
  return count < period ? Number.POSITIVE_INFINITY : sum / count;
}

/**
 * Mean absolute error of a template plus a level known `FAR_STEPS` before: the mean of the `FAR_STEPS` errors until then.
 * Infinity when fewer steps than one period can be compared.
 */
function levelledError(judged: Float64Array, template: Float64Array, period: number): number {
  let level = 0;
  let known = 0;
  let sum = 0;
  let count = 0;
  for (let i = FAR_STEPS; i < judged.length; i++) {
    const newest = judged[i - FAR_STEPS]! - template[i - FAR_STEPS]!;
    if (!Number.isNaN(newest)) {
      level += newest;
      known++;
    }
    if (i >= 2 * FAR_STEPS) {
      const oldest = judged[i - 2 * FAR_STEPS]! - template[i - 2 * FAR_STEPS]!;
      if (!Number.isNaN(oldest)) {
        level -= oldest;
        known--;
      }
    }
    const error = judged[i]! - template[i]!;
    if (known === 0 || Number.isNaN(error)) continue;
    sum += Math.abs(error - level / known);
    count++;
  }
  return count < Math.max(period, 1) ? Number.POSITIVE_INFINITY : sum / count;
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
