import { describe, expect, it } from 'vitest';
import { seriesValues } from './notation.ts';

describe('series notation', () => {
  it.each([
    ['1 2 3', [1, 2, 3]],
    ['1+2x3', [1, 3, 5, 7]],
    ['-2+4x2', [-2, 2, 6]],
    ['10-2x2', [10, 8, 6]],
    ['5x3', [5, 5, 5, 5]],
    ['1e3 .5 -Inf', [1000, 0.5, Number.NEGATIVE_INFINITY]],
    ['1 _ _x2 stale 2', [1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 2]],
  ])('%s', (notation, values) => {
    expect([...seriesValues(notation)]).toEqual(values);
  });

  it('refuses what it does not know', () => {
    expect(() => seriesValues('1 1..2')).toThrow('"1..2"');
  });
});
