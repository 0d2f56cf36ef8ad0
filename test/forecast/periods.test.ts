import { describe, expect, it } from 'vitest';
import { calendarPeriods, findPeriods } from '../../src/forecast/periods.ts';
import { gaussian, randomOf } from '../support/random.ts';

const MINUTE_MS = 60_000;

type Shape = (i: number, random: () => number) => number;

function series(length: number, shape: Shape): Float64Array {
  const random = randomOf(11);
  return Float64Array.from({ length }, (_, i) => shape(i, random));
}

describe('findPeriods', () => {
  it.each<[string, Shape, number]>([
    ['a day of minutes', (i, r) => Math.sin((2 * Math.PI * i) / 1440) + 0.2 * gaussian(r), 1440],
    ['a job every 36 steps', (i, r) => (i % 36 < 3 ? 10 : 0) + gaussian(r), 36],
    ['a sawtooth that resets every 100 steps', (i, r) => (i % 100) + gaussian(r), 100],
    ['a rhythm behind gaps', (i, r) => (r() < 0.3 ? Number.NaN : Math.cos((2 * Math.PI * i) / 50)), 50],
    ['a rhythm behind spikes', (i, r) => Math.sin((2 * Math.PI * i) / 1440) + (r() < 0.002 ? 1e4 : 0), 1440],
  ])('finds %s', (_, shape, period) => {
    const [found] = findPeriods(series(10_080, shape), MINUTE_MS);
    expect(found! % period).toBe(0);
  });

  it('finds the day and the week of a series that rests at the weekend', () => {
    const shape: Shape = (i, r) => Math.sin((2 * Math.PI * i) / 288) * (i % 2016 < 1440 ? 1 : 0.5) + 0.3 * gaussian(r);
    expect(findPeriods(series(10_080, shape), 5 * MINUTE_MS).sort((a, b) => a - b)).toEqual([288, 2016]);
  });

  it.each<[string, Shape]>([
    ['noise', (_, r) => gaussian(r)],
    ['a constant', () => 5],
    ['nothing', () => Number.NaN],
    ['a flat line with one spike', (i) => (i === 4000 ? 100 : 1)],
  ])('finds none in %s', (_, shape) => {
    expect(findPeriods(series(5000, shape), MINUTE_MS)).toEqual([]);
  });

  it('takes contexts of any length', () => {
    for (const length of [0, 1, 2, 3, 5, 8, 20]) {
      expect(
        Array.isArray(
          findPeriods(
            series(length, (i) => i % 2),
            MINUTE_MS,
          ),
        ),
      ).toBe(true);
    }
  });
});

describe('calendarPeriods', () => {
  it('has hour, day and week where they are whole steps', () => {
    expect(calendarPeriods(MINUTE_MS)).toEqual([60, 1440, 10_080]);
    expect(calendarPeriods(60 * MINUTE_MS)).toEqual([24, 168]);
    expect(calendarPeriods(7 * MINUTE_MS)).toEqual([1440]);
  });
});
