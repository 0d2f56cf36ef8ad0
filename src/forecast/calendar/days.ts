const DAY_MS = 86_400_000;
/** A range longer than this is rather a mistake in the year than a holiday. */
const MOST_DAYS = 400;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Days of the week, Monday first, as rows of the tables are ordered. */
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Local days, counted from 1970-01-01, both ends included. */
export interface DaySpan {
  readonly fromDay: number;
  readonly toDay: number;
}

/** The day number of `YYYY-MM-DD`; undefined for text of another form and for days that no month has. */
export function parseDay(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day ? time.getTime() / DAY_MS : undefined;
}

/**
 * A day, or several as `2026-12-24..2026-12-26` (`/` and `to` in place of `..` are understood too), both included.
 * Answers what is wrong as text.
 */
export function parseDaySpan(text: string): DaySpan | string {
  const [first = '', last = first, ...more] = text.trim().split(/\s*(?:\.\.|\/|\s+to\s+)\s*/);
  const fromDay = parseDay(first);
  const toDay = parseDay(last);
  if (fromDay === undefined || toDay === undefined || more.length > 0)
    return `"${text}" is no date; write 2026-12-25, or 2026-12-24..2026-12-26 for several days`;
  if (toDay < fromDay) return `"${text}" ends before it starts; write ${last}..${first}`;
  if (toDay - fromDay >= MOST_DAYS) return `"${text}" is longer than ${MOST_DAYS} days`;
  return { fromDay, toDay };
}

/** The row of the week (0 Monday … 6 Sunday) that a local day behaves as. */
export type RowOfDay = (day: number) => number;

/** Days of the week, with holidays behaving as another day. */
export function rowOfDay(holidays: readonly DaySpan[], like: Weekday = 'sunday'): RowOfDay {
  const special = new Set<number>();
  for (const { fromDay, toDay } of holidays) for (let day = fromDay; day <= toDay; day++) special.add(day);
  const row = WEEKDAYS.indexOf(like);
  // 1970-01-01 was a Thursday.
  return (day) => (special.has(day) ? row : (((day + 3) % 7) + 7) % 7);
}
