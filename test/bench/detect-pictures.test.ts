import { expect, test } from 'vitest';
import type { JudgedSet } from '../../bench/data/judged-set.ts';
import { areaBetween, ticksIn } from '../../bench/detect/pictures/chart.ts';
import { stripsPicture } from '../../bench/detect/pictures/strip.ts';

const MINUTE_MS = 60_000;

function setOf(values: readonly number[], labels: readonly number[]): JudgedSet {
  return {
    set: 'kpi2018',
    part: '',
    name: 'a',
    startMs: 0,
    stepMs: MINUTE_MS,
    steps: values.length,
    series: ['a'],
    values: Float64Array.from(values),
    rows: Int32Array.from(values, (_, i) => i),
    firstRow: 0,
    judgement: { kind: 'labels', labels: Uint8Array.from(labels) },
  };
}

test('a strip has a dot for each flag, a box for each labelled stretch, and says which views spoke in a spell', () => {
  const count = 60;
  const column = (value: number) => new Float32Array(count).fill(value);
  const score = column(0.2);
  const view = new Uint8Array(count);
  score.set([1.5, 1.2, 0.4, 1.1], 20);
  view.set([0, 1, 0, 1], 20);
  const labels = Array.from({ length: count }, (_, i) => (i === 20 || i === 40 || i === 41 ? 1 : 0));
  const set = setOf(
    Array.from({ length: count }, (_, i) => 10 + (i % 3)),
    labels,
  );
  const svg = stripsPicture('a title', [
    {
      title: 'one',
      note: 'two',
      set,
      watched: { score, lower: column(5), upper: column(15), view, cpuMs: 0 },
      fromMs: 0,
      toMs: (count - 1) * MINUTE_MS,
      views: ['spike', 'jump'],
    },
  ]);
  expect(svg.match(/<circle/g)).toHaveLength(3);
  expect(svg.match(/fill="#fff3c4"/g)).toHaveLength(2);
  expect(svg.match(/spike, jump/g)).toHaveLength(1);
  expect(svg).not.toContain('NaN');
});

test.each([
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [-0.1, 0.25, 4, [-0.1, 0, 0.1, 0.2]],
  [97, 103, 3, [98, 100, 102]],
])('round numbers from %d to %d, at most about %d', (low, high, most, ticks) => {
  expect(ticksIn(low, high, most)).toEqual(ticks);
});

test('a band has a piece for each stretch in which both of its edges are there', () => {
  const line = (values: readonly number[]) => values.map((y, x) => [x, y] as const);
  const svg = areaBetween(line([1, 1, Number.NaN, 1, 1]), line([2, 2, 2, 2, Number.NaN]), 'red');
  expect(svg.match(/M/g)).toHaveLength(2);
});
