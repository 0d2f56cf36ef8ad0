import { describe, expect, it } from 'vitest';
import { Losses, weightsOf } from '../../../src/adapters/model/auto.ts';

/** Rows of candidates, a loss an origin. */
function weigh(...rows: readonly (readonly number[])[]): number[] {
  const losses = new Losses(rows.length, rows[0]!.length);
  for (const [c, row] of rows.entries()) for (const [i, loss] of row.entries()) losses.set(c, i, loss);
  return weightsOf(losses.relative());
}

describe('weights', () => {
  it.each<[string, number[][], number[]]>([
    [
      'are equal where nothing was lost',
      [
        [0, 0],
        [0, 0],
      ],
      [0.5, 0.5],
    ],
    ['are equal without an origin', [[], [], []], [1 / 3, 1 / 3, 1 / 3]],
    [
      'are equal where what was lost cannot be summed up',
      [
        [1e308, 3],
        [1e308, 3],
      ],
      [0.5, 0.5],
    ],
    [
      'go to the one that lost nothing',
      [
        [0, 0],
        [1, 2],
      ],
      [1, 0],
    ],
    [
      'leave out who lost much more',
      [
        [1, 1],
        [3, 3],
      ],
      [1, 0],
    ],
    [
      'are shared by the sixth power',
      [
        [10, 10],
        [11, 11],
      ],
      [1.1 ** 6 / (1.1 ** 6 + 1), 1 / (1.1 ** 6 + 1)],
    ],
  ])('%s', (_, rows, weights) => {
    for (const [c, weight] of weigh(...rows).entries()) expect(weight).toBeCloseTo(weights[c]!, 12);
  });

  it('are not decided by one wild hour', () => {
    const [steady, lucky] = weigh([10, 10, 10, 10, 1000], [14, 14, 14, 14, 900]);
    expect(steady).toBeGreaterThan(lucky!);
  });

  it('do not depend on the unit', () => {
    const [one] = weigh([1, 2], [2, 1.5]);
    const [other] = weigh([1e-200, 2e-200], [2e-200, 1.5e-200]);
    expect(other).toBeCloseTo(one!, 12);
  });
});
