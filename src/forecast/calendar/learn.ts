import { learnBounds } from './bounds.ts';
import { awaitLeads, dropAllWaiting, dropWaiting, verifyLeads } from './leads.ts';
import { learnLevels, MEMORIES } from './levels.ts';
import { endFirstDay, learnSeason, seasonAt } from './season.ts';
import { type CalendarMemory, type CalendarShape, F64, NEAR_LEVEL, SEASONAL } from './shape.ts';
import type { CalendarTimes } from './times.ts';

/** Memory of the reference that the season is measured from, in days: a week, so that weekends do not move it much. */
const REFERENCE_DAYS = 7;
/** Deviations from it beyond so many usual ones are clipped. */
const SEASON_CLIP = 5;
/** Scaled values beyond this are not told apart: they must fit single precision. */
const MOST_VALUE = 1e30;
/** The level whose mean deviation is the usual one of the values around the season: the longest memory. */
const SLOWEST = SEASONAL - 2;

/**
 * Learns one sample of a series: `times` and `i` say when it was. Samples come in order of time; one that is not newer
 * than the last, or not finite, is ignored. Bounded work, nothing allocated.
 */
export function learn(
  shape: CalendarShape,
  memory: CalendarMemory,
  times: CalendarTimes,
  i: number,
  value: number,
): void {
  if (!Number.isFinite(value)) return;
  const { f64 } = memory;
  const step = times.firstStep + i;
  if (f64[F64.samples] === 0) start(memory, step, value);
  else if (step <= f64[F64.last]!) return;
  else if (step > f64[F64.last]! + 1) dropWaiting(shape, memory, f64[F64.last]! + 1, step);
  f64[F64.last] = step;
  if (f64[F64.isSeasonal] === 0 && step - f64[F64.first]! >= shape.stepsPerDay) startSeason(shape, memory, times, i);

  const x = scaled(memory, value);
  const isSeasonal = f64[F64.isSeasonal] !== 0;
  const season = isSeasonal ? seasonAt(shape, memory, times, i) : 0;
  const nearDeviation = f64[F64.samples] === 0 ? 0 : x - season - f64[F64.levels + NEAR_LEVEL]!;
  verifyLeads(shape, memory, step, { value: x, season });
  learnLevels(shape, memory, x, season);
  learnBounds(shape, memory, x);
  f64[F64.samples]! += 1;
  learnSeason(shape, memory, times, i, {
    deviation: isSeasonal ? deviation(shape, memory, x - season) : x,
    nearDeviation,
  });
  awaitLeads(shape, memory, step);
}

/** Moves the reference, and answers how far the value was from it. */
function deviation(shape: CalendarShape, { f64, f32 }: CalendarMemory, bare: number): number {
  const limit = SEASON_CLIP * f32[shape.deviations + SLOWEST]!;
  const error = Math.max(-limit, Math.min(limit, bare - f64[F64.reference]!));
  f64[F64.reference]! += error / (REFERENCE_DAYS * shape.stepsPerDay);
  return error;
}

function start({ f64 }: CalendarMemory, step: number, value: number): void {
  f64[F64.first] = step;
  f64[F64.base] = value;
}

/** The value over the first one, in powers of two that bring the first move to about 1: exact, and always finite. */
function scaled({ f64 }: CalendarMemory, value: number): number {
  const moved = value / 2 - f64[F64.base]! / 2;
  if (moved === 0) return 0;
  if (f64[F64.scale] === 0)
    f64[F64.scale] = 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(Math.abs(moved))) + 1));
  return Math.max(-MOST_VALUE, Math.min(MOST_VALUE, (moved / f64[F64.scale]!) * 2));
}

/** The first day is over: its profile is the season, and the levels go on without it. */
function startSeason(shape: CalendarShape, memory: CalendarMemory, times: CalendarTimes, i: number): void {
  const { f64 } = memory;
  f64[F64.reference] = endFirstDay(shape, memory);
  f64[F64.isSeasonal] = 1;
  const now = seasonAt(shape, memory, times, i);
  for (let k = 0; k < MEMORIES.length; k++) {
    if (k >= SEASONAL && k < MEMORIES.length - 1) continue;
    // Over half a day and more the season is not in the mean.
    f64[F64.levels + k] = MEMORIES[k]! * 2 >= shape.stepsPerDay ? f64[F64.reference]! : f64[F64.levels + k]! - now;
  }
  dropAllWaiting(shape, memory);
}
