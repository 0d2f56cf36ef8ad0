import { zoneOffset } from '../series/zone.ts';

/**
 * Times that recur, or come once, in which a pipeline's samples raise nothing. Written as
 *
 *   Sat 02:00-04:00 · Mon-Fri 22:00-06:00 · Sat,Sun · daily 03:00-03:30 · 02:00-04:00
 *   2026-12-24/2026-12-26 · 2026-12-24T18:00/2026-12-27T06:00 · 2026-12-24T18:00:00Z/2026-12-27T06:00:00+01:00
 *
 * Days and hours are those of the wall clock in a time zone; a window whose end is not after its start goes on into
 * the next day, and belongs to the day on which it starts. Ranges of dates hold both days; instants with an offset
 * (`Z`, `+01:00`) mean the same moment everywhere. The end of hours and of instants is not part of the window.
 */
export type ExcludeWindow = WeeklyWindow | WallRange | InstantRange;

interface WeeklyWindow {
  readonly kind: 'weekly';
  /** Sunday first. */
  readonly days: readonly boolean[];
  readonly fromMinute: number;
  /** Beyond 1440 for windows that end on the next day. */
  readonly toMinute: number;
}

/** A span of the wall clock, as if it were UTC. */
interface WallRange {
  readonly kind: 'wall';
  readonly fromMs: number;
  readonly toMs: number;
}

interface InstantRange {
  readonly kind: 'instant';
  readonly fromMs: number;
  readonly toMs: number;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MINUTES = 1440;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Throws a SyntaxError that says what would be right. */
export function parseExcludeWindow(text: string): ExcludeWindow {
  const trimmed = text.trim();
  return trimmed.includes('/') ? parseRange(trimmed) : parseWeekly(trimmed);
}

/** Why the text is no window; undefined when it is one. */
export function excludeWindowFault(text: string): string | undefined {
  try {
    parseExcludeWindow(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A test of instants for all windows of a pipeline. Making one takes longer than asking it: keep it. */
export function compileExclude(texts: readonly string[], timezone: string): (timeMs: number) => boolean {
  const windows = texts.map(parseExcludeWindow);
  if (windows.length === 0) return () => false;
  const offset = zoneOffset(timezone);
  const needsWall = windows.some(({ kind }) => kind !== 'instant');
  return (timeMs) => {
    const wallMs = needsWall ? timeMs + offset(timeMs) : Number.NaN;
    return windows.some((window) => contains(window, timeMs, wallMs));
  };
}

function contains(window: ExcludeWindow, timeMs: number, wallMs: number): boolean {
  if (window.kind === 'instant') return timeMs >= window.fromMs && timeMs < window.toMs;
  if (window.kind === 'wall') return wallMs >= window.fromMs && wallMs < window.toMs;
  const minute = (wallMs % DAY_MS) / MINUTE_MS;
  const day = new Date(wallMs).getUTCDay();
  const isToday = window.days[day]! && minute >= window.fromMinute && minute < window.toMinute;
  const isSinceYesterday = window.days[(day + 6) % 7]! && minute + DAY_MINUTES < window.toMinute;
  return isToday || isSinceYesterday;
}

function parseWeekly(text: string): WeeklyWindow {
  const found = /^(?:([a-z][a-z,\s-]*?)\s*)?(?:(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2}))?$/i.exec(text);
  const [, names, from, to] = found ?? [];
  if (found === null || (names === undefined && from === undefined))
    throw new SyntaxError(`"${text}" is no window; ${EXAMPLES}`);
  const fromMinute = from === undefined ? 0 : minuteOf(from);
  const toMinute = to === undefined ? DAY_MINUTES : minuteOf(to);
  const days = names === undefined ? DAYS.map(() => true) : daysOf(names);
  return { kind: 'weekly', days, fromMinute, toMinute: toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES };
}

const EXAMPLES =
  'write "Sat 02:00-04:00", "Mon-Fri 22:00-06:00", "daily 03:00-03:30", or a range such as "2026-12-24/2026-12-26"';

function daysOf(names: string): boolean[] {
  const days = DAYS.map(() => false);
  if (/^(?:daily|every day)$/i.test(names.trim())) return days.map(() => true);
  for (const part of names.split(',')) {
    const [first, last = first] = part.split('-').map(dayOf);
    for (let day = first!; ; day = (day + 1) % 7) {
      days[day] = true;
      if (day === last) break;
    }
  }
  return days;
}

function dayOf(name: string): number {
  const letters = name.trim().toLowerCase();
  const day =
    letters.length < 3 ? -1 : DAYS.findIndex((known) => letters.startsWith(known) && FULL[known]!.startsWith(letters));
  if (day < 0) throw new SyntaxError(`"${name.trim()}" is no day of the week; write Mon, Tue, Wed, Thu, Fri, Sat, Sun`);
  return day;
}

const FULL: Readonly<Record<string, string>> = {
  sun: 'sunday',
  mon: 'monday',
  tue: 'tuesday',
  wed: 'wednesday',
  thu: 'thursday',
  fri: 'friday',
  sat: 'saturday',
};

function minuteOf(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  const total = hour * 60 + minute;
  if (minute > 59 || total > DAY_MINUTES)
    throw new SyntaxError(`"${text}" is no time of the day; write 00:00 to 24:00`);
  return total;
}

function parseRange(text: string): WallRange | InstantRange {
  const [from = '', to = '', ...rest] = text.split('/').map((part) => part.trim());
  const start = momentOf(from);
  const end = momentOf(to);
  if (rest.length > 0) throw new SyntaxError(`"${text}" has more than one "/"`);
  if (start.isInstant !== end.isInstant)
    throw new SyntaxError(`"${text}" has an offset at one end only; write it at both, or at none`);
  const toMs = end.isDate ? end.ms + DAY_MS : end.ms;
  if (toMs <= start.ms) throw new SyntaxError(`"${text}" ends before it starts`);
  return { kind: start.isInstant ? 'instant' : 'wall', fromMs: start.ms, toMs };
}

function momentOf(text: string): { readonly ms: number; readonly isDate: boolean; readonly isInstant: boolean } {
  const found = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text);
  const [, date, time, offset] = found ?? [];
  const ms = date === undefined ? Number.NaN : Date.parse(`${date}T${time ?? '00:00'}${offset ?? 'Z'}`);
  // Engines roll the 30th of February over into March.
  const isRolledOver =
    date !== undefined && !Number.isNaN(ms) && new Date(`${date}T00:00Z`).getUTCDate() !== Number(date.slice(8));
  if (Number.isNaN(ms) || isRolledOver)
    throw new SyntaxError(`"${text}" is no date or time; write 2026-12-24, 2026-12-24T18:00 or 2026-12-24T18:00:00Z`);
  return { ms, isDate: time === undefined, isInstant: offset !== undefined };
}
