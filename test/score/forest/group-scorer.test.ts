import { describe, expect, test } from 'vitest';
import { isolationForest } from '../../../src/score/forest/isolation-forest.ts';
import type { Scorer } from '../../../src/score/score.ts';
import { labelsFromRecord } from '../../../src/series/labels.ts';
import { gaussian, randomOf } from '../../support/random.ts';
import { scoreInstant } from '../peers/fleet.ts';

const STEP_MS = 60_000;
const MEMBERS = 6;

/** Two machines of three metrics each: load, and two that follow it. */
function metrics(seed = 1) {
  const random = randomOf(seed);
  return (minute: number): number[] =>
    [0, 1].flatMap(() => {
      const load = 50 + 20 * Math.sin(minute / 100) + 3 * gaussian(random);
      return [load, 2 * load + gaussian(random), 1000 - 5 * load + 4 * gaussian(random)];
    });
}

function started(): Scorer {
  const scorer = isolationForest.create({ stepMs: STEP_MS, by: ['host'], isMultivariate: true });
  for (let i = 0; i < MEMBERS; i++) scorer.add(i, labelsOf(i));
  return scorer;
}

const labelsOf = (i: number) => labelsFromRecord({ host: i < 3 ? 'a' : 'b', metric: String(i % 3) });

function run(scorer: Scorer, sample: (minute: number) => number[], from: number, to: number): number {
  let flags = 0;
  for (let minute = from; minute < to; minute++)
    for (const flag of scoreInstant(scorer, { minute, values: sample(minute) }).anomaly)
      if (flag === 1 || flag === -1) flags++;
  return flags;
}

describe('series that are scored together', () => {
  test('a metric that breaks away is told, with its share, and the other group is calm', () => {
    const scorer = started();
    const sample = metrics();
    run(scorer, sample, 0, 1500);
    const values = sample(1500);
    values[1]! += 150;
    const { score, anomaly, contribution } = scoreInstant(scorer, { minute: 1500, values });
    expect(anomaly[1]).toBe(1);
    expect(Math.max(...score.subarray(0, 3))).toBe(score[1]);
    expect(contribution[1]).toBeGreaterThan(0.4);
    expect(contribution[0]! + contribution[1]! + contribution[2]!).toBeCloseTo(1, 9);
    expect(Math.max(...score.subarray(3))).toBeLessThan(1);
  });

  test('usual days raise little', () => {
    const scorer = started();
    const sample = metrics(2);
    run(scorer, sample, 0, 1500);
    expect(run(scorer, sample, 1500, 1500 + 1440)).toBeLessThan(12);
  });

  test('say nothing until enough is known, nor when half of the group is missing', () => {
    const scorer = started();
    const sample = metrics(3);
    expect([...scoreInstant(scorer, { minute: 0, values: sample(0) }).score]).toEqual(Array(6).fill(Number.NaN));
    run(scorer, sample, 1, 400);
    const values = sample(400);
    values[0] = Number.NaN;
    expect([...scoreInstant(scorer, { minute: 400, values }).score].map(Number.isFinite)).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    values[1] = Number.NaN;
    expect([...scoreInstant(scorer, { minute: 401, values }).score.subarray(0, 3)].some(Number.isFinite)).toBe(false);
  });

  test('a member in maintenance does not speak for its group', () => {
    const scorer = started();
    const sample = metrics(4);
    run(scorer, sample, 0, 600);
    const values = sample(600);
    values[1] = 1e6;
    const excluded = Uint8Array.of(0, 1, 0, 0, 0, 0);
    const { score } = scoreInstant(scorer, { minute: 600, values, excluded });
    expect(Math.max(...[...score].filter(Number.isFinite))).toBeLessThan(1);
  });

  test('a group goes on from a snapshot when its members are the same, and starts anew when they are not', () => {
    const scorer = started();
    const sample = metrics(5);
    run(scorer, sample, 0, 600);
    const memories = Array.from({ length: MEMBERS }, (_, i) => scorer.exportSlot(i));
    const restored = started();
    const other = started();
    other.add(6, labelsFromRecord({ host: 'a', metric: 'new' }));
    memories.forEach((memory, i) => {
      if (memory === undefined) return;
      restored.importSlot(i, memory);
      other.importSlot(i, memory);
    });
    for (let minute = 600; minute < 620; minute++) {
      const values = sample(minute);
      expect(scoreInstant(restored, { minute, values })).toEqual(scoreInstant(scorer, { minute, values }));
      const { score } = scoreInstant(other, { minute, values: [...values, 1] });
      expect([...score.subarray(0, 3)].some(Number.isFinite)).toBe(false);
      expect([...score.subarray(3, 6)].every(Number.isFinite)).toBe(true);
    }
  });
});
