import { describe, expect, test } from 'vitest';
import { compileExclude, excludeWindowFault } from '../../src/rules/exclude-window.ts';

const isExcluded = (window: string, timezone: string, instant: string) =>
  compileExclude([window], timezone)(Date.parse(instant));

describe('weekly windows', () => {
  // 2026-03-07 is a Saturday.
  test.each([
    ['Sat 02:00-04:00', '2026-03-07T01:59:59Z', false],
    ['Sat 02:00-04:00', '2026-03-07T02:00:00Z', true],
    ['Sat 02:00-04:00', '2026-03-07T03:59:59Z', true],
    ['Sat 02:00-04:00', '2026-03-07T04:00:00Z', false],
    ['Sat 02:00-04:00', '2026-03-08T03:00:00Z', false],
    ['saturday 2:00 - 4:00', '2026-03-07T03:00:00Z', true],
    ['Sat 22:00-02:00', '2026-03-07T23:00:00Z', true],
    ['Sat 22:00-02:00', '2026-03-08T01:59:00Z', true],
    ['Sat 22:00-02:00', '2026-03-08T02:00:00Z', false],
    ['Sat 22:00-02:00', '2026-03-07T01:00:00Z', false],
    ['Mon-Fri 00:00-24:00', '2026-03-06T23:59:00Z', true],
    ['Mon-Fri 00:00-24:00', '2026-03-07T00:00:00Z', false],
    ['Fri-Mon', '2026-03-09T12:00:00Z', true],
    ['Fri-Mon', '2026-03-10T00:00:00Z', false],
    ['Sat,Sun', '2026-03-08T23:59:59Z', true],
    ['Sat, Wed 10:00-11:00', '2026-03-04T10:30:00Z', true],
    ['daily 03:00-03:30', '2026-03-05T03:29:00Z', true],
    ['03:00-03:30', '2026-03-05T03:30:00Z', false],
    ['02:00-02:00', '2026-03-05T01:00:00Z', true],
  ])('%s holds %s: %s', (window, instant, holds) => {
    expect(isExcluded(window, 'UTC', instant)).toBe(holds);
  });

  test.each([
    ['Sat 02:00-04:00', 'Europe/Berlin', '2026-03-07T01:00:00Z', true],
    ['Sat 02:00-04:00', 'Europe/Berlin', '2026-03-07T03:00:00Z', false],
    // Clocks jump from 02:00 to 03:00 on 29 March: the hour does not exist, the window is an hour shorter.
    ['Sun 02:00-04:00', 'Europe/Berlin', '2026-03-29T00:59:00Z', false],
    ['Sun 02:00-04:00', 'Europe/Berlin', '2026-03-29T01:00:00Z', true],
    ['Sun 02:00-04:00', 'Europe/Berlin', '2026-03-29T02:00:00Z', false],
    // On 25 October the hour from 02:00 comes twice, and both belong to the window.
    ['Sun 02:00-03:00', 'Europe/Berlin', '2026-10-25T00:30:00Z', true],
    ['Sun 02:00-03:00', 'Europe/Berlin', '2026-10-25T01:30:00Z', true],
    ['Sun 02:00-03:00', 'Europe/Berlin', '2026-10-25T02:00:00Z', false],
    ['Sun 00:00-01:00', 'Asia/Kolkata', '2026-03-07T18:30:00Z', true],
  ])('%s in %s holds %s: %s', (window, timezone, instant, holds) => {
    expect(isExcluded(window, timezone, instant)).toBe(holds);
  });
});

describe('ranges', () => {
  test.each([
    ['2026-12-24/2026-12-26', 'UTC', '2026-12-24T00:00:00Z', true],
    ['2026-12-24/2026-12-26', 'UTC', '2026-12-26T23:59:59Z', true],
    ['2026-12-24/2026-12-26', 'UTC', '2026-12-27T00:00:00Z', false],
    ['2026-12-24/2026-12-24', 'America/New_York', '2026-12-25T04:59:00Z', true],
    ['2026-12-24T18:00/2026-12-24T19:00', 'Europe/Berlin', '2026-12-24T17:30:00Z', true],
    ['2026-12-24T18:00/2026-12-24T19:00', 'Europe/Berlin', '2026-12-24T18:30:00Z', false],
    ['2026-12-24T18:00:00Z/2026-12-24T20:00:00+01:00', 'Asia/Tokyo', '2026-12-24T18:30:00Z', true],
    ['2026-12-24T18:00:00Z/2026-12-24T20:00:00+01:00', 'Asia/Tokyo', '2026-12-24T19:00:00Z', false],
  ])('%s in %s holds %s: %s', (window, timezone, instant, holds) => {
    expect(isExcluded(window, timezone, instant)).toBe(holds);
  });
});

test('several windows are taken together, and none excludes nothing', () => {
  const both = compileExclude(['Sat', 'daily 03:00-04:00'], 'UTC');
  expect([both(Date.parse('2026-03-07T12:00Z')), both(Date.parse('2026-03-05T03:30Z'))]).toEqual([true, true]);
  expect(both(Date.parse('2026-03-05T12:00Z'))).toBe(false);
  expect(compileExclude([], 'Europe/Berlin')(0)).toBe(false);
});

test.each([
  ['', 'is no window'],
  ['0 2 * * 6', 'is no window'],
  ['Caturday 02:00-04:00', 'no day of the week'],
  ['S 02:00-04:00', 'no day of the week'],
  ['Sat 02:00', 'is no window'],
  ['Sat 25:00-26:00', 'no time of the day'],
  ['Sat 02:60-03:00', 'no time of the day'],
  ['2026-12-24/', 'no date or time'],
  ['2026-02-30/2026-03-01', 'no date or time'],
  ['2026-12-26/2026-12-24', 'ends before it starts'],
  ['2026-12-24T18:00Z/2026-12-25', 'an offset at one end only'],
  ['2026-12-24/2026-12-25/2026-12-26', 'more than one "/"'],
])('"%s" is refused', (text, said) => {
  expect(excludeWindowFault(text)).toContain(said);
});
