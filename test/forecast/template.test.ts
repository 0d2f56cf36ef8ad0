import { describe, expect, it } from 'vitest';
import { fillSeasonal, fillTemplate } from '../../src/forecast/template.ts';

const NONE = Number.NaN;

function templateOf(values: readonly number[], period: number, from: number, length: number): number[] {
  const target = new Float64Array(length);
  fillTemplate(Float64Array.from(values), period, from, target);
  return [...target];
}

describe('fillTemplate', () => {
  it.each([
    ['one cycle: the value', [5], 5],
    ['two: their mean', [5, 7], 6],
    ['three: the median', [100, 5, 7], 7],
    ['four: the mean of the middle two', [100, 5, 7, -50], 6],
    ['five: without largest and smallest', [100, 5, 7, -50, 9], 7],
    ['six: the same, in any order', [9, 7, 100, 5, -50, 7], 7],
    ['the newest six of more', [1e9, 1e9, 1e9, 9, 7, 100, 5, -50, 7], 7],
    ['missing ones do not count', [NONE, 5, NONE, 7], 6],
    ['equal ones stay exact', [0.1, 0.1, 0.1, 0.1, 0.1], 0.1],
  ])('%s', (_, cycles, expected) => {
    // Period 2: the cycles lie on the even positions, noise on the odd ones.
    const values = cycles.flatMap((value, i) => [value, 1000 + i]);
    expect(templateOf(values, 2, values.length, 1)).toEqual([expected]);
  });

  it('only looks back, and repeats the phases beyond the end', () => {
    expect(templateOf([1, 2, 3, 4, 5, 6], 3, 0, 12)).toEqual([NONE, NONE, NONE, 1, 2, 3, 2.5, 3.5, 4.5, 2.5, 3.5, 4.5]);
  });

  it('is missing where the phase is', () => {
    expect(templateOf([1, NONE, 3, NONE], 2, 4, 2)).toEqual([2, NONE]);
  });
});

describe('fillSeasonal', () => {
  it('is zero without a period and the mean of two', () => {
    const values = Float64Array.from([1, 2, 3, 4, 5, 6]);
    const target = new Float64Array(2).fill(9);
    fillSeasonal(values, [], 6, target);
    expect([...target]).toEqual([0, 0]);
    fillSeasonal(values, [3, 5], 6, target);
    expect([...target]).toEqual([(2.5 + 2) / 2, (3.5 + 3) / 2]);
  });
});
