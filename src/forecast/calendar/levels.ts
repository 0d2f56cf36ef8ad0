import {
  CANDIDATES,
  type CalendarMemory,
  type CalendarShape,
  F64,
  LEADS,
  PLAIN,
  PLAIN_MEMORIES,
  SEASONAL,
  SEASONAL_MEMORIES,
  TREND_CANDIDATE,
  TREND_MEMORY,
} from './shape.ts';

/**
 * Levels of several memories side by side (exponential smoothing: Brown, Statistical Forecasting for Inventory Control,
 * 1959; with a damped trend: Gardner and McKenzie, Management Science 31, 1985). Errors are clipped as Huber does
 * (robust smoothing: Gelper, Fried, Croux, Journal of Forecasting 29, 2010), so that a spike moves the slow ones
 * by little. A shift that lasts is noticed by a two-sided CUSUM (Page, Biometrika 41, 1954), and the slow levels then
 * start anew from the mean since its onset, as that test estimates it.
 */

export const MEMORIES: readonly number[] = [...SEASONAL_MEMORIES, ...PLAIN_MEMORIES, TREND_MEMORY];
/** Errors beyond so many mean deviations are clipped; levels with a memory of less than CLIPPED_FROM bear more. */
const CLIP = 2;
const FAST_CLIP = 8;
const CLIPPED_FROM = 10;
/** Share of the trend's move in that of its level, and what is left of the trend after a step. */
const TREND_SHARE = 0.1;
const DAMPING = 0.98;
/** Memory of the mean deviations. */
const DEVIATION_MEMORY = 64;
/** What lies beyond the limit counts by this much, and for so many limits at most: a spike is soon forgotten. */
const BEYOND = 1 / 16;
const MOST_LIMITS = 4;
/** The CUSUM looks at the deviation from this level, */
const SHIFT_LEVEL = 4;
/** in mean deviations, up to so many, so that one spike cannot be a shift; */
const SHIFT_CLIP = 3;
/** smaller ones than this speak against a shift; */
const SHIFT_SLACK = 1;
/** thirty samples far outside, or twice as many at two deviations, are one. */
const SHIFT_LIMIT = 60;
/** Levels from this memory on start anew after a shift. */
const SLOW_FROM = 40;
/** but not the slowest: what looked like a shift may be a weekend, and end. */
const HOME = SEASONAL - 1;

/** Moves every level towards a value. `value` is in units of the memory, `season` what is expected of the time. */
export function learnLevels(shape: CalendarShape, memory: CalendarMemory, value: number, season: number): void {
  const { f64, f32 } = memory;
  const age = f64[F64.samples]! + 1;
  const bare = value - season;
  learnShift(shape, memory, bare);
  for (let k = 0; k < CANDIDATES; k++) {
    const steps = MEMORIES[k]!;
    const target = k >= SEASONAL && k < SEASONAL + PLAIN ? value : bare;
    const at = F64.levels + k;
    const isTrend = k === TREND_CANDIDATE;
    const expected = isTrend ? f64[at]! + DAMPING * f64[F64.trend]! : f64[at]!;
    const error = target - expected;
    const size = Math.abs(error);
    const deviation = f32[shape.deviations + k]!;
    const limit = CLIP * deviation;
    f32[shape.deviations + k] = deviation + (countedFor(size, limit) - deviation) / Math.min(age, DEVIATION_MEMORY);
    const most = steps < CLIPPED_FROM ? FAST_CLIP * deviation : limit;
    const clipped = age < CLIPPED_FROM || size <= most ? error : Math.sign(error) * countedBeyond(size, most);
    const move = clipped / Math.min(age, steps);
    f64[at] = expected + move;
    if (isTrend) f64[F64.trend] = DAMPING * f64[F64.trend]! + TREND_SHARE * (age < TREND_MEMORY ? 0 : move);
  }
}

/** What an error counts for in the mean deviation. Where a series stood still, there is no limit yet. */
function countedFor(size: number, limit: number): number {
  if (size <= limit) return size;
  return limit > 0 ? Math.min(MOST_LIMITS * limit, limit + (size - limit) * BEYOND) : size * BEYOND;
}

/** What an error beyond the limit moves a level by. */
function countedBeyond(size: number, limit: number): number {
  return limit > 0 ? limit : size * BEYOND;
}

function learnShift(shape: CalendarShape, memory: CalendarMemory, bare: number): void {
  const { f64, f32 } = memory;
  const deviation = f32[shape.deviations + SHIFT_LEVEL]!;
  const error = bare - f64[F64.levels + SHIFT_LEVEL]!;
  const size = deviation > 0 ? error / deviation : error === 0 ? 0 : Math.sign(error) * SHIFT_CLIP;
  const z = Math.max(-SHIFT_CLIP, Math.min(SHIFT_CLIP, size));
  accumulate(memory, F64.shiftUp, z - SHIFT_SLACK, bare);
  accumulate(memory, F64.shiftDown, -z - SHIFT_SLACK, bare);
  for (const side of [F64.shiftUp, F64.shiftDown]) {
    if (f64[side]! < SHIFT_LIMIT) continue;
    startAnew(memory, f64[side + 2]! / f64[side + 4]!);
    f64.fill(0, F64.shiftUp, F64.isSeasonal);
  }
}

/** One side of the CUSUM; two fields on lie the sum of the values since its onset, four on their number. */
function accumulate({ f64 }: CalendarMemory, side: number, excess: number, bare: number): void {
  const sum = f64[side]! + excess;
  if (sum <= 0) {
    f64[side] = 0;
    f64[side + 2] = 0;
    f64[side + 4] = 0;
    return;
  }
  f64[side] = sum;
  f64[side + 2]! += bare;
  f64[side + 4]! += 1;
}

/** The slow levels go to the new one; the plain ones by as much as the seasonal one of their memory. */
function startAnew({ f64 }: CalendarMemory, level: number): void {
  const jump = level - f64[F64.levels + SHIFT_LEVEL]!;
  for (let k = 0; k < CANDIDATES; k++) {
    if (MEMORIES[k]! < SLOW_FROM || k === HOME || k === TREND_CANDIDATE) continue;
    const at = F64.levels + k;
    if (k < SEASONAL) f64[at] = level;
    else f64[at]! += jump;
  }
}

/** Steps of trend, damped, that a lead sees: φ + φ² + … + φ^lead. */
const TREND_STEPS = LEADS.map((lead) => (DAMPING * (1 - DAMPING ** lead)) / (1 - DAMPING));

/** What the candidates expect at LEADS[lead] ahead, season not added. `at` is where in `target` they go. */
export function expectAhead(
  { f64 }: CalendarMemory,
  lead: number,
  target: Float32Array | Float64Array,
  at: number,
): void {
  for (let k = 0; k < CANDIDATES; k++) target[at + k] = f64[F64.levels + k]!;
  target[at + TREND_CANDIDATE]! += f64[F64.trend]! * TREND_STEPS[lead]!;
}
