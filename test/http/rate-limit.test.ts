import { expect, it } from 'vitest';
import { RateLimit } from '../../src/http/rate-limit.ts';

it('lets the burst in at once, then one each interval, and keeps no more than the burst', () => {
  let nowMs = 5_000;
  const limit = new RateLimit(() => nowMs);
  const takes = (count: number) => Array.from({ length: count }, () => limit.take(100, 3));
  expect(takes(4)).toEqual([true, true, true, false]);
  nowMs += 99;
  expect(takes(1)).toEqual([false]);
  nowMs += 1;
  expect(takes(2)).toEqual([true, false]);
  nowMs += 250;
  expect(takes(3)).toEqual([true, true, false]);
  nowMs += 1_000_000;
  expect(takes(4)).toEqual([true, true, true, false]);
});
