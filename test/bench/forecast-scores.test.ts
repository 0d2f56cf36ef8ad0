import { describe, expect, it } from 'vitest';
import type { SeriesSet } from '../../bench/data/series-set.ts';
import { SeasonalScale, termsOf } from '../../bench/forecast/protocol.ts';
import {
  isScaled,
  Published,
  referenceOf,
  relativeScores,
  shiftedGeometricMean,
} from '../../bench/forecast/results.ts';
import { type Scores, Tally } from '../../bench/forecast/tally.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';

const MINUTE_MS = 60_000;

function setOf(stepMs: number, series: readonly (readonly number[])[]): SeriesSet {
  return {
    collection: 'c',
    name: 's',
    startMs: 0,
    stepMs,
    steps: series[0]!.length,
    variates: series.map((_, v) => `v${v}`),
    values: Float64Array.from(series.flat()),
    longestTerm: 'long',
  };
}

describe('windows', () => {
  // The counts of the published sets: 16,384 steps at a minute, 5 minutes and 10 seconds; 13,631 at 5 minutes.
  it.each([
    [MINUTE_MS, 16_384, 'short 20×48, medium 4×480, long 3×720'],
    [10_000, 16_384, 'short 20×60, medium 3×600, long 2×900'],
    [5 * MINUTE_MS, 13_631, 'short 20×48, medium 3×480, long 2×720'],
    [30 * MINUTE_MS, 2000, 'short 5×48, medium 1×480, long 1×720'],
    [60 * MINUTE_MS, 600, 'short 2×48, medium 1×480'],
    [1440 * MINUTE_MS, 100, 'short 1×30'],
    [1440 * MINUTE_MS, 40, ''],
  ])('of %i ms × %i steps', (stepMs, steps, expected) => {
    const terms = termsOf({ stepMs, steps, longestTerm: 'long' });
    expect(terms.map((term) => `${term.name} ${term.origins.length}×${term.horizonSteps}`).join(', ')).toBe(expected);
    for (const { origins, horizonSteps } of terms) {
      expect(origins.at(-1)! + horizonSteps).toBe(steps);
      for (const [i, origin] of origins.entries()) expect(origin).toBe(origins[0]! + i * horizonSteps);
    }
  });

  it.each([
    [5, 'short 5×48, medium 5×480, long 5×720'],
    [300, 'short 274×48, medium 28×480, long 19×720'],
  ])('are the last %i where so many are asked for, and leave a past', (windows, expected) => {
    const terms = termsOf({ stepMs: MINUTE_MS, steps: 16_384, longestTerm: 'long' }, windows);
    expect(terms.map((term) => `${term.name} ${term.origins.length}×${term.horizonSteps}`).join(', ')).toBe(expected);
    for (const { origins, horizonSteps } of terms) {
      expect(origins.at(-1)! + horizonSteps).toBe(16_384);
      expect(origins[0]).toBeGreaterThan(1440);
    }
  });

  it('go no further than the longest published term', () => {
    const terms = termsOf({ stepMs: MINUTE_MS, steps: 16_384, longestTerm: 'medium' });
    expect(terms.map((term) => term.name)).toEqual(['short', 'medium']);
  });
});

describe('the seasonal scale', () => {
  it('is the mean absolute difference over the season in the past, missing samples left out', () => {
    // Days: the season is one step. Differences of the first series 1, 2, –, –, 3; of the second all 4.
    const scale = new SeasonalScale(
      setOf(1440 * MINUTE_MS, [
        [0, 1, 3, Number.NaN, 5, 8, 100],
        [0, 4, 0, 4, 0, 4, 0],
      ]),
    );
    expect([...scale.before(3)]).toEqual([1.5, 4]);
    expect([...scale.before(6)]).toEqual([2, 4]);
  });

  it('is not there before the first difference', () => {
    expect([...new SeasonalScale(setOf(1440 * MINUTE_MS, [[1, 2, 3]])).before(1)]).toEqual([Number.NaN]);
  });
});

describe('scores', () => {
  /** A row whose level p lies at center + spread × (p − 0.5). */
  const row = (center: number, spread: number) => QUANTILE_LEVELS.map((level) => center + spread * (level - 0.5));

  it('are those worked out by hand', () => {
    const tally = new Tally();
    // Medians 10 and 10, samples 12 and 7: errors 2 and 3, scaled by 4: 0.5 and 0.75. A missing sample does not count.
    tally.add({
      quantiles: Float64Array.from([...row(10, 0), ...row(10, 0), ...row(10, 0)]),
      actual: Float64Array.of(12, 7, Number.NaN),
      scale: 4,
    });
    const scores = tally.scores();
    expect(scores.mase).toBeCloseTo(0.625, 12);
    expect(scores.mae).toBe(2.5);
    // Loss of level p: 2·p·2 above and 2·(1−p)·3 below; at p and 1−p together the mean over levels is 2 + 3 of |y| 19.
    expect(scores.crps).toBeCloseTo(5 / 19, 12);
    expect(scores.samples).toBe(2);
  });

  it('pool windows and series: sums over sums, not means of means', () => {
    const tally = new Tally();
    tally.add({ quantiles: Float64Array.from(row(0, 0)), actual: Float64Array.of(100), scale: 100 });
    tally.add({
      quantiles: Float64Array.from([...row(1, 0), ...row(1, 0)]),
      actual: Float64Array.of(1, 1),
      scale: 1,
    });
    expect(tally.scores().mase).toBeCloseTo(1 / 3, 12);
    expect(tally.scores().crps).toBeCloseTo(100 / 102, 12);
  });

  it('count samples on the edge of an interval as inside', () => {
    const tally = new Tally();
    // Levels at 0.01, 0.05, 0.1 … 0.99 on a spread of 100: the 80 % interval is −40 … 40, the 90 % one ±45, the 98 % one ±49.
    const quantiles = Float64Array.from([0, 0, 0, 0].flatMap((center) => row(center, 100)));
    tally.add({ quantiles, actual: Float64Array.of(0, 40, -45, 50), scale: 1 });
    const { coverage80, coverage90, coverage98 } = tally.scores();
    expect([coverage80, coverage90, coverage98]).toEqual([0.5, 0.75, 0.75]);
  });

  it('leave a window without scale out of MASE only', () => {
    const tally = new Tally();
    tally.add({ quantiles: Float64Array.from(row(0, 0)), actual: Float64Array.of(5), scale: 0 });
    tally.add({ quantiles: Float64Array.from(row(0, 0)), actual: Float64Array.of(6), scale: 2 });
    expect(tally.scores()).toMatchObject({ mase: 3, mae: 5.5 });
  });

  it('do not let an engine off that says nothing', () => {
    const nothing = { quantiles: new Float64Array(13).fill(Number.NaN), actual: Float64Array.of(1), scale: 1 };
    expect(() => new Tally().add(nothing)).toThrow(/forecast of step 1 is NaN/);
  });
});

describe('aggregates', () => {
  const scores = (mase: number, crps: number): Scores => ({
    mase,
    crps,
    mae: 1,
    coverage80: 0.8,
    coverage90: 0.9,
    coverage98: 0.98,
    msPerSeries: 1,
    samples: 10,
  });
  const set = (name: string, naive: Scores, ets: Scores | undefined) => ({
    collection: 'c',
    set: name,
    series: 1,
    steps: 100,
    stepMs: MINUTE_MS,
    terms: [
      {
        term: 'short' as const,
        horizonSteps: 48,
        windows: 1,
        rows: new Map([['seasonal_naive', naive], ...(ets === undefined ? [] : [['ets', ets] as const])]),
      },
    ],
  });
  const published = new Published([
    { set: 'a', term: 'short', model: 'seasonalnaive', mase: 2, crps: 4 },
    { set: 'zero', term: 'short', model: 'seasonalnaive', mase: 0, crps: 0 },
  ]);

  it('use the shifted geometric mean', () => {
    expect(shiftedGeometricMean([0.25, 4])).toBeCloseTo(Math.sqrt(0.25001 * 4.00001) - 1e-5, 12);
    expect(shiftedGeometricMean([0, 1])).toBeCloseTo(Math.sqrt(1e-5 * 1.00001) - 1e-5, 12);
  });

  it('divide by what was published, by our own seasonal naive elsewhere, and leave out sets where that is zero', () => {
    const a = set('a', scores(1, 1), scores(1, 1));
    const b = set('b', scores(5, 5), scores(5, 10));
    const zero = set('zero', scores(3, 3), scores(3, 3));
    expect(referenceOf(a, a.terms[0]!, published).from).toBe('published');
    expect(referenceOf(b, b.terms[0]!, published).from).toBe('own');
    expect([a, b, zero].map((each) => isScaled(each, published))).toEqual([true, true, false]);
    const relative = relativeScores({ name: 'f', sets: [a, b, zero], published }, 'ets', 'all');
    expect(relative!.mase).toBeCloseTo(shiftedGeometricMean([1 / 2, 1]), 12);
    expect(relative!.crps).toBeCloseTo(shiftedGeometricMean([1 / 4, 2]), 12);
  });

  it('say nothing of a row that is missing from a set, rather than flatter it', () => {
    const sets = [set('a', scores(1, 1), scores(1, 1)), set('b', scores(1, 1), undefined)];
    expect(relativeScores({ name: 'f', sets, published }, 'ets', 'all')).toBeUndefined();
  });
});
