import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantileAt, surpriseAt } from '../../src/forecast/band.ts';
import { CALIBRATION_FLOATS, calibrateRow, initCalibration, learnCalibration } from '../../src/forecast/calibrate.ts';
import { gaussian, randomOf, studentT } from '../support/random.ts';

const NORMAL = [-2.326, -1.645, -1.282, -0.842, -0.524, -0.253, 0, 0.253, 0.524, 0.842, 1.282, 1.645, 2.326];
/** Index of the lower and the upper edge of the 80, 90 and 98 % band. */
const BANDS = [
  { name: '80 %', lower: 2, upper: 10, promise: 0.8 },
  { name: '90 %', lower: 1, upper: 11, promise: 0.9 },
  { name: '98 %', lower: 0, upper: 12, promise: 0.98 },
];
const WARM_UP = 1000;

interface Scenario {
  readonly width: (i: number) => number;
  readonly value: (i: number, random: () => number) => number;
  readonly warmUp?: number;
}

/** Coverage of the three bands after warm-up, with leads that cycle as if a forecast were made every 15 samples. */
function coverage(scenario: Scenario, samples = 8000): number[] {
  const random = randomOf(20240607);
  const state = freshState();
  const inside = [0, 0, 0];
  const warmUp = scenario.warmUp ?? WARM_UP;
  for (let i = 0; i < samples; i++) {
    const raw = Float64Array.from(NORMAL, (z) => 100 + z * scenario.width(i));
    const row = raw.slice();
    const lead = 1 + (i % 15);
    calibrateRow(state, 0, lead, row, 0);
    const value = scenario.value(i, random);
    if (i >= warmUp)
      BANDS.forEach((band, b) => {
        if (value >= row[band.lower]! && value <= row[band.upper]!) inside[b]!++;
      });
    learnCalibration(state, 0, lead, raw, 0, value);
  }
  return inside.map((count) => count / (samples - warmUp));
}

function freshState(): Float32Array {
  const state = new Float32Array(CALIBRATION_FLOATS);
  initCalibration(state, 0);
  return state;
}

describe('calibration', () => {
  it.each<[string, Scenario]>([
    ['right from the start', { width: () => 1, value: (_, r) => 100 + gaussian(r) }],
    ['three times too wide', { width: () => 3, value: (_, r) => 100 + gaussian(r) }],
    ['three times too narrow', { width: () => 1 / 3, value: (_, r) => 100 + gaussian(r) }],
    ['ten times too narrow', { width: () => 0.1, value: (_, r) => 100 + gaussian(r) }],
    ['of a heavy-tailed series', { width: () => 1, value: (_, r) => 100 + studentT(r, 3) }],
    ['of a one-sided series', { width: () => 1, value: (_, r) => 100 - Math.log(1 - r()) - Math.LN2 }],
    ['with a biased median', { width: () => 1, value: (_, r) => 100.5 + gaussian(r) }],
    [
      'while the noise drifts',
      { width: () => 1, value: (i, r) => 100 + Math.exp(0.7 * Math.sin(i / 600)) * gaussian(r) },
    ],
    ['while the level drifts', { width: () => 1, value: (i, r) => 100 + Math.sin(i / 900) + gaussian(r) }],
    ['whose width the engine changes', { width: (i) => (i % 500 < 250 ? 2 : 0.5), value: (_, r) => 100 + gaussian(r) }],
    [
      'of a series that is elsewhere a fifth of the time',
      { width: () => 1, value: (i, r) => 100 + gaussian(r) + (i % 60 < 12 ? 30 : 0), warmUp: 3000 },
    ],
    [
      'too wide for the next sample alone',
      { width: (i) => (i % 15 === 0 ? 2 : 1), value: (_, r) => 100 + gaussian(r) },
    ],
    ['without any width', { width: () => 0, value: (_, r) => 100 + gaussian(r), warmUp: 5000 }],
  ])('brings bands %s to what they promise', (_, scenario) => {
    coverage(scenario).forEach((share, b) => {
      expect(Math.abs(share - BANDS[b]!.promise), `${BANDS[b]!.name}: ${share}`).toBeLessThanOrEqual(0.02);
    });
  });

  it('passes rows unchanged before it has learnt', () => {
    const row = Float64Array.from(NORMAL);
    calibrateRow(freshState(), 0, 7, row, 0);
    expect([...row]).toEqual(NORMAL);
  });

  it('lets an hour of incident widen the band by less than the half', () => {
    const random = randomOf(5);
    const state = freshState();
    const raw = Float64Array.from(NORMAL);
    for (let i = 0; i < 2000; i++) learnCalibration(state, 0, 1 + (i % 15), raw, 0, gaussian(random));
    const upperEdge = () => {
      const row = raw.slice();
      calibrateRow(state, 0, 10, row, 0);
      return quantileAt(row, 0, 0.995);
    };
    const before = upperEdge();
    for (let i = 0; i < 60; i++) learnCalibration(state, 0, 1 + (i % 15), raw, 0, 50);
    expect(upperEdge()).toBeLessThan(before * 1.5);
    for (let i = 0; i < 60; i++) learnCalibration(state, 0, 1 + (i % 15), raw, 0, i % 2 === 0 ? 50 : gaussian(random));
    expect(upperEdge()).toBeLessThan(before * 1.75);
  });

  it('lets what late leads learn reach the next sample as well', () => {
    const random = randomOf(29);
    const state = freshState();
    const raw = Float64Array.from(NORMAL);
    for (let i = 0; i < 2000; i++) learnCalibration(state, 0, 1 + (i % 15), raw, 0, gaussian(random));
    for (let i = 0; i < 300; i++) learnCalibration(state, 0, 7 + (i % 9), raw, 0, 2 * gaussian(random));
    const row = raw.slice();
    calibrateRow(state, 0, 1, row, 0);
    expect(row[10]! / raw[10]!).toBeGreaterThan(1.4);
  });

  it('keeps a flat series flat after a spike, so that the next move still stands out', () => {
    const state = freshState();
    const raw = new Float64Array(13).fill(7);
    for (let i = 0; i < 500; i++) learnCalibration(state, 0, 1 + (i % 15), raw, 0, i === 200 ? 1e6 : 7);
    calibrateRow(state, 0, 3, raw, 0);
    expect(surpriseAt(raw, 0, 7)).toBeCloseTo(Math.log10(2), 9);
    expect(surpriseAt(raw, 0, 2e5)).toBeGreaterThan(5);
  });

  it('leaves the empty side of counts at zero', () => {
    const random = randomOf(11);
    const state = freshState();
    const raw = Float64Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    for (let i = 0; i < 3000; i++) learnCalibration(state, 0, 1 + (i % 15), raw, 0, random() < 0.9 ? 0 : 2);
    const row = raw.slice();
    calibrateRow(state, 0, 2, row, 0);
    expect(row[0]).toBe(0);
    expect(surpriseAt(row, 0, 0)).toBeCloseTo(Math.log10(2), 9);
  });

  it('keeps the band of busy hours while a series rests at zero in between', () => {
    const random = randomOf(17);
    const state = freshState();
    const quiet = Float64Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    const busy = Float64Array.from(NORMAL, (z) => 5 + z);
    const outside = { below: 0, above: 0 };
    let samples = 0;
    for (let i = 0; i < 12_000; i++) {
      const isBusy = i % 600 >= 500;
      const raw = isBusy ? busy : quiet;
      const value = isBusy ? 5 + gaussian(random) : random() < 0.9 ? 0 : 2;
      const lead = 1 + (i % 15);
      const row = raw.slice();
      calibrateRow(state, 0, lead, row, 0);
      if (isBusy && i > 3000) {
        samples++;
        if (value < row[2]!) outside.below++;
        if (value > row[10]!) outside.above++;
      }
      learnCalibration(state, 0, lead, raw, 0, value);
    }
    expect(Math.abs(outside.below / samples - 0.1)).toBeLessThan(0.03);
    expect(Math.abs(outside.above / samples - 0.1)).toBeLessThan(0.03);
  });

  it('keeps the band of a value that moves by day while it is held at night', () => {
    const random = randomOf(23);
    const state = freshState();
    const raw = Float64Array.from(NORMAL, (z) => 5 + z);
    let outside = 0;
    let samples = 0;
    for (let i = 0; i < 20_000; i++) {
      const moves = i % 1000 >= 500;
      const row = raw.slice();
      calibrateRow(state, 0, 1 + (i % 15), row, 0);
      const value = moves ? 5 + gaussian(random) : 5;
      if (moves && i > 5000) {
        samples++;
        if (value < row[2]! || value > row[10]!) outside++;
      }
      learnCalibration(state, 0, 1 + (i % 15), raw, 0, value);
    }
    // Counted like all others the nights would bring two fifths of the day outside.
    expect(outside / samples).toBeGreaterThan(0.15);
    expect(outside / samples).toBeLessThan(0.27);
  });

  it('starts a lead it has not seen from the nearest one it has', () => {
    const random = randomOf(3);
    const state = freshState();
    const raw = Float64Array.from(NORMAL, (z) => z / 3);
    for (let i = 0; i < 1000; i++) learnCalibration(state, 0, 30, raw, 0, gaussian(random));
    const row = raw.slice();
    calibrateRow(state, 0, 1, row, 0);
    expect(row[12]! / raw[12]!).toBeGreaterThan(2);
  });

  it('never makes levels cross or leave the finite numbers, whatever it is taught', () => {
    const value = fc.oneof(
      fc.double({ min: -1e15, max: 1e15 }),
      fc.constantFrom(0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 1e-300),
    );
    const rows = fc
      .array(fc.oneof(fc.constant(0), fc.double({ min: -1e15, max: 1e15, noNaN: true })), {
        minLength: 13,
        maxLength: 13,
      })
      .map((values) => Float64Array.from(values).sort());
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 80 }),
        rows,
        rows,
        fc.integer({ min: 1, max: 60 }),
        (values, raw, next, lead) => {
          const state = freshState();
          for (const v of values) learnCalibration(state, 0, lead, raw, 0, v);
          calibrateRow(state, 0, lead, next, 0);
          for (let i = 0; i < 13; i++) {
            expect(Number.isFinite(next[i])).toBe(true);
            if (i > 0) expect(next[i]).toBeGreaterThanOrEqual(next[i - 1]!);
          }
        },
      ),
    );
  });

  it('touches only its own floats and row', () => {
    const state = new Float32Array(3 * CALIBRATION_FLOATS).fill(0.25);
    initCalibration(state, CALIBRATION_FLOATS);
    const rows = Float64Array.from([...NORMAL, ...NORMAL, ...NORMAL]);
    for (let i = 0; i < 50; i++) learnCalibration(state, CALIBRATION_FLOATS, 4, rows, 13, i % 5);
    calibrateRow(state, CALIBRATION_FLOATS, 4, rows, 13);
    expect([...rows.subarray(0, 13), ...rows.subarray(26)]).toEqual([...NORMAL, ...NORMAL]);
    expect(new Set(state.subarray(0, CALIBRATION_FLOATS))).toEqual(new Set([0.25]));
    expect(new Set(state.subarray(2 * CALIBRATION_FLOATS))).toEqual(new Set([0.25]));
  });
});
