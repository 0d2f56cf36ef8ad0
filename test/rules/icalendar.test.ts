import { expect, test } from 'vitest';
import { parseCalendar } from '../../src/rules/icalendar.ts';

const calendar = (...lines: string[]) => ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]) => calendar('BEGIN:VEVENT', ...lines, 'END:VEVENT');
const dateOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
const daysOf = (text: string) =>
  parseCalendar(text).days.map(({ fromDay, toDay }) => `${dateOf(fromDay)}..${dateOf(toDay)}`);

test.each([
  ['a day', ['DTSTART;VALUE=DATE:20261225'], ['2026-12-25..2026-12-25']],
  [
    'an end that is not part of it',
    ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'],
    ['2026-12-24..2026-12-26'],
  ],
  ['a duration', ['DTSTART:20261224', 'DURATION:P1W'], ['2026-12-24..2026-12-30']],
  ['a time of day', ['DTSTART;TZID="Europe/Berlin":20261224T140000', 'SUMMARY:off: early'], ['2026-12-24..2026-12-24']],
  ['a folded line', ['DTSTART;VALUE', ' =DATE:2026', '\t1225'], ['2026-12-25..2026-12-25']],
  ['cancelled', ['DTSTART:20261224', 'STATUS:CANCELLED'], []],
  [
    'every year, some times',
    ['DTSTART:20251225', 'RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=2'],
    ['2025-12-25..2025-12-25', '2026-12-25..2026-12-25'],
  ],
  [
    'every year, up to a day',
    ['DTSTART:20251225', 'RRULE:FREQ=YEARLY;UNTIL=20261224T230000Z'],
    ['2025-12-25..2025-12-25'],
  ],
  [
    '29 February',
    ['DTSTART:20280229', 'RRULE:FREQ=YEARLY;COUNT=2'],
    ['2028-02-29..2028-02-29', '2032-02-29..2032-02-29'],
  ],
])('%s', (_, lines, days) => {
  expect(parseCalendar(event(...lines)).faults).toEqual([]);
  expect(daysOf(event(...lines))).toEqual(days);
});

test('without an end, every year is a hundred years', () => {
  expect(daysOf(event('DTSTART:20251225', 'RRULE:FREQ=YEARLY'))).toHaveLength(100);
});

test.each([
  [event('SUMMARY:x'), 5, 'an event without DTSTART'],
  [event('SUMMARY:x', 'DTSTART:soon'), 5, '"soon" is no date, such as 20261225'],
  [event('DTSTART:20260230'), 4, '"20260230" is no date, such as 20261225'],
  [event('DTSTART:20261225', 'DURATION:long'), 5, '"long" is no duration, such as P1D'],
  [
    event('DTSTART:20261225', 'RRULE:FREQ=WEEKLY'),
    5,
    '"FREQ=WEEKLY" is not understood; write the days out, or FREQ=YEARLY alone',
  ],
  ['<html>', 1, 'this is no iCalendar file; it starts with BEGIN:VCALENDAR'],
])('%j is at fault in line %d', (text, line, message) => {
  expect(parseCalendar(text).faults).toEqual([{ line, message }]);
});
