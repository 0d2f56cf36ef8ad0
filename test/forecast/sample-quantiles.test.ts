import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinballLoss } from '../../src/forecast/pinball.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import { fillErrorQuantiles, fillSampleQuantiles } from '../../src/forecast/sample-quantiles.ts';
import { gaussian, randomOf } from '../support/random.ts';

function quantilesOf(sample: readonly number[]): Float64Array {
  const row = new Float64Array(QUANTILE_LEVELS.length);
  fillSampleQuantiles(Float64Array.from(sample).sort(), row, 0);
  return row;
}

function errorQuantilesOf(errors: Float64Array): Float64Array {
  const row = new Float64Array(QUANTILE_LEVELS.length);
  fillErrorQuantiles(errors, row, 0);
  return row;
}

describe('fillSampleQuantiles', () => {
  it('puts level p at rank p(n + 1)', () => {
    const row = quantilesOf(Array.from({ length: 99 }, (_, i) => i + 1));
    QUANTILE_LEVELS.forEach((level, i) => {
      expect(row[i]).toBeCloseTo(100 * level, 9);
    });
  });

  it('goes beyond the extremes of a small sample', () => {
    const row = quantilesOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(row[6]).toBe(5);
    expect(row[10]).toBeCloseTo(9, 9);
    expect(row[12]).toBeCloseTo(9 + (4 / Math.log(5)) * Math.log(10), 9);
    expect(row[0]).toBeCloseTo(10 - row[12]!, 9);
  });

  it('is flat for one value and for equal ones', () => {
    expect(new Set(quantilesOf([7]))).toEqual(new Set([7]));
    expect(new Set(quantilesOf([0.1, 0.1, 0.1]))).toEqual(new Set([0.1]));
  });

  it('ascends and is finite for any sample', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e15, max: 1e15, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (sample) => {
          for (const row of [quantilesOf(sample), errorQuantilesOf(Float64Array.from(sample))]) {
            for (let i = 0; i < row.length; i++) {
              expect(Number.isFinite(row[i])).toBe(true);
              if (i > 0) expect(row[i]).toBeGreaterThanOrEqual(row[i - 1]!);
            }
          }
        },
      ),
    );
  });
});

describe('fillErrorQuantiles', () => {
  const random = randomOf(99);
  const noise = Float64Array.from({ length: 320 }, () => gaussian(random));

  it('is close to the plain quantiles where nothing happened', () => {
    const plain = quantilesOf([...noise]);
    const guarded = errorQuantilesOf(noise);
    for (let i = 1; i < 12; i++) expect(Math.abs(guarded[i]! - plain[i]!)).toBeLessThan(0.3);
  });

  it('is hardly moved by one event', () => {
    const errors = noise.slice();
    for (let i = 100; i < 115; i++) errors[i] = 50;
    expect(quantilesOf([...errors])[12]).toBeGreaterThan(40);
    expect(errorQuantilesOf(errors)[12]).toBeLessThan(5);
    expect(errorQuantilesOf(errors.map((error) => -error))[0]).toBeGreaterThan(-5);
  });

  it('keeps the weight of what recurs', () => {
    const errors = noise.slice();
    for (let i = 0; i < errors.length; i += 40) errors[i] = 50;
    expect(errorQuantilesOf(errors)[12]).toBeGreaterThan(40);
  });
});

describe('pinballLoss', () => {
  const row = Float64Array.from(QUANTILE_LEVELS, () => 10);

  it('weighs deviations by the level, and leaves missing steps out', () => {
    const levels = QUANTILE_LEVELS.reduce((sum, level) => sum + level, 0);
    expect(pinballLoss(row, Float64Array.from([12]))).toBeCloseTo(2 * levels, 9);
    expect(pinballLoss(row, Float64Array.from([9]))).toBeCloseTo(QUANTILE_LEVELS.length - levels, 9);
    expect(pinballLoss(Float64Array.from([...row, ...row]), Float64Array.from([Number.NaN, 10]))).toBe(0);
  });

  it('is least for the quantiles of the sample', () => {
    const random = randomOf(4);
    const sample = Float64Array.from({ length: 2000 }, () => gaussian(random));
    const right = quantilesOf([...sample]);
    const loss = (quantiles: Float64Array) =>
      sample.reduce((sum, value) => sum + pinballLoss(quantiles, Float64Array.of(value)), 0);
    expect(loss(right)).toBeLessThan(loss(right.map((value) => value * 1.2)));
    expect(loss(right)).toBeLessThan(loss(right.map((value) => value * 0.8)));
    expect(loss(right)).toBeLessThan(loss(right.map((value) => value + 0.1)));
  });
});
