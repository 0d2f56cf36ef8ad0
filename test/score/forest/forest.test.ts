import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Forest } from '../../../src/score/forest/forest.ts';
import { gaussian, randomOf } from '../../support/random.ts';

const SHAPE = { features: 2, trees: 50, depth: 6, rows: 300, turnover: 0.5, seed: 7 };

function grown(sample: (random: () => number) => readonly number[], shape = SHAPE): Forest {
  const forest = new Forest(shape);
  const random = randomOf(3);
  for (let i = 0; i < 400; i++) forest.learn(Float64Array.from(sample(random)));
  forest.refresh();
  return forest;
}

const cloud = (random: () => number) => [gaussian(random), 100 + 5 * gaussian(random)];

describe('an isolation forest', () => {
  test('isolates what is far from all samples, in any feature, and beyond them all', () => {
    const forest = grown(cloud);
    const at = (...sample: number[]) => forest.isolation(Float64Array.from(sample));
    expect(at(0, 100)).toBeLessThan(0.5);
    for (const far of [at(6, 100), at(0, 140), at(-6, 60)]) expect(far).toBeGreaterThan(at(0, 100) + 0.1);
    expect(at(100, 100)).toBeGreaterThanOrEqual(at(6, 100));
  });

  test('knows that what never moved has moved', () => {
    const forest = grown(() => [5, 0]);
    const at = (...sample: number[]) => forest.isolation(Float64Array.from(sample));
    expect(at(6, 0)).toBeGreaterThan(at(5, 0) + 0.1);
    expect(at(5, -1)).toBeGreaterThan(at(5, 0) + 0.1);
  });

  test('is the same for the same samples and seed, and another for another seed', () => {
    const sample = Float64Array.of(2, 110);
    expect(grown(cloud).isolation(sample)).toBe(grown(cloud).isolation(sample));
    expect(grown(cloud, { ...SHAPE, seed: 8 }).isolation(sample)).not.toBe(grown(cloud).isolation(sample));
  });

  test('follows what becomes usual', () => {
    const forest = grown(cloud);
    const moved = Float64Array.of(8, 160);
    const before = forest.isolation(moved);
    const random = randomOf(4);
    for (let i = 0; i < 3000; i++) {
      forest.learn(Float64Array.of(8 + gaussian(random), 160 + 5 * gaussian(random)));
      forest.refresh();
    }
    expect(forest.isolation(moved)).toBeLessThan(0.5);
    expect(before).toBeGreaterThan(0.55);
  });

  test('goes on after a snapshot as if it had never stopped', () => {
    const forest = grown(cloud);
    const copy = new Forest(SHAPE);
    expect(copy.import(forest.export())).toHaveLength(0);
    const random = randomOf(5);
    for (let i = 0; i < 100; i++) {
      const sample = Float64Array.from(cloud(random));
      expect(copy.isolation(sample)).toBe(forest.isolation(sample));
      for (const each of [forest, copy]) {
        each.learn(sample);
        each.refresh();
      }
    }
    expect(() => copy.import(new Uint8Array(10))).toThrow(RangeError);
  });

  test('says which feature it was', () => {
    const forest = grown((random) => [gaussian(random), gaussian(random), gaussian(random)], { ...SHAPE, features: 3 });
    const target = new Float64Array(3);
    forest.contributions(Float64Array.of(0, 12, 0), target);
    expect(target[1]).toBeGreaterThan(0.5);
    expect(target.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  test('edges are where isolation reaches what is allowed, exactly', () => {
    const forest = grown(cloud);
    const features = { slope: Float64Array.of(1, 0.5), centre: Float64Array.of(2, -150) };
    const isolationOf = (value: number) =>
      forest.isolation(Float64Array.from([value - 2, 0.5 * (value + 150)], (v) => v));
    const level = fc.double({ min: 0.46, max: 0.75, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 50, noNaN: true }),
        level,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, most, share) => {
          if (isolationOf(from) >= most) return;
          const [lower, upper] = [forest.edge(from, -1, features, most), forest.edge(from, 1, features, most)];
          expect(lower).toBeLessThanOrEqual(from);
          expect(upper).toBeGreaterThanOrEqual(from);
          const [left, right] = [Math.max(lower, from - 1e3), Math.min(upper, from + 1e3)];
          // Well inside, since thresholds are rounded where features are made of values.
          const slack = (right - left) * 1e-6;
          const inside = left + slack + share * (right - left - 2 * slack);
          expect(isolationOf(inside)).toBeLessThan(most);
          if (Number.isFinite(upper))
            expect(isolationOf(upper + 1e-6 * (1 + Math.abs(upper)))).toBeGreaterThanOrEqual(most);
          if (Number.isFinite(lower))
            expect(isolationOf(lower - 1e-6 * (1 + Math.abs(lower)))).toBeGreaterThanOrEqual(most);
        },
      ),
    );
  });
});
