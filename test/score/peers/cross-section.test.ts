import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CrossSection } from '../../../src/score/peers/cross-section.ts';

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : sorted[half - 1]! / 2 + sorted[half]! / 2;
}

test('is the median of the others, and their median distance from it', () => {
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 30 }), (values) => {
      const section = new CrossSection();
      section.take(Float64Array.from(values), values.length);
      values.forEach((_, i) => {
        const others = values.filter((_, j) => j !== i);
        const centre = median(others);
        // −0 equals 0 and is told from it here; half of the least number is either.
        expect(section.centre[i]! + 0).toBe(centre + 0);
        expect(section.spread[i]).toBe(median(others.map((other) => Math.abs(other - centre))));
      });
    }),
  );
});
