import { describe, expect, test } from 'vitest';
import { parseDaySpan, rowOfDay } from '../../../src/forecast/calendar/days.ts';

const DAY_MS = 86_400_000;
const dayOf = (date: string) => Date.parse(`${date}T00:00Z`) / DAY_MS;

describe('days', () => {
  test.each([
    ['2026-12-25', '2026-12-25', '2026-12-25'],
    ['2026-12-24..2026-12-26', '2026-12-24', '2026-12-26'],
    [' 2026-12-31 .. 2027-01-01 ', '2026-12-31', '2027-01-01'],
    ['2028-02-29', '2028-02-29', '2028-02-29'],
    ['1969-12-31', '1969-12-31', '1969-12-31'],
  ])('%s is read', (text, from, to) => {
    expect(parseDaySpan(text)).toEqual({ fromDay: dayOf(from), toDay: dayOf(to) });
  });

  test.each([
    ['christmas', 'write 2026-12-25'],
    ['2026-02-29', 'is no date'],
    ['2026-13-01', 'is no date'],
    ['2026-12-26..2026-12-24', 'write 2026-12-24..2026-12-26'],
    ['2026-01-01..2036-01-01', 'longer than 400 days'],
    ['2026-01-01..2026-01-02..2026-01-03', 'is no date'],
  ])('%s is refused', (text, message) => {
    expect(parseDaySpan(text)).toContain(message);
  });
});

describe('rows of the week', () => {
  test('start with Monday, before 1970 too', () => {
    const row = rowOfDay([]);
    expect(['2026-03-02', '2026-03-07', '2026-03-08', '1969-12-29'].map((date) => row(dayOf(date)))).toEqual([
      0, 5, 6, 0,
    ]);
  });

  test('of holidays are those of Sunday, or of the day they are like', () => {
    const span = { fromDay: dayOf('2026-12-24'), toDay: dayOf('2026-12-25') };
    const days = ['2026-12-23', '2026-12-24', '2026-12-25', '2026-12-26'].map(dayOf);
    expect(days.map(rowOfDay([span]))).toEqual([2, 6, 6, 5]);
    expect(days.map(rowOfDay([span], 'saturday'))).toEqual([2, 5, 5, 5]);
  });
});
