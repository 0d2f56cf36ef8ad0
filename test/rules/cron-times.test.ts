import { describe, expect, it } from 'vitest';
import { CronTimes } from '../../src/rules/cron-times.ts';

/** The first `count` instants after `from`, in UTC without seconds that are zero. */
function next(
  expression: string,
  { timezone = 'UTC', from, count = 1 }: { timezone?: string; from: string; count?: number },
) {
  const times = new CronTimes(expression, timezone);
  const found: string[] = [];
  for (let timeMs = Date.parse(from), i = 0; i < count; i++) {
    timeMs = times.nextAfter(timeMs);
    found.push(new Date(timeMs).toISOString().replace(':00.000Z', 'Z').replace('.000Z', 'Z'));
  }
  return found;
}

describe('cron times', () => {
  it.each([
    ['*/15 * * * *', '2026-11-20T10:00:00Z', ['2026-11-20T10:15Z', '2026-11-20T10:30Z']],
    ['7,37 * * * *', '2026-11-20T10:07:00.001Z', ['2026-11-20T10:37Z', '2026-11-20T11:07Z']],
    ['*/20 59 23 * * *', '2026-12-31T23:59:20Z', ['2026-12-31T23:59:40Z', '2027-01-01T23:59Z']],
    ['0 3 * * *', '2026-11-20T03:00:00Z', ['2026-11-21T03:00Z', '2026-11-22T03:00Z']],
    ['@monthly', '2026-11-20T03:00:00Z', ['2026-12-01T00:00Z', '2027-01-01T00:00Z']],
    ['30 6 * * mon-fri', '2026-11-20T06:30:00Z', ['2026-11-23T06:30Z', '2026-11-24T06:30Z']],
    ['0 0 L * *', '2028-02-01T00:00:00Z', ['2028-02-29T00:00Z', '2028-03-31T00:00Z']],
    ['0 9 * * 1#2', '2026-11-20T00:00:00Z', ['2026-12-14T09:00Z', '2027-01-11T09:00Z']],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', ['2104-02-29T00:00Z']],
  ])('%s after %s', (expression, from, expected) => {
    expect(next(expression, { from, count: expected.length })).toEqual(expected);
  });

  it.each([
    ['Europe/Berlin', '0 12 * * *', '2026-11-20T00:00:00Z', ['2026-11-20T11:00Z']],
    ['America/New_York', '0 0 1 * *', '2026-11-20T00:00:00Z', ['2026-12-01T05:00Z']],
    ['Asia/Kathmandu', '0 0 * * *', '2026-11-20T00:00:00Z', ['2026-11-20T18:15Z']],
    ['Australia/Lord_Howe', '0 2 * * *', '2026-07-01T00:00:00Z', ['2026-07-01T15:30Z']],
    ['Pacific/Apia', '30 23 31 12 *', '2026-07-01T00:00:00Z', ['2026-12-31T10:30Z']],
  ])('%s: %s', (timezone, expression, from, expected) => {
    expect(next(expression, { timezone, from })).toEqual(expected);
  });

  const berlin = { timezone: 'Europe/Berlin' };

  it('runs through the hour that comes twice, when every hour matches', () => {
    const found = next('*/20 * * * *', { ...berlin, from: '2026-10-24T23:50:00Z', count: 8 });
    expect(found.map((text) => text.slice(11))).toEqual([
      '00:00Z',
      '00:20Z',
      '00:40Z',
      '01:00Z',
      '01:20Z',
      '01:40Z',
      '02:00Z',
      '02:20Z',
    ]);
  });

  it('comes once on the day when its hour comes twice', () => {
    expect(next('30 2 * * *', { ...berlin, from: '2026-10-24T00:00:00Z', count: 3 })).toEqual([
      '2026-10-24T00:30Z',
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ]);
  });

  it('does not come on the day when clocks skip its hour', () => {
    expect(next('30 2 * * *', { ...berlin, from: '2026-03-28T00:00:00Z', count: 2 })).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-30T00:30Z',
    ]);
  });

  it('agrees with a walk over every minute of a fortnight around a change of clocks', () => {
    const times = new CronTimes('3-59/13 1-22/3 * * tue,sat,sun', 'America/New_York');
    const wall = new Intl.DateTimeFormat('en-US', {
      timeZone: 'America/New_York',
      hourCycle: 'h23',
      weekday: 'short',
      hour: 'numeric',
      minute: 'numeric',
    });
    const startMs = Date.UTC(2026, 2, 1);
    const endMs = Date.UTC(2026, 2, 15);
    const expected: number[] = [];
    for (let timeMs = startMs + 60_000; timeMs < endMs; timeMs += 60_000) {
      const part = Object.fromEntries(wall.formatToParts(timeMs).map(({ type, value }) => [type, value]));
      const [hour, minute] = [Number(part['hour']), Number(part['minute'])];
      const fits = minute >= 3 && (minute - 3) % 13 === 0 && hour >= 1 && hour <= 22 && (hour - 1) % 3 === 0;
      if (fits && ['Tue', 'Sat', 'Sun'].includes(part['weekday']!)) expected.push(timeMs);
    }
    const found: number[] = [];
    for (let timeMs = times.nextAfter(startMs); timeMs < endMs; timeMs = times.nextAfter(timeMs)) found.push(timeMs);
    expect(expected.length).toBeGreaterThan(100);
    expect(found).toEqual(expected);
  });

  it.each([
    ['61 * * * *', 'UTC', '61 * * * *'],
    ['@every 5m', 'UTC', '@every 5m'],
    ['0 0 31 2 *', 'UTC', '31'],
    ['* * * * *', 'Europe/Berlim', 'Europe/Berlim'],
  ])('refuses %s in %s', (expression, timezone, named) => {
    expect(() => new CronTimes(expression, timezone)).toThrow(named);
  });
});
