import { createTask, parse } from 'node-cron';
import { OpenAnomalyError } from '../errors.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Offsets of time zones are multiples of it, and they change at multiples of it. */
const QUARTER_MS = 15 * MINUTE_MS;
/** 29 February can be eight years away (1896–1904, 2096–2104). */
const SEARCH_MS = 9 * 366 * 24 * HOUR_MS;
/** No time zone moves its clocks by more on one day. */
const MOST_CLOCK_CHANGE_HOURS = 3;

const silent = { info() {}, warn() {}, error() {}, debug() {} };

/**
 * The instants of a cron expression in a time zone. Fields and day rules (L, W, #) are node-cron's; the walk is ours,
 * since it must start from any instant and must not skip the hour that comes twice when clocks go back. Expressions
 * that match every hour run through that hour twice, the others take its first pass only; times that clocks skip in
 * spring do not come on that day.
 */
export class CronTimes {
  readonly #seconds: readonly number[];
  readonly #minutes: readonly number[];
  readonly #hours: ReadonlySet<number>;
  readonly #months: ReadonlySet<number>;
  readonly #matches: (date: Date) => boolean;
  readonly #wallClock: Intl.DateTimeFormat;

  constructor(expression: string, timezone: string) {
    try {
      const fields = parse(expression);
      this.#seconds = fields.second.toSorted((a, b) => a - b);
      this.#minutes = fields.minute.toSorted((a, b) => a - b);
      this.#hours = new Set(fields.hour);
      this.#months = new Set(fields.month);
      this.#wallClock = new Intl.DateTimeFormat('en-US', {
        timeZone: timezone,
        hourCycle: 'h23',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
      });
      // The task never starts; destroyed, it leaves node-cron's list of tasks and still knows what it matches.
      const task = createTask(expression, () => {}, { timezone, logger: silent });
      void task.destroy();
      this.#matches = (date) => task.match(date);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new OpenAnomalyError('config_invalid', `cron ${expression} in time zone ${timezone}: ${said}`, { cause });
    }
  }

  /** The first instant after `timeMs`; Infinity when there is none. */
  nextAfter(timeMs: number): number {
    let quarterMs = Math.floor(timeMs / QUARTER_MS) * QUARTER_MS;
    const endMs = quarterMs + SEARCH_MS;
    while (quarterMs < endMs) {
      const wall = this.#wallClockAt(quarterMs);
      if (!this.#months.has(wall.month)) {
        quarterMs += restOfDayMs(wall.hour);
      } else if (!this.#hours.has(wall.hour)) {
        quarterMs += QUARTER_MS;
      } else {
        const found = this.#firstIn(quarterMs, wall.minute, timeMs);
        if (Number.isFinite(found)) return found;
        // Hour, minute, second and month fit, so it was the day that did not.
        quarterMs += found === WRONG_DAY ? restOfDayMs(wall.hour) : QUARTER_MS;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  #firstIn(quarterMs: number, firstMinute: number, afterMs: number): number {
    for (const minute of this.#minutes) {
      if (minute < firstMinute || minute >= firstMinute + 15) continue;
      for (const second of this.#seconds) {
        const timeMs = quarterMs + (minute - firstMinute) * MINUTE_MS + second * 1000;
        if (timeMs <= afterMs) continue;
        if (!this.#matches(new Date(timeMs))) return WRONG_DAY;
        if (!this.#isSecondPass(timeMs)) return timeMs;
      }
    }
    return NOT_HERE;
  }

  /** Whether the wall clock showed this time before, as it does in the hour after clocks went back. */
  #isSecondPass(timeMs: number): boolean {
    if (this.#hours.size === 24) return false;
    const shown = this.#wallClock.format(timeMs);
    return [HOUR_MS / 2, HOUR_MS].some((backMs) => this.#wallClock.format(timeMs - backMs) === shown);
  }

  #wallClockAt(timeMs: number): { readonly month: number; readonly hour: number; readonly minute: number } {
    let month = 0;
    let hour = 0;
    let minute = 0;
    for (const { type, value } of this.#wallClock.formatToParts(timeMs)) {
      if (type === 'month') month = Number(value);
      else if (type === 'hour') hour = Number(value);
      else if (type === 'minute') minute = Number(value);
    }
    return { month, hour, minute };
  }
}

const NOT_HERE = Number.POSITIVE_INFINITY;
const WRONG_DAY = Number.NEGATIVE_INFINITY;

/** To shortly before midnight, whatever the clocks do in between. */
function restOfDayMs(hour: number): number {
  return Math.max(QUARTER_MS, (24 - hour - MOST_CLOCK_CHANGE_HOURS) * HOUR_MS);
}
