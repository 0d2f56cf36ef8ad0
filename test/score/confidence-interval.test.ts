import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import { confidenceInterval } from '../../src/score/confidence-interval.ts';
import { compressScore, type ScoreOptions } from '../../src/score/score.ts';

const OPTIONS: ScoreOptions = {
  confidenceLevel: 0.99,
  direction: 'both',
  threshold: 1,
  minDeviation: { absolute: 0, relative: 0 },
  dataRange: undefined,
};

function score(row: readonly number[], value: number, changes: Partial<ScoreOptions> = {}) {
  const column = () => new Float64Array(1);
  const columns = {
    count: 1,
    value: Float64Array.of(value),
    quantiles: Float64Array.from(row),
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    anomaly: column(),
    view: new Uint8Array(1),
  };
  const at = { slots: [0], timestampMs: 0 };
  confidenceInterval.create({ stepMs: 60_000 }).score(columns, at, { ...OPTIONS, ...changes });
  return {
    expected: columns.expected[0]!,
    lower: columns.lower[0]!,
    upper: columns.upper[0]!,
    score: columns.score[0]!,
    anomaly: columns.anomaly[0]!,
  };
}

/** A row around 100, as wide on either side as a normal distribution of deviation 5, roughly. */
const ROW = QUANTILE_LEVELS.map((level) => 100 + 5 * Math.log(level / (1 - level)) * 0.6);
const FLAT = QUANTILE_LEVELS.map(() => 4);
const ZERO = QUANTILE_LEVELS.map(() => 0);

describe('confidence_interval', () => {
  test('is 0 on the expected line and 1 on the edges of the band', () => {
    const { expected, lower, upper } = score(ROW, 100);
    expect(score(ROW, expected).score).toBeCloseTo(0, 6);
    expect(score(ROW, lower).score).toBeCloseTo(1, 6);
    expect(score(ROW, upper).score).toBeCloseTo(1, 6);
  });

  test('grows on beyond the band without a bound', () => {
    const { upper } = score(ROW, 100);
    const scores = [upper + 1, upper + 10, upper + 100, upper + 1e6].map((value) => score(ROW, value).score);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(scores[0]).toBeGreaterThan(1);
    expect(scores[3]).toBeGreaterThan(20);
    expect(Number.isFinite(score(ROW, 1e300).score)).toBe(true);
  });

  test.each([
    ['a flat series that moves up', FLAT, 5, 1],
    ['a flat series that moves down', FLAT, 3, -1],
    ['a series of zeros that moves', ZERO, 1, 1],
    ['a drop to zero', ROW, 0, -1],
  ])('%s alarms', (_, row, value, anomaly) => {
    expect(score(row, value).anomaly).toBe(anomaly);
    expect(score(row, value).score).toBeGreaterThan(1);
  });

  test.each([
    ['a flat series that stays', FLAT, 4],
    ['zeros that stay', ZERO, 0],
    ['the last digit of a float', FLAT, 4 * (1 + 1e-9)],
  ])('%s is quiet', (_, row, value) => {
    expect(score(row, value)).toMatchObject({ anomaly: 0 });
    expect(score(row, value).score).toBeLessThan(0.01);
  });

  test('direction keeps the score and silences the flag of the other side', () => {
    const both = score(ROW, 0);
    expect(score(ROW, 0, { direction: 'above' })).toEqual({ ...both, anomaly: 0 });
    expect(score(ROW, 0, { direction: 'below' })).toEqual(both);
  });

  test('threshold moves the flag, not the score', () => {
    const value = score(ROW, 100).upper + 2;
    expect(score(ROW, value).anomaly).toBe(1);
    expect(score(ROW, value, { threshold: 3 })).toEqual({ ...score(ROW, value), anomaly: 0 });
  });

  test.each([
    ['absolute', { absolute: 40, relative: 0 }],
    ['relative', { absolute: 0, relative: 0.4 }],
  ])('differences below the %s minimum deviation are never anomalies: the band is as wide', (_, minDeviation) => {
    expect(score(ROW, 139, { minDeviation })).toMatchObject({ anomaly: 0, lower: 60, upper: 140 });
    expect(score(ROW, 139, { minDeviation }).score).toBeLessThan(1);
    expect(score(ROW, 145, { minDeviation }).anomaly).toBe(1);
  });

  test('a value outside the data range is an anomaly by itself; the band never leaves the range', () => {
    const dataRange = [0, 101] as const;
    expect(score(ROW, 100, { dataRange }).upper).toBe(101);
    expect(score(ROW, 101, { dataRange }).anomaly).toBe(0);
    const outside = score(ROW, 101.5, { dataRange, direction: 'below', minDeviation: { absolute: 50, relative: 0 } });
    expect(outside.anomaly).toBe(1);
    expect(outside.score).toBeGreaterThanOrEqual(2);
  });

  test('without a sample or a forecast nothing is said', () => {
    expect(score(ROW, Number.NaN).score).toBeNaN();
    expect(
      score(
        QUANTILE_LEVELS.map(() => Number.NaN),
        1,
      ).anomaly,
    ).toBeNaN();
  });

  test('numbers too small to divide are scored by the band', () => {
    const tiny = [-5e-231, -3e-274, -7.4e-323, 0, 0, 0, 0, 0, 0, 0, 7.4e-323, 8.4e-323, 5e7];
    const result = score(tiny, 8e-323);
    expect(result.score).toBeGreaterThanOrEqual(0);
    expect(result.score).toBeLessThanOrEqual(1);
  });

  test('inside the band and a score below 1 are the same statement, for any row, value and options', () => {
    const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    const range = fc.option(
      fc.tuple(finite, finite).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: QUANTILE_LEVELS.length, maxLength: QUANTILE_LEVELS.length }),
        finite,
        fc.constantFrom(0.5, 0.8, 0.99, 0.9999),
        range,
        fc.double({ min: 0, max: 1e3, noNaN: true }),
        (quantiles, value, confidenceLevel, dataRange, absolute) => {
          const row = quantiles.sort((a, b) => a - b);
          const result = score(row, value, { confidenceLevel, dataRange, minDeviation: { absolute, relative: 0 } });
          expect(value >= result.lower && value <= result.upper).toBe(result.score <= 1);
          expect(result.lower <= result.expected && result.expected <= result.upper).toBe(true);
          if (dataRange) expect(result.lower >= dataRange[0] && result.upper <= dataRange[1]).toBe(true);
        },
      ),
    );
  });

  test('compression starts at 10, is continuous and never falls', () => {
    expect(compressScore(9.99)).toBe(9.99);
    expect(compressScore(10.001)).toBeCloseTo(10.001, 3);
    expect(compressScore(1e9)).toBeGreaterThan(compressScore(1e8));
  });
});
