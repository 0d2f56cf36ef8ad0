import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { granularityOf, toGranularity } from '../../src/forecast/granularity.ts';
import { gaussian, randomOf } from '../support/random.ts';

/** Values origin + unit · k for random k of 0 to `most`. */
function counted(length: number, most: number, { origin = 0, unit = 1 } = {}): Float64Array {
  const random = randomOf(5);
  return Float64Array.from({ length }, () => origin + unit * Math.floor(random() * (most + 1)));
}

function noise(length: number): Float64Array {
  const random = randomOf(1);
  return Float64Array.from({ length }, () => gaussian(random));
}

describe('granularity', () => {
  it.each<[string, Float64Array, number]>([
    ['counts', counted(200, 12), 1],
    ['two states', counted(60, 1), 1],
    ['tenths', counted(300, 40, { unit: 0.1 }), 0.1],
    ['thirds of a percent, standardised', counted(300, 9, { origin: -1.234_567, unit: 0.031_23 }), 0.031_23],
    ['steps of 4 KiB', counted(300, 5000, { origin: 1e9, unit: 4096 }), 4096],
    ['counts with one far out', Float64Array.from([...counted(200, 6), 70_001]), 1],
    ['2 and 3 that come apart', Float64Array.from({ length: 60 }, (_, i) => [0, 2, 5, 3][i % 4]!), 1],
    ['counts with gaps', counted(200, 12).map((value, i) => (i % 3 === 0 ? Number.NaN : value)), 1],
    ['single-precision tenths', counted(300, 40, { unit: 0.1 }).map(Math.fround), 0.1],
  ])('finds the unit of %s', (_, values, unit) => {
    const found = granularityOf(values)!;
    expect(found.unit / unit).toBeCloseTo(1, 6);
    for (const value of values) {
      if (!Number.isNaN(value)) expect(toGranularity(value, found)).toBeCloseTo(value, 6);
    }
  });

  it.each<[string, Float64Array]>([
    ['noise', noise(400)],
    ['a smooth curve', Float64Array.from({ length: 400 }, (_, i) => Math.sin(i / 50))],
    ['a constant', new Float64Array(100).fill(7)],
    ['a constant with one spike', new Float64Array(100).fill(7).fill(12, 50, 51)],
    ['nothing', new Float64Array(0)],
    ['gaps alone', new Float64Array(9).fill(Number.NaN)],
    ['counts beside one value between them', Float64Array.from([...counted(200, 12), Math.PI, 2])],
  ])('finds none in %s', (_, values) => {
    expect(granularityOf(values)).toBeUndefined();
  });

  it('finds the unit of whatever is made of one, and rounds to it', () => {
    const units = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    const counts = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 30, maxLength: 80 });
    fc.assert(
      fc.property(units, fc.integer({ min: -500, max: 500 }), counts, (unit, offset, multiples) => {
        const values = Float64Array.from(multiples, (k) => (k + offset) * unit);
        const found = granularityOf(values);
        const changes = values.filter((value, i) => i > 0 && value !== values[i - 1]).length;
        expect(found !== undefined).toBe(changes >= 8);
        if (found === undefined) return;
        // The unit itself, or a multiple of it where these happen to have a common divisor.
        expect(Math.abs(found.unit / unit - Math.round(found.unit / unit))).toBeLessThan(1e-6);
        const rounded = toGranularity(values[0]! + 0.3 * found.unit, found);
        expect(Math.abs(rounded - values[0]!)).toBeLessThan(1e-6 * found.unit);
      }),
    );
  });
});
