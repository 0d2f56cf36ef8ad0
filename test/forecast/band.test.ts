import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEDIAN_SURPRISE, quantileAt, surpriseAt } from '../../src/forecast/band.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';

const NORMAL = [-2.326, -1.645, -1.282, -0.842, -0.524, -0.253, 0, 0.253, 0.524, 0.842, 1.282, 1.645, 2.326];

/** Rows with plateaus: steps between neighbours are often zero, and magnitudes span what exporters send. */
const rows = fc
  .record({
    start: fc.oneof(fc.constant(0), fc.double({ min: -1e12, max: 1e12, noNaN: true })),
    scale: fc.constantFrom(1e-12, 1e-3, 1, 1e6, 1e15),
    steps: fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 10, noNaN: true })), {
      minLength: 12,
      maxLength: 12,
    }),
  })
  .map(({ start, scale, steps }) => {
    const row = new Float64Array(13);
    row[0] = start;
    for (let i = 1; i < 13; i++) row[i] = row[i - 1]! + steps[i - 1]! * scale;
    return row;
  });
const masses = fc.oneof(
  fc.constantFrom(0.4, 0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.0005),
  fc.double({ min: 1e-9, max: 0.49, noNaN: true }),
);

describe('quantileAt', () => {
  it('answers the row itself at its levels, and lines between them', () => {
    const row = Float64Array.from([Number.NaN, ...NORMAL]);
    QUANTILE_LEVELS.forEach((level, i) => {
      expect(quantileAt(row, 1, level)).toBeCloseTo(NORMAL[i]!, 12);
    });
    expect(quantileAt(row, 1, 0.03)).toBeCloseTo((-2.326 - 1.645) / 2, 12);
  });

  it('goes on exponentially beyond the outer levels', () => {
    const row = Float64Array.from(NORMAL);
    const scale = (2.326 - 1.645) / Math.log(5);
    expect(quantileAt(row, 0, 0.999)).toBeCloseTo(2.326 + scale * Math.log(10), 9);
    expect(quantileAt(row, 0, 0.001)).toBeCloseTo(-2.326 - scale * Math.log(10), 9);
  });

  it('is finite and never falls as the level rises, plateaus and extremes included', () => {
    fc.assert(
      fc.property(rows, masses, masses, (row, a, b) => {
        for (const levels of [
          [Math.min(a, b), Math.max(a, b)],
          [1 - Math.max(a, b), 1 - Math.min(a, b)],
        ]) {
          const low = quantileAt(row, 0, levels[0]!);
          const high = quantileAt(row, 0, levels[1]!);
          expect(Number.isFinite(low) && Number.isFinite(high)).toBe(true);
          expect(low <= high + 1e-12 * Math.abs(high)).toBe(true);
        }
      }),
    );
    const huge = new Float64Array(13).fill(0);
    huge[0] = -Number.MAX_VALUE;
    huge[12] = Number.MAX_VALUE;
    expect(Number.isFinite(quantileAt(huge, 0, 1e-9))).toBe(true);
    expect(Number.isFinite(quantileAt(huge, 0, 1 - 1e-9))).toBe(true);
  });

  it('is NaN where there is no forecast', () => {
    const none = new Float64Array(13).fill(Number.NaN);
    for (const level of [0.001, 0.3, 0.5, 0.999]) expect(quantileAt(none, 0, level)).toBeNaN();
  });
});

describe('surpriseAt', () => {
  const row = Float64Array.from(NORMAL);

  it.each([
    ['the median', 0, MEDIAN_SURPRISE],
    ['the 0.9 level', 1.282, 1],
    ['the 0.05 level', -1.645, -Math.log10(0.05)],
    ['the 0.99 level', 2.326, 2],
    ['the 0.01 level', -2.326, 2],
  ])('at %s is the tail mass there', (_, value, surprise) => {
    expect(surpriseAt(row, 0, value)).toBeCloseTo(surprise, 9);
  });

  it('grows linearly in the tail', () => {
    const perUnit = surpriseAt(row, 0, 4) - surpriseAt(row, 0, 3);
    expect(surpriseAt(row, 0, 9) - surpriseAt(row, 0, 8)).toBeCloseTo(perUnit, 9);
    expect(perUnit).toBeGreaterThan(0.5);
  });

  it('on a flat row is small for the flat value, and large, finite and growing for others', () => {
    for (const level of [0, 5, -3e9, 1e-12, 1e15]) {
      const flat = new Float64Array(13).fill(level);
      const unit = Math.abs(level) || 1;
      expect(surpriseAt(flat, 0, level)).toBeCloseTo(MEDIAN_SURPRISE, 12);
      const near = surpriseAt(flat, 0, level + 0.01 * unit);
      const far = surpriseAt(flat, 0, level - unit);
      const farthest = surpriseAt(flat, 0, Number.POSITIVE_INFINITY);
      expect(near).toBeGreaterThan(100);
      expect(far).toBeGreaterThan(near);
      expect(farthest).toBeGreaterThan(far);
      expect(Number.isFinite(farthest)).toBe(true);
    }
  });

  it('does not call the crowded value of zero-inflated counts surprising', () => {
    const counts = Float64Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4]);
    expect(surpriseAt(counts, 0, 0)).toBeCloseTo(MEDIAN_SURPRISE, 12);
    expect(surpriseAt(counts, 0, 1)).toBeCloseTo(1, 9);
    expect(surpriseAt(counts, 0, 40)).toBeGreaterThan(5);
  });

  it('forgives rounding on the flat side of a saturated ratio', () => {
    const ratio = Float64Array.from([0.8, 0.9, 0.95, 0.98, 0.99, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(surpriseAt(ratio, 0, 1 + 1e-9)).toBeLessThan(2.01);
    expect(surpriseAt(ratio, 0, 1.05)).toBeGreaterThan(50);
  });

  it('agrees with the interval of quantileAt on what is inside', () => {
    fc.assert(
      fc.property(rows, masses, fc.double({ min: -2, max: 3, noNaN: true }), (row, mass, position) => {
        const lower = quantileAt(row, 0, mass);
        const upper = quantileAt(row, 0, 1 - mass);
        const value = lower + position * (upper - lower);
        const rounding = 1e-9 * Math.max(Math.abs(lower), Math.abs(upper), 1e-300);
        fc.pre(Math.min(Math.abs(value - lower), Math.abs(value - upper)) > rounding);
        expect(surpriseAt(row, 0, value) <= -Math.log10(mass)).toBe(value >= lower && value <= upper);
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees on values that sit on plateaus, where the edges of the band do too', () => {
    fc.assert(
      fc.property(rows, masses, fc.integer({ min: 0, max: 12 }), (row, mass, index) => {
        const value = row[index]!;
        if (surpriseAt(row, 0, value) <= -Math.log10(mass) - 1e-9) {
          const rounding = 1e-9 * Math.abs(value);
          expect(value).toBeGreaterThanOrEqual(quantileAt(row, 0, mass) - rounding);
          expect(value).toBeLessThanOrEqual(quantileAt(row, 0, 1 - mass) + rounding);
        }
      }),
    );
  });

  it('never falls as the value moves away from the median', () => {
    fc.assert(
      fc.property(
        rows,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (row, a, b) => {
          const median = row[6]!;
          const unit = Math.max(row[12]! - row[0]!, Math.abs(median) * 1e-3, 1e-9);
          for (const side of [-1, 1]) {
            const near = surpriseAt(row, 0, median + side * Math.min(a, b) * unit);
            const far = surpriseAt(row, 0, median + side * Math.max(a, b) * unit);
            expect(far).toBeGreaterThanOrEqual(near - 1e-9);
          }
        },
      ),
    );
  });

  it('is NaN without value or forecast', () => {
    expect(surpriseAt(row, 0, Number.NaN)).toBeNaN();
    expect(surpriseAt(new Float64Array(13).fill(Number.NaN), 0, 1)).toBeNaN();
  });
});
