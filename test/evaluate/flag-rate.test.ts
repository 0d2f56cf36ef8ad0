import { expect, test } from 'vitest';
import { FlagRate } from '../../src/evaluate/flag-rate.ts';

const STEP_MS = 60_000;
const DAY_STEPS = 1440;
const THRESHOLDS = [1, 1.2];

/** Days of one series whose score at a step is what `scoreAt` says; flagged above 1. */
function daysOf(days: number, scoreAt: (step: number) => number, rate = new FlagRate(STEP_MS)): FlagRate {
  rate.clear(0);
  for (let step = 0; step < days * DAY_STEPS; step++) {
    const score = scoreAt(step);
    const columns = { score: Float64Array.of(score), anomaly: Float64Array.of(score > 1 ? 1 : 0) };
    rate.observe({ timestampMs: step * STEP_MS, slots: [0], ...columns }, THRESHOLDS);
  }
  return rate;
}

test('short runs count once each, at every level they reach', () => {
  const hot = new Map([
    [100, 1.1],
    [105, 1.1],
    [300, 1.5],
    [500, 1.1],
  ]);
  const rate = daysOf(2, (step) => hot.get(step % DAY_STEPS) ?? 0.2);
  expect(rate.perSeriesDay('flag')).toBeCloseTo(3, 0);
  expect(rate.perSeriesDay('page')).toBeCloseTo(1, 0);
});

test('an incident is no false alarm', () => {
  expect(daysOf(2, (step) => (step >= 200 && step < 400 ? 3 : 0)).perSeriesDay('flag')).toBe(0);
});

test('samples that were not scored are no time, and less than a day says nothing', () => {
  expect(daysOf(1, (step) => (step % 2 === 0 ? Number.NaN : 0)).perSeriesDay('flag')).toBeUndefined();
  expect(daysOf(3, (step) => (step % 2 === 0 ? Number.NaN : 0)).perSeriesDay('flag')).toBe(0);
});

test('the past fades', () => {
  const rate = daysOf(5, (step) => (step < 5 * DAY_STEPS && step % 144 === 0 ? 2 : 0));
  const busy = rate.perSeriesDay('flag')!;
  expect(busy).toBeCloseTo(10, 0);
  const later = daysOf(40, (step) => (step < 5 * DAY_STEPS && step % 144 === 0 ? 2 : 0)).perSeriesDay('flag')!;
  expect(later).toBeLessThan(busy / 10);
});

test('a snapshot keeps what was counted', () => {
  const rate = daysOf(2, (step) => (step % 100 === 0 ? 2 : 0));
  const copy = new FlagRate(STEP_MS);
  copy.import(rate.export());
  expect(copy.perSeriesDay('flag')).toBe(rate.perSeriesDay('flag'));
});
