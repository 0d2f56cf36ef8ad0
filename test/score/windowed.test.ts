import { describe, expect, test } from 'vitest';
import { iqr } from '../../src/score/iqr.ts';
import { deviationsOf, normalTail } from '../../src/score/normal.ts';
import type { Technique } from '../../src/score/score.ts';
import { medianDistance, quantileOf, SortedWindows, WINDOW_SAMPLES } from '../../src/score/sorted-window.ts';
import { zScore } from '../../src/score/z-score.ts';
import { randomOf } from '../support/random.ts';
import { scoreOnce } from './columns.ts';

function judgedBy(technique: Technique, past: readonly number[]) {
  const scorer = technique.create({ stepMs: 60_000 });
  scorer.add(0);
  scorer.learn(0, { startMs: 0, values: Float64Array.from(past), from: 0, count: past.length });
  return (value: number, changes: Parameters<typeof scoreOnce>[2] = {}) =>
    scoreOnce(scorer, { value, timestampMs: past.length * 60_000 }, changes);
}

/** 0 … 120, shuffled: quartiles 30 and 90, median 60, median distance 30. */
const COUNTED = Array.from({ length: 121 }, (_, i) => (i * 47) % 121).filter((value) => value !== 60);

describe('z_score', () => {
  test('the band is as wide as a normal distribution of the robust deviation', () => {
    const { expected, lower, upper } = judgedBy(zScore, COUNTED)(60);
    expect(expected).toBe(60);
    expect(upper - expected).toBeCloseTo(2.5758 * 1.4826 * medianDistanceOf(COUNTED, 60), 2);
    expect(expected - lower).toBeCloseTo(upper - expected, 9);
  });

  test('the score is the distance in half-widths', () => {
    const { expected, upper } = judgedBy(zScore, COUNTED)(60);
    expect(judgedBy(zScore, COUNTED)(expected + 3 * (upper - expected)).score).toBeCloseTo(3, 9);
  });

  test('outliers in the window hardly move it', () => {
    const dirty = COUNTED.map((value, i) => (i % 10 === 0 ? 1e6 : value));
    expect(judgedBy(zScore, dirty)(1000).anomaly).toBe(1);
  });

  test('where most samples are the same, the others give the deviation', () => {
    const mostly = Array.from({ length: 120 }, (_, i) => (i % 5 === 0 ? 7 : 5));
    expect(judgedBy(zScore, mostly)(5.5).anomaly).toBe(0);
    expect(judgedBy(zScore, mostly)(20).anomaly).toBe(1);
  });
});

describe('iqr', () => {
  test("the customary fences at 0.993 are Tukey's", () => {
    const { lower, upper } = judgedBy(iqr, COUNTED)(60, { confidenceLevel: 0.99302 });
    const sorted = Float64Array.from(COUNTED).sort();
    const [low, high] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
    expect(lower).toBeCloseTo(low - 1.5 * (high - low), 1);
    expect(upper).toBeCloseTo(high + 1.5 * (high - low), 1);
  });

  test('a lopsided series has a lopsided band', () => {
    const lopsided = COUNTED.map((value) => value ** 2);
    const { expected, lower, upper } = judgedBy(iqr, lopsided)(1);
    expect(upper - expected).toBeGreaterThan(expected - lower);
  });
});

describe.each([
  ['z_score', zScore],
  ['iqr', iqr],
])('%s', (_, technique) => {
  test('says nothing before it has seen some samples', () => {
    expect(judgedBy(technique, COUNTED.slice(0, 20))(60).score).toBeNaN();
  });

  test('a series that stood still and moves is flagged, with a finite score', () => {
    const still = judgedBy(
      technique,
      Array.from({ length: 50 }, () => 3),
    );
    const { score, anomaly } = still(4);
    expect(anomaly).toBe(1);
    expect(Number.isFinite(score)).toBe(true);
  });
});

test('a window is its last samples, in order', () => {
  const random = randomOf(3);
  const windows = new SortedWindows();
  windows.add(0);
  const past: number[] = [];
  for (let i = 0; i < 3 * WINDOW_SAMPLES; i++) {
    const value = Math.floor(random() * 20);
    past.push(value);
    windows.push(0, value);
    if (i % 7 === 0) windows.push(0, Number.NaN);
    expect([...windows.sorted(0)]).toEqual(past.slice(-WINDOW_SAMPLES).sort((a, b) => a - b));
  }
});

test.each([
  [[1, 2, 3, 4, 100], 3, 1],
  [[5], 5, 0],
  [[1, 1, 1, 9], 1, 0],
  [[0, 10], 5, 5],
])('median distance of %j from %i is %i', (values, point, distance) => {
  expect(medianDistance(Float64Array.from(values), point)).toBe(distance);
});

test.each([
  [0, 0.5],
  [0.5, 0.3085375387],
  [1, 0.1586552539],
  [2.5758293, 0.005],
  [6, 9.865876e-10],
])('the normal tail beyond %f is %f', (x, mass) => {
  expect(normalTail(x) / mass).toBeCloseTo(1, 6);
});

test('deviations are the inverse of the tail', () => {
  expect(deviationsOf(0.99)).toBeCloseTo(2.5758293, 6);
  expect(deviationsOf(0.5)).toBeCloseTo(0.67449, 5);
});

function medianDistanceOf(values: readonly number[], point: number): number {
  const distances = values.map((value) => Math.abs(value - point)).sort((a, b) => a - b);
  return distances[Math.floor((distances.length - 1) / 2)]!;
}
