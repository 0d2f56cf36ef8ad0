import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PooledRows } from '../../../src/adapters/model/pooled-rows.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../src/forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;

function pooled(...parts: readonly (readonly [rows: Float64Array, weight: number])[]): Float64Array {
  const target = new Float64Array(parts[0]![0].length);
  const rows = new PooledRows(target);
  for (const [part, weight] of parts) rows.add(part, weight);
  rows.finish();
  return target;
}

/** Two steps of ascending levels, some of them equal. */
const ROWS = fc
  .tuple(
    fc.double({ min: -1e3, max: 1e3, noNaN: true }),
    fc.array(fc.constantFrom(0, 0, 0.1, 1, 30), { minLength: 2 * LEVELS, maxLength: 2 * LEVELS }),
  )
  .map(([start, rises]) => {
    const rows = new Float64Array(2 * LEVELS);
    rises.forEach((rise, i) => {
      rows[i] = (i % LEVELS === 0 ? start : rows[i - 1]!) + rise;
    });
    return rows;
  });
const WEIGHT = fc.double({ min: 0.05, max: 1, noNaN: true });

test('candidates that agree are left as they are', () => {
  fc.assert(
    fc.property(ROWS, WEIGHT, WEIGHT, WEIGHT, (rows, a, b, c) => {
      expect(pooled([rows, a])).toEqual(rows);
      expect(pooled([rows, a], [rows, b], [rows, c])).toEqual(rows);
    }),
  );
});

test('levels ascend and lie between what the candidates say, in whatever order they come', () => {
  fc.assert(
    fc.property(ROWS, ROWS, WEIGHT, WEIGHT, (one, other, a, b) => {
      const rows = pooled([one, a], [other, b]);
      const turned = pooled([other, b], [one, a]);
      rows.forEach((value, i) => {
        expect(value).toBeGreaterThanOrEqual(Math.min(one[i]!, other[i]!));
        expect(value).toBeLessThanOrEqual(Math.max(one[i]!, other[i]!));
        expect(value).toBeCloseTo(turned[i]!, 6);
        if (i % LEVELS > 0) expect(value).toBeGreaterThanOrEqual(rows[i - 1]! - 1e-9);
      });
    }),
  );
});

/** Rows of a uniform distribution, whose levels lie on a line. */
const uniform = (low: number, high: number) =>
  Float64Array.from(QUANTILE_LEVELS, (level) => low + level * (high - low));

const joined = (mixture: number, mean: number) => 0.4 * mixture + 0.6 * mean;

test('what is far apart becomes a wide band, between mean and mixture', () => {
  // Of the mixture half lies in 0 … 1 and half in 10 … 11, so its level .2 is .4; the mean level there is 5.2.
  const rows = pooled([uniform(0, 1), 1], [uniform(10, 11), 1]);
  expect(rows[QUANTILE_LEVELS.indexOf(0.2)]).toBeCloseTo(joined(0.4, 5.2), 9);
  expect(rows[QUANTILE_LEVELS.indexOf(0.9)]).toBeCloseTo(joined(10.8, 5.9), 9);
  // Nine in ten believe the lower one, and the median of the mixture is its level 5 / 9.
  const surer = pooled([uniform(0, 1), 9], [uniform(10, 11), 1]);
  expect(surer[MEDIAN_INDEX]).toBeCloseTo(joined(5 / 9, 1.5), 9);
});

test('a value that has a share of its own keeps it', () => {
  // Seven in ten are 0 for one candidate; the other one is spread over 0 … 10. Up to 0 lie .35 of the mixture.
  const zeros = Float64Array.from(QUANTILE_LEVELS, (level) => (level <= 0.7 ? 0 : 5));
  const rows = pooled([zeros, 1], [uniform(0, 10), 1]);
  const mean = (level: number) => (zeros[QUANTILE_LEVELS.indexOf(level)]! + 10 * level) / 2;
  expect(rows[QUANTILE_LEVELS.indexOf(0.3)]).toBeCloseTo(joined(0, mean(0.3)), 9);
  expect(rows[QUANTILE_LEVELS.indexOf(0.6)]).toBeGreaterThan(joined(0, mean(0.6)));
});

test('rows that overflow have a mean, and come to an end', () => {
  const huge = Float64Array.from(QUANTILE_LEVELS, (_, i) => (i < 6 ? -1.7e308 : 1.7e308));
  expect(pooled([huge, 1], [uniform(0, 1), 1]).some(Number.isNaN)).toBe(false);
  expect(pooled([new Float64Array(LEVELS).fill(Number.NaN), 1], [uniform(0, 1), 1]).every(Number.isNaN)).toBe(true);
});
