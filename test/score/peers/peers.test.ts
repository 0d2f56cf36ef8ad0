import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { peers } from '../../../src/score/peers/peers.ts';
import type { Scorer } from '../../../src/score/score.ts';
import { labelsFromRecord } from '../../../src/series/labels.ts';
import { randomOf } from '../../support/random.ts';
import { scoreInstant } from './fleet.ts';

const STEP_MS = 60_000;
const DAY = 1440;

/** A fleet under one load, each member with a size and an offset of its own and some noise. */
function fleet(members: number, seed = 1) {
  const random = randomOf(seed);
  const noise = () => random() + random() + random() + random() - 2;
  const sizes = Array.from({ length: members }, (_, i) => (i === 0 ? 10 : 0.5 + random()));
  const offsets = Array.from({ length: members }, () => 20 * random());
  let wander = 0;
  return (minute: number, change = (load: number) => load): number[] => {
    wander = 0.99 * wander + 0.1 * noise();
    const load = change(10 + 5 * Math.sin((2 * Math.PI * minute) / DAY) + wander);
    return sizes.map((size, i) => offsets[i]! + size * (load + 0.2 * noise()));
  };
}

function started(members: number, by: readonly string[] = [], labels = (i: number) => ({ instance: `i${i}` })): Scorer {
  const scorer = peers.create({ stepMs: STEP_MS, by });
  for (let i = 0; i < members; i++) scorer.add(i, labelsFromRecord(labels(i)));
  return scorer;
}

/** Runs a fleet for some minutes; answers the flags raised. */
function run(
  scorer: Scorer,
  sample: (minute: number) => readonly number[],
  minutes: { from: number; to: number },
): number {
  let flags = 0;
  for (let minute = minutes.from; minute < minutes.to; minute++) {
    const { anomaly } = scoreInstant(scorer, { minute, values: sample(minute) });
    for (const flag of anomaly) if (flag !== 0 && !Number.isNaN(flag)) flags++;
  }
  return flags;
}

describe('peers', () => {
  test('a fleet that goes about its day is calm, the member that is always higher included', () => {
    const scorer = started(12);
    const sample = fleet(12);
    run(scorer, sample, { from: 0, to: DAY });
    const flags = run(scorer, sample, { from: DAY, to: 4 * DAY });
    expect(flags / (12 * 3)).toBeLessThan(0.2);
  });

  test.each([
    ['doubles', (load: number) => load * 2],
    ['stops', (load: number) => load * 0.1],
    ['climbs', (load: number) => load + 40],
  ])('nobody is an outlier when the whole fleet %s', (_, change) => {
    const scorer = started(12);
    const sample = fleet(12);
    run(scorer, sample, { from: 0, to: DAY });
    const flags = run(scorer, (minute) => sample(minute, change), { from: DAY, to: DAY + 30 });
    expect(flags).toBeLessThan(8);
  });

  test('a member that stays behind is one, as long as it does, and the others are not', () => {
    const scorer = started(12);
    const sample = fleet(12);
    run(scorer, sample, { from: 0, to: DAY });
    const flags = new Float64Array(12);
    for (let minute = DAY; minute < DAY + 60; minute++) {
      const values = sample(minute);
      values[3]! += 6;
      scoreInstant(scorer, { minute, values }).anomaly.forEach((flag, i) => {
        flags[i]! += flag;
      });
    }
    expect(flags[3]).toBeGreaterThan(45);
    flags[3] = 0;
    expect(Math.max(...flags.map(Math.abs))).toBeLessThan(5);
  });

  test('nearly half of the fleet going astray are the outliers, not the rest', () => {
    const scorer = started(11);
    const sample = fleet(11);
    run(scorer, sample, { from: 0, to: DAY });
    const values = sample(DAY).map((value, i) => (i >= 1 && i <= 4 ? value + 15 : value));
    const { anomaly } = scoreInstant(scorer, { minute: DAY, values });
    expect([...anomaly]).toEqual([0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  test('four are too few for an opinion, and groups are apart', () => {
    const four = started(4);
    run(four, fleet(4), { from: 0, to: 200 });
    expect([...scoreInstant(four, { minute: 200, values: [1, 2, 3, 400] }).score]).toEqual(Array(4).fill(Number.NaN));

    const labels = (i: number) => ({ instance: `i${i}`, job: i < 6 ? 'a' : 'b' });
    const grouped = started(12, ['job'], labels);
    const [a, b] = [fleet(6, 2), fleet(6, 3)];
    const both = (minute: number) => [...a(minute), ...b(minute)];
    run(grouped, both, { from: 0, to: DAY });
    // A whole group moves: within it nobody is an outlier.
    const moved = both(DAY).map((value, i) => (i < 6 ? value * 1.5 : value));
    expect(
      [...scoreInstant(grouped, { minute: DAY, values: moved }).anomaly].filter((flag) => flag !== 0).length,
    ).toBeLessThan(2);
  });

  test('a member in maintenance is judged, the others not by it', () => {
    const scorer = started(5);
    const sample = fleet(5);
    run(scorer, sample, { from: 0, to: DAY });
    const values = sample(DAY);
    values[1] = 500;
    const excluded = Uint8Array.of(0, 1, 0, 0, 0);
    const { score } = scoreInstant(scorer, { minute: DAY, values, excluded });
    expect(score[1]).toBeGreaterThan(1);
    // Four are left, which is too few.
    expect([...score].filter(Number.isFinite)).toHaveLength(1);
  });

  test('the band does not depend on the sample, and inside it and a score up to 1 are the same statement', () => {
    const value = fc.double({ min: -300, max: 300, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(value, { minLength: 6, maxLength: 6 }), (seed, tried) => {
        const scorer = started(6);
        const sample = fleet(6, seed);
        run(scorer, sample, { from: 0, to: 200 });
        const others = sample(200);
        const bands = tried.map((own) => {
          const copy = started(6);
          for (let slot = 0; slot < 6; slot++) copy.importSlot(slot, scorer.exportSlot(slot)!);
          const columns = scoreInstant(copy, { minute: 200, values: [own, ...others.slice(1)] });
          const [lower, upper, score] = [columns.lower[0]!, columns.upper[0]!, columns.score[0]!];
          expect(own >= lower && own <= upper).toBe(score <= 1);
          expect(columns.expected[0]).toBeGreaterThanOrEqual(lower);
          expect(columns.expected[0]).toBeLessThanOrEqual(upper);
          return [lower, columns.expected[0], upper];
        });
        for (const band of bands) expect(band).toEqual(bands[0]);
      }),
      { numRuns: 30 },
    );
  });

  test('members that never moved are calm together, and one that moves alone is an outlier', () => {
    const scorer = started(6);
    const still = () => [1, 1, 1, 0, 0, 7];
    expect(run(scorer, still, { from: 0, to: DAY })).toBe(0);
    const { anomaly } = scoreInstant(scorer, { minute: DAY, values: [1, 1, 2, 0, 0, 7] });
    expect([...anomaly]).toEqual([0, 0, 1, 0, 0, 0]);
  });
});
