import { type DaySpan, rowOfDay } from '../../../src/forecast/calendar/days.ts';
import { learn } from '../../../src/forecast/calendar/learn.ts';
import { forecast } from '../../../src/forecast/calendar/path.ts';
import { type CalendarMemory, calendarMemory, calendarShape } from '../../../src/forecast/calendar/shape.ts';
import { calendarTimes } from '../../../src/forecast/calendar/times.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../src/forecast/quantile.ts';
import { zoneOffset } from '../../../src/series/zone.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
const LEVELS = QUANTILE_LEVELS.length;

export interface ReplayOptions {
  readonly startMs?: number;
  readonly stepMs?: number;
  readonly timezone?: string;
  readonly holidays?: readonly DaySpan[];
}

/** A series that the engine learns; NaN is a missing sample. */
export class Replay {
  readonly memory: CalendarMemory;
  readonly #shape;
  readonly #place;
  readonly #stepMs: number;
  #nextMs: number;

  constructor({ startMs = Date.UTC(2026, 2, 2), stepMs = MINUTE_MS, timezone = 'UTC', holidays = [] }: ReplayOptions) {
    this.#stepMs = stepMs;
    this.#nextMs = startMs;
    this.#shape = calendarShape(stepMs);
    this.#place = { offset: zoneOffset(timezone), row: rowOfDay(holidays) };
    this.memory = calendarMemory(this.#shape);
  }

  get nextMs(): number {
    return this.#nextMs;
  }

  /** Learns `count` samples of a function of time. */
  learn(count: number, valueAt: (timeMs: number) => number): this {
    const times = calendarTimes(this.#shape, this.#place, this.#nextMs, count);
    for (let i = 0; i < count; i++) learn(this.#shape, this.memory, times, i, valueAt(this.#nextMs + i * this.#stepMs));
    this.#nextMs += count * this.#stepMs;
    return this;
  }

  /** Quantiles of the next `steps` steps, a row a step. */
  path(steps: number): Float64Array[] {
    const target = new Float64Array(steps * LEVELS);
    forecast(this.#shape, this.memory, calendarTimes(this.#shape, this.#place, this.#nextMs, steps), target);
    return Array.from({ length: steps }, (_, i) => target.subarray(i * LEVELS, (i + 1) * LEVELS));
  }

  medians(steps: number): number[] {
    return this.path(steps).map((row) => row[MEDIAN_INDEX]!);
  }
}
