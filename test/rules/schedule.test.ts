import { expect, test } from 'vitest';
import { longestGapMs } from '../../src/rules/schedule.ts';

const HOUR_MS = 3_600_000;

test.each([
  ['*/15 * * * *', 0.25],
  ['*/10 * * * * *', 10 / 3600],
  ['7 * * * *', 1],
  ['@daily', 24],
  ['0,50 * * * *', 50 / 60],
  // From Friday 17:00 to Monday 9:00.
  ['0 9-17 * * 1-5', 64],
  ['* 9-17 * * 1-5', 63 + 1 / 60],
  ['@monthly', 31 * 24],
  ['0 0 1 1 *', 365 * 24],
  ['0 0 29 2 *', 1461 * 24],
])('the longest time between two instants of %s is %f hours', (expression, hours) => {
  expect(longestGapMs(expression) / HOUR_MS).toBeCloseTo(hours, 9);
  expect(longestGapMs(expression) / HOUR_MS).toBeCloseTo(hours, 9);
});

test('of what comes once in decades it has no end', () => {
  // A February with five Mondays.
  expect(longestGapMs('0 0 * 2 1#5')).toBe(Number.POSITIVE_INFINITY);
});
