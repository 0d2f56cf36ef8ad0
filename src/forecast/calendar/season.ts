import { type CalendarMemory, type CalendarShape, F64, VISITS } from './shape.ts';
import type { CalendarTimes } from './times.ts';

/**
 * The season of a series: a profile of the day that is the sum of three (all days; weekdays and weekends; each day of
 * the week), spikes of a few minutes on top, and a profile of the hour.
 *
 * Each cell of the three profiles is a random effect with a prior: a visit moves all three by the gain of a Kalman
 * filter with a diagonal covariance, P_i / (ΣP + 1) with P = prior / (1 + prior · visits), in units of the variance of
 * a visit. So what is seen goes to the all-days profile first, and moves on to the day class and the day as these
 * repeat: Harvey, Forecasting, Structural Time Series Models and the Kalman Filter, 1989, ch. 4, for the filter; Gelman
 * and Hill, Data Analysis Using Regression, 2007, ch. 12, for partial pooling. Visits stop counting at a cap, which
 * makes it forget.
 */

const PRIORS = [8, 4, 4];
/** Visits after which a cell forgets at the rate it learns: two weeks of days, two of weekdays, six of a weekday. */
const MOST_VISITS = [14, 10, 6];
/** A spike, or a minute of the hour, counts from so many standard errors on (positive-part James–Stein shrinkage). */
const LEAST_ERRORS_SQUARED = 6;
const MOST_SPIKE_VISITS = 14;
const MOST_HOUR_VISITS = 72;
const MOST_SPREAD_VISITS = 30;
/** Mean absolute to squared deviation of a normal variable: π / 2. */
const SQUARED = Math.PI / 2;
/** Saturday and Sunday are the rows from here on. */
const WEEKEND_ROW = 5;

/** The season at an instant, relative to the level. */
export function seasonAt(shape: CalendarShape, memory: CalendarMemory, times: CalendarTimes, i: number): number {
  const { f32 } = memory;
  const share = times.share[i]!;
  let value = profileAt(shape, f32, times.rowA[i]!, times.cellA[i]!);
  if (share > 0) value += share * (profileAt(shape, f32, times.rowB[i]!, times.cellB[i]!) - value);
  if (shape.spikeCells > 0 || shape.hourCells > 0) {
    const spread = f32[shape.spread + times.cell[i]!]!;
    const variance = SQUARED * spread * spread;
    if (shape.spikeCells > 0) value += shrunk(memory, shape.spikes + times.spike[i]!, variance);
    if (shape.hourCells > 0) value += shrunk(memory, shape.hours + times.minute[i]!, variance);
  }
  return value;
}

function profileAt(shape: CalendarShape, f32: Float32Array, row: number, cell: number): number {
  const { profile, dayCells } = shape;
  const all = f32[profile + cell]!;
  if (!shape.usesWeek) return all;
  const kind = row >= WEEKEND_ROW ? 2 : 1;
  return all + f32[profile + kind * dayCells + cell]! + f32[profile + (3 + row) * dayCells + cell]!;
}

/** A cell's mean where it stands out of its standard error, else nothing. */
function shrunk({ f32, u8 }: CalendarMemory, at: number, variance: number): number {
  const visits = u8[at]!;
  if (visits < 2) return 0;
  const mean = f32[at]!;
  const square = mean * mean;
  const noise = (LEAST_ERRORS_SQUARED * variance) / visits;
  return square > noise ? mean * (1 - noise / square) : 0;
}

/** What a sample teaches the season. */
export interface SeasonSample {
  /** Value over the slow reference, season taken off; on the first day the value itself. */
  readonly deviation: number;
  /** Value over the near level, season taken off: wandering is not in it. */
  readonly nearDeviation: number;
}

/** Adds a sample to the visits of its cells; a cell learns when it is left. */
export function learnSeason(
  shape: CalendarShape,
  memory: CalendarMemory,
  times: CalendarTimes,
  i: number,
  sample: SeasonSample,
): void {
  const { f32 } = memory;
  const at = shape.visits;
  const cell = times.cell[i]!;
  const row = times.row[i]!;
  if (f32[at + VISITS.dayCell] !== cell || f32[at + VISITS.dayRow] !== row) {
    leaveDayCell(shape, memory);
    f32[at + VISITS.dayCell] = cell;
    f32[at + VISITS.dayRow] = row;
  }
  f32[at + VISITS.daySum]! += sample.deviation;
  f32[at + VISITS.dayCount]! += 1;
  f32[at + VISITS.spreadSum]! += Math.abs(sample.nearDeviation);
  f32[at + VISITS.spreadCount]! += 1;
  // On the first day the near level lags behind the day's rhythm, and that lag would be learnt as spikes.
  if (memory.f64[F64.isSeasonal] === 0) return;
  if (shape.spikeCells > 0) {
    const spike = times.spike[i]!;
    if (f32[at + VISITS.spikeCell] !== spike) {
      leaveCell(memory, at + VISITS.spikeSum, shape.spikes + f32[at + VISITS.spikeCell]!, MOST_SPIKE_VISITS);
      f32[at + VISITS.spikeCell] = spike;
    }
    f32[at + VISITS.spikeSum]! += sample.nearDeviation;
    f32[at + VISITS.spikeCount]! += 1;
  }
  if (shape.hourCells > 0) {
    const minute = times.minute[i]!;
    if (f32[at + VISITS.hourCell] !== minute) {
      leaveCell(memory, at + VISITS.hourSum, shape.hours + f32[at + VISITS.hourCell]!, MOST_HOUR_VISITS);
      f32[at + VISITS.hourCell] = minute;
    }
    f32[at + VISITS.hourSum]! += sample.nearDeviation;
    f32[at + VISITS.hourCount]! += 1;
  }
}

/**
 * Ends the first day: its profile is what was seen, relative to its mean, which is answered. A cell that stands out of
 * both its neighbours is taken for the nearer one: what came once in half an hour is no rhythm yet.
 */
export function endFirstDay(shape: CalendarShape, memory: CalendarMemory): number {
  leaveDayCell(shape, memory);
  const { f32, u8 } = memory;
  const { profile, dayCells } = shape;
  smoothFirstDay(shape, memory);
  let sum = 0;
  let seen = 0;
  for (let cell = profile; cell < profile + dayCells; cell++) {
    if (u8[cell]! === 0) continue;
    sum += f32[cell]!;
    seen++;
  }
  const mean = seen === 0 ? 0 : sum / seen;
  for (let cell = profile; cell < profile + dayCells; cell++) {
    f32[cell] = u8[cell]! === 0 ? 0 : f32[cell]! - mean;
    u8[cell] = Math.min(1, u8[cell]!);
  }
  return mean;
}

/** The median of each cell and its neighbours, round the clock; a cell without one of them is left as it is. */
function smoothFirstDay({ profile, dayCells }: CalendarShape, { f32, u8 }: CalendarMemory): void {
  const end = profile + dayCells;
  const first = f32[profile]!;
  let before = f32[end - 1]!;
  for (let cell = profile; cell < end; cell++) {
    const value = f32[cell]!;
    const next = cell + 1 < end ? cell + 1 : profile;
    const after = next === profile ? first : f32[next]!;
    const isKnown = u8[cell]! > 0 && u8[next]! > 0 && u8[cell === profile ? end - 1 : cell - 1]! > 0;
    if (isKnown) f32[cell] = Math.max(Math.min(before, after), Math.min(Math.max(before, after), value));
    before = value;
  }
}

function leaveDayCell(shape: CalendarShape, memory: CalendarMemory): void {
  const { f32, u8 } = memory;
  const at = shape.visits;
  const count = f32[at + VISITS.dayCount]!;
  if (count === 0) return;
  const cell = f32[at + VISITS.dayCell]!;
  const row = f32[at + VISITS.dayRow]!;
  const deviation = f32[at + VISITS.daySum]! / count;
  f32[at + VISITS.daySum] = 0;
  f32[at + VISITS.dayCount] = 0;
  learnSpread(shape, memory, cell);
  const { profile, dayCells } = shape;
  if (memory.f64[F64.isSeasonal] === 0) {
    const visits = u8[profile + cell]!;
    f32[profile + cell]! += (deviation - f32[profile + cell]!) / (visits + 1);
    u8[profile + cell] = visits + 1;
    return;
  }
  const kind = row >= WEEKEND_ROW ? 2 : 1;
  const parts = shape.usesWeek ? 3 : 1;
  const cells = [profile + cell, profile + kind * dayCells + cell, profile + (3 + row) * dayCells + cell];
  let total = 1;
  for (let p = 0; p < parts; p++) total += uncertainty(p, u8[cells[p]!]!);
  for (let p = 0; p < parts; p++) {
    const visits = u8[cells[p]!]!;
    f32[cells[p]!]! += (uncertainty(p, visits) / total) * deviation;
    u8[cells[p]!] = Math.min(MOST_VISITS[p]!, visits + 1);
  }
}

function uncertainty(part: number, visits: number): number {
  return PRIORS[part]! / (1 + PRIORS[part]! * visits);
}

function learnSpread(shape: CalendarShape, { f32, u8 }: CalendarMemory, cell: number): void {
  const at = shape.visits;
  const spread = f32[at + VISITS.spreadSum]! / f32[at + VISITS.spreadCount]!;
  f32[at + VISITS.spreadSum] = 0;
  f32[at + VISITS.spreadCount] = 0;
  const visits = u8[shape.spread + cell]!;
  const rate = 1 / (Math.min(MOST_SPREAD_VISITS, visits) + 1);
  f32[shape.spread + cell]! += rate * (spread - f32[shape.spread + cell]!);
  u8[shape.spread + cell] = Math.min(MOST_SPREAD_VISITS, visits + 1);
}

/** Moves a plain cell by the mean of its visit; `sum` is where the running sum lies, its count behind it. */
function leaveCell({ f32, u8 }: CalendarMemory, sum: number, cell: number, mostVisits: number): void {
  const count = f32[sum + 1]!;
  if (count === 0) return;
  const deviation = f32[sum]! / count;
  f32[sum] = 0;
  f32[sum + 1] = 0;
  const visits = u8[cell]!;
  f32[cell]! += deviation / (Math.min(visits, mostVisits - 1) + 1);
  u8[cell] = Math.min(mostVisits, visits + 1);
}
