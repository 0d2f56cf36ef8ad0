import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { ScoreOptions, Scorer } from '../../src/score/score.ts';
import { TECHNIQUES } from '../../src/score/techniques.ts';
import { scoreOnce } from './columns.ts';

const STEP_MS = 60_000;
const NEXT_MS = 300 * STEP_MS;

/** Series of 300 samples with what monitoring has: noise, levels that move, spikes, stillness, gaps. */
const PAST = fc
  .record({
    scale: fc.constantFrom(1e-6, 1, 1e9),
    base: fc.constantFrom(0, 100),
    draws: fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.double({ min: -1, max: 1, noNaN: true })), {
      minLength: 300,
      maxLength: 300,
    }),
    still: fc.boolean(),
  })
  .map(({ scale, base, draws, still }) => {
    let level = base;
    return Float64Array.from(draws, ([kind, noise]) => {
      if (kind === 0) return Number.NaN;
      if (kind === 1) level += noise * 50;
      const spike = kind === 2 ? noise * 200 : 0;
      return (level + spike + (still ? 0 : noise)) * scale;
    });
  });

/** Techniques that judge a series by others have tests of their own. */
const ALONE = Object.keys(TECHNIQUES).filter((name) => name !== 'peers');
/** A technique that looks at forecasts where there are some. */
const BESIDE = 'tail beside a forecast';

function create(name: string): Scorer {
  const technique = TECHNIQUES[name === BESIDE ? 'tail' : name]!;
  return technique.create({ stepMs: STEP_MS, hasForecasts: name === BESIDE });
}

function taught(name: string, past: Float64Array): Scorer {
  const scorer = create(name);
  scorer.add(0);
  // What forecasts are worth is learnt by scoring against them.
  const learnt = name === BESIDE ? Math.floor(past.length / 3) : past.length;
  scorer.learn(0, { startMs: 0, values: past, from: 0, count: learnt });
  for (let i = learnt; i < past.length; i++)
    scoreOnce(scorer, { value: past[i]!, quantiles: rowAround(past.subarray(0, i)), timestampMs: i * STEP_MS });
  return scorer;
}

function copyOf(name: string, scorer: Scorer): Scorer {
  const copy = create(name);
  copy.add(0);
  const memory = scorer.exportSlot(0);
  if (memory !== undefined) copy.importSlot(0, memory);
  return copy;
}

/** A forecast around a value of the past, for the techniques that look at one. */
function rowAround(past: Float64Array): Float64Array {
  const last = past.findLast(Number.isFinite) ?? 0;
  const width = Math.abs(last) / 10 + 1e-6;
  return Float64Array.from(QUANTILE_LEVELS, (level) => last + width * Math.log(level / (1 - level)));
}

describe.each([...ALONE, BESIDE])('%s', (name) => {
  const setting = fc.record({
    confidenceLevel: fc.constantFrom(0.9, 0.99, 0.999),
    dataRange: fc.constantFrom(undefined, [0, 120] as const),
    minDeviation: fc.constantFrom({ absolute: 0, relative: 0 }, { absolute: 3, relative: 0.1 }),
  });

  test('the band does not depend on the sample, and inside it and a score up to 1 are the same statement', () => {
    fc.assert(
      fc.property(
        PAST,
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }),
        setting,
        (past, places, options) => {
          const scorer = taught(name, past);
          const quantiles = rowAround(past);
          const at = (value: number) =>
            scoreOnce(copyOf(name, scorer), { value, quantiles, timestampMs: NEXT_MS }, options);
          const band = at(past.findLast(Number.isFinite) ?? 0);
          if (Number.isNaN(band.score)) return;
          const width = Math.max(band.upper - band.lower, 1e-9);
          const values = places.map((place) => band.expected + place * width);
          for (const value of [...values, band.lower, band.upper, band.expected]) {
            const scored = at(value);
            expect([scored.lower, scored.upper, scored.expected]).toEqual([band.lower, band.upper, band.expected]);
            expect(value >= scored.lower && value <= scored.upper).toBe(scored.score <= 1);
            expect(scored.score).toBeGreaterThanOrEqual(0);
          }
          expect(band.lower <= band.expected && band.expected <= band.upper).toBe(true);
          if (options.dataRange !== undefined) {
            expect(band.lower).toBeGreaterThanOrEqual(options.dataRange[0]);
            expect(band.upper).toBeLessThanOrEqual(options.dataRange[1]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('min_deviation only widens the band', () => {
    fc.assert(
      fc.property(PAST, fc.double({ min: 0, max: 100, noNaN: true }), (past, absolute) => {
        const scorer = taught(name, past);
        const sample = { value: past.findLast(Number.isFinite) ?? 0, quantiles: rowAround(past), timestampMs: NEXT_MS };
        const plain = scoreOnce(copyOf(name, scorer), sample);
        if (Number.isNaN(plain.score)) return;
        const wide = scoreOnce(copyOf(name, scorer), sample, { minDeviation: { absolute, relative: 0 } });
        expect(wide.lower).toBeLessThanOrEqual(plain.lower);
        expect(wide.upper).toBeGreaterThanOrEqual(plain.upper);
        expect(wide.lower).toBeLessThanOrEqual(wide.expected - absolute);
        expect(wide.upper).toBeGreaterThanOrEqual(wide.expected + absolute);
        expect(wide.score).toBeLessThanOrEqual(Math.max(plain.score, 1));
      }),
    );
  });

  test('a higher confidence level makes a band that is nowhere narrower', () => {
    fc.assert(
      fc.property(PAST, (past) => {
        const scorer = taught(name, past);
        const sample = { value: past.findLast(Number.isFinite) ?? 0, quantiles: rowAround(past), timestampMs: NEXT_MS };
        const bands = [0.9, 0.99, 0.999].map((confidenceLevel) =>
          scoreOnce(copyOf(name, scorer), sample, { confidenceLevel }),
        );
        for (const [i, band] of bands.slice(1).entries()) {
          if (Number.isNaN(band.score)) continue;
          // Bands that collapse to a point have the width of floating-point noise there.
          const noise = 1e-8 * Math.max(Math.abs(band.expected), Math.abs(bands[i]!.expected));
          const slack = 1e-6 * (band.upper - band.lower) + noise + 1e-12;
          expect(band.upper - band.lower).toBeGreaterThanOrEqual(bands[i]!.upper - bands[i]!.lower - slack);
        }
      }),
    );
  });

  test('a value outside the data range is an anomaly by itself', () => {
    const past = Float64Array.from({ length: 300 }, (_, i) => 50 + ((i * 7919) % 11));
    const options: Partial<ScoreOptions> = { dataRange: [0, 100], minDeviation: { absolute: 500, relative: 0 } };
    const sample = { value: 101, quantiles: rowAround(past), timestampMs: NEXT_MS };
    const { score, anomaly } = scoreOnce(taught(name, past), sample, options);
    expect(score).toBeGreaterThanOrEqual(2);
    expect(anomaly).toBe(1);
  });

  test('a scorer goes on as its copy from a snapshot does', () => {
    fc.assert(
      fc.property(PAST, fc.integer({ min: 1, max: 299 }), (past, cut) => {
        const through = taught(name, past.subarray(0, cut));
        const copy = copyOf(name, through);
        for (let i = cut; i < past.length; i++) {
          const sample = { value: past[i]!, quantiles: rowAround(past), timestampMs: i * STEP_MS };
          expect(scoreOnce(copy, sample)).toEqual(scoreOnce(through, sample));
        }
      }),
      { numRuns: 20 },
    );
  });

  test('columns of many series are those of each alone; a slot that is used again starts anew', () => {
    const pasts = [0, 1, 2, 3].map((s) =>
      Float64Array.from({ length: 300 }, (_, i) => 100 * s + ((i * (7919 + s)) % (11 + s))),
    );
    const together = create(name);
    for (const slot of [3, 0, 2, 1]) together.add(slot);
    together.learn(2, { startMs: 0, values: pasts[3]!, from: 0, count: 300 });
    together.remove(2);
    together.add(2);
    for (const [slot, values] of pasts.entries()) together.learn(slot, { startMs: 0, values, from: 0, count: 300 });
    for (const [slot, past] of pasts.entries()) {
      const alone = create(name);
      alone.add(0);
      alone.learn(0, { startMs: 0, values: past, from: 0, count: 300 });
      for (let i = 0; i < 100; i++) {
        const sample = {
          value: past[i]! + 30 * (i % 9),
          quantiles: rowAround(past),
          timestampMs: NEXT_MS + i * STEP_MS,
        };
        expect(scoreOnce(together, { ...sample, slot })).toEqual(scoreOnce(alone, sample));
      }
    }
  });
});
