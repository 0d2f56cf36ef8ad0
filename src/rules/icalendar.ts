import type { DaySpan } from '../forecast/calendar/days.ts';

/** What is wrong in a calendar file, at its place there. */
export interface CalendarFault {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

export interface CalendarDays {
  readonly days: readonly DaySpan[];
  readonly faults: readonly CalendarFault[];
}

/** Years over which events that come every year are laid out: no longer does a process run. */
const YEARS_AHEAD = 100;
const DAY_MS = 86_400_000;
const DATE = /^(\d{4})(\d{2})(\d{2})(?:T\d{6}Z?)?$/;

interface Property {
  readonly line: number;
  readonly name: string;
  readonly value: string;
}

/**
 * The days of the events of an iCalendar file (RFC 5545): whole days from DTSTART up to DTEND, which is not part of
 * the event, or as long as DURATION says. Times of day are not looked at. Events that come every year are understood,
 * other repetitions are faults; cancelled events are left out.
 */
export function parseCalendar(text: string): CalendarDays {
  const days: DaySpan[] = [];
  const faults: CalendarFault[] = [];
  let event: Map<string, Property> | undefined;
  let isCalendar = false;
  for (const property of unfold(text)) {
    const { name, value } = property;
    if (name === 'BEGIN' && value === 'VCALENDAR') isCalendar = true;
    else if (name === 'BEGIN' && value === 'VEVENT') event = new Map();
    else if (name === 'END' && value === 'VEVENT' && event !== undefined) {
      const found = daysOf(event, property.line);
      if ('message' in found) faults.push(found);
      else days.push(...found.days);
      event = undefined;
    } else event?.set(name, property);
  }
  if (!isCalendar) faults.push({ line: 1, message: 'this is no iCalendar file; it starts with BEGIN:VCALENDAR' });
  return { days, faults };
}

function daysOf(event: ReadonlyMap<string, Property>, line: number): CalendarFault | { readonly days: DaySpan[] } {
  if (event.get('STATUS')?.value === 'CANCELLED') return { days: [] };
  const start = event.get('DTSTART');
  if (start === undefined) return { line, message: 'an event without DTSTART' };
  const fromDay = dayOf(start.value);
  if (fromDay === undefined) return { line: start.line, message: `"${start.value}" is no date, such as 20261225` };
  const length = lengthOf(event, fromDay);
  if (typeof length !== 'number') return length;
  const rule = event.get('RRULE');
  if (rule === undefined) return { days: [{ fromDay, toDay: fromDay + length - 1 }] };
  return everyYear(rule, { fromDay, length });
}

/** Days that an event lasts, at least one. */
function lengthOf(event: ReadonlyMap<string, Property>, fromDay: number): number | CalendarFault {
  const end = event.get('DTEND');
  if (end !== undefined) {
    const endDay = dayOf(end.value);
    if (endDay === undefined) return { line: end.line, message: `"${end.value}" is no date, such as 20261226` };
    return Math.max(1, endDay - fromDay);
  }
  const duration = event.get('DURATION');
  if (duration === undefined) return 1;
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?/.exec(duration.value);
  return match === null
    ? { line: duration.line, message: `"${duration.value}" is no duration, such as P1D` }
    : Math.max(1, 7 * Number(match[1] ?? 0) + Number(match[2] ?? 0));
}

function everyYear(
  { value, line }: Property,
  { fromDay, length }: { readonly fromDay: number; readonly length: number },
): CalendarFault | { readonly days: DaySpan[] } {
  const parts = new Map(value.split(';').map((part) => part.split('=', 2) as [string, string]));
  const start = new Date(fromDay * DAY_MS);
  const isPlain = [...parts].every(
    ([key, part]) =>
      ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST'].includes(key) ||
      (key === 'BYMONTH' && Number(part) === start.getUTCMonth() + 1) ||
      (key === 'BYMONTHDAY' && Number(part) === start.getUTCDate()),
  );
  if (parts.get('FREQ') !== 'YEARLY' || !isPlain)
    return { line, message: `"${value}" is not understood; write the days out, or FREQ=YEARLY alone` };
  const interval = Math.max(1, Number(parts.get('INTERVAL') ?? 1));
  const count = Number(parts.get('COUNT') ?? YEARS_AHEAD);
  const until = dayOf(parts.get('UNTIL') ?? '') ?? Number.POSITIVE_INFINITY;
  const days: DaySpan[] = [];
  for (let years = 0; years < YEARS_AHEAD && days.length < count; years += interval) {
    const time = Date.UTC(start.getUTCFullYear() + years, start.getUTCMonth(), start.getUTCDate());
    // 29 February does not come every year.
    if (new Date(time).getUTCDate() !== start.getUTCDate()) continue;
    const day = time / DAY_MS;
    if (day > until) break;
    days.push({ fromDay: day, toDay: day + length - 1 });
  }
  return { days };
}

function dayOf(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const time = Date.UTC(year, month - 1, day);
  return new Date(time).getUTCMonth() === month - 1 ? time / DAY_MS : undefined;
}

/** The lines of the file as properties; a line that starts with a blank goes on the one before. */
function* unfold(text: string): Iterable<Property> {
  let held = '';
  let heldLine = 1;
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let i = 0; i <= lines.length; i++) {
    const line = lines[i] ?? '';
    if (i < lines.length && /^[ \t]/.test(line)) {
      held += line.slice(1);
      continue;
    }
    const colon = held.search(/:(?=(?:[^"]*"[^"]*")*[^"]*$)/);
    if (colon > 0) {
      const name = held.slice(0, colon).split(';', 1)[0]!.toUpperCase();
      yield { line: heldLine, name, value: held.slice(colon + 1).trim() };
    }
    held = line;
    heldLine = i + 1;
  }
}
