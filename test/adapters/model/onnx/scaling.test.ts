import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asinh } from '../../../../src/adapters/model/onnx/asinh.ts';
import { fromUnits, scalingOf, toUnits } from '../../../../src/adapters/model/onnx/scaling.ts';

const NaN_ = Number.NaN;

describe('scaling', () => {
  it.each<[string, number[], number, number]>([
    ['an odd count', [3, 1, 2], 2, 2 / 3],
    ['an even count, the mean of the middle two', [4, 1, 2, 3], 2.5, 1],
    ['holes', [NaN_, 3, NaN_, 1, 2], 2, 2 / 3],
    ['no sample', [NaN_], 0, 1],
    ['a constant', [-20, -20], -20, 2],
    ['zeros', [0, 0, 0], 0, 1e-6],
    ['one outlier, a thousandth of the range', [...Array(9999).fill(0), 1e6], 0, 1e3],
    ['far out on one side', [0, ...Array(9).fill(1), ...Array(11).fill(-1), 50, 60], 0, 26 / 23],
    ['far out on either side', [-50, ...Array(9).fill(1), ...Array(9).fill(-1), 60], 0, 1.2],
    ['bursts over a rest, which count in full', [...Array(95).fill(2), ...Array(5).fill(102)], 2, 5],
    ['next to no movement, a millionth of the location', [1e9, 1e9 + 1, 1e9], 1e9, 1e3],
  ])('of %s', (_, window, location, scale) => {
    const found = scalingOf(Float64Array.from(window));
    expect(found.location).toBe(location);
    expect(found.scale).toBeCloseTo(scale, 9);
  });

  it('goes there and back', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e5, max: 1e5, noNaN: true }), (value) => {
        const scaling = { location: 7, scale: 3 };
        expect(fromUnits(toUnits(value, scaling), scaling)).toBeCloseTo(value, 6);
      }),
    );
  });

  it('has the asinh of Math', () => {
    for (const x of [0, 1e-300, 1e-8, 0.3, 1, 50, 1e8, 1e100]) {
      for (const sign of [1, -1]) expect(Math.abs(asinh(sign * x) - Math.asinh(sign * x))).toBeLessThan(1e-13);
    }
    for (const x of [Number.NaN, Infinity, -Infinity]) expect(asinh(x)).toBe(Math.asinh(x));
  });

  it('has it between the points of its table, beside its end and beyond', () => {
    let worst = 0;
    for (let x = 0; x < 9; x += 0.0007) worst = Math.max(worst, Math.abs(asinh(x) - Math.asinh(x)));
    expect(worst).toBeLessThan(1e-13);
    // Near nothing what counts is the share.
    for (const x of [1e-12, 1e-6, 1e-3, 0.0078]) expect(asinh(x) / Math.asinh(x)).toBeCloseTo(1, 12);
  });

  it('believes nothing beyond twelve units', () => {
    const scaling = { location: 0, scale: 2 };
    expect(fromUnits(400, scaling)).toBe(2 * Math.sinh(12));
    expect(fromUnits(-400, scaling)).toBe(-2 * Math.sinh(12));
  });
});
