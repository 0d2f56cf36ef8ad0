import { describe, expect, test } from 'vitest';
import { QUANTILE_LEVELS } from '../../../src/forecast/quantile.ts';
import type { Scorer } from '../../../src/score/score.ts';
import { tail } from '../../../src/score/tail/tail.ts';
import { gaussian, randomOf } from '../../support/random.ts';
import { scoreOnce } from '../columns.ts';

const MINUTE_MS = 60_000;
const DAY_STEPS = 1440;

/** A scorer of one series and the step it is at. */
class Series {
  readonly scorer: Scorer;
  #step = 0;

  constructor({ hasForecasts = false, timezone = 'UTC', startMs = 0 } = {}) {
    this.scorer = tail.create({ stepMs: MINUTE_MS, hasForecasts, timezone });
    this.#step = startMs / MINUTE_MS;
    this.scorer.add(0);
  }

  learn(values: readonly number[]): this {
    const startMs = this.#step * MINUTE_MS;
    this.scorer.learn(0, { startMs, values: Float64Array.from(values), from: 0, count: values.length });
    this.#step += values.length;
    return this;
  }

  score(value: number, changes: Parameters<typeof scoreOnce>[2] = {}) {
    return scoreOnce(this.scorer, { value, timestampMs: this.#step++ * MINUTE_MS }, changes);
  }

  /** Scores a value of which a forecast was made, at all quantile levels the same. */
  scoreBeside(forecast: number, value: number) {
    const quantiles = new Float64Array(QUANTILE_LEVELS.length).fill(forecast);
    return scoreOnce(this.scorer, { value, quantiles, timestampMs: this.#step++ * MINUTE_MS });
  }

  scores(values: readonly number[]): number[] {
    return values.map((value) => this.score(value).score);
  }
}

const random = randomOf(7);
/** Normal noise around 100, deviation 1. */
function noise(count: number): number[] {
  return Array.from({ length: count }, () => 100 + gaussian(random));
}

describe('what is flagged', () => {
  test.each([
    ['spike', [112]],
    ['spike', [88]],
    ['jump', [106, 105.6, 106.2]],
  ])('a %s of an otherwise quiet series: %j', (_, values) => {
    const series = new Series().learn(noise(2000));
    expect(Math.max(...series.scores(values))).toBeGreaterThan(1);
  });

  test('a slow start that no single sample gives away, by another view than the spike', () => {
    const series = new Series().learn(noise(3000));
    const answers = Array.from({ length: 8 }, (_, i) => series.score(100 + 1.8 * (i + 1)));
    const flagged = answers.find(({ score }) => score > 1);
    expect(flagged).toBeDefined();
    expect(tail.views[flagged!.view]).not.toBe('spike');
  });

  test('a series whose tail is heavy is asked for more', () => {
    const heavy = noise(3000).map((value, i) => (i % 25 === 0 ? value + 12 : value));
    expect(new Series().learn(heavy).score(112).score).toBeLessThan(1);
    expect(new Series().learn(noise(3000)).score(112).score).toBeGreaterThan(1);
  });

  test('a side that is used to much has its edge farther away than the other', () => {
    // A queue that fills by a little each minute and is emptied every half an hour.
    const fills = (count: number) => noise(count).map((value, i) => value + (i % 30));
    const [emptied, filled] = [new Series(), new Series()].map((series) => series.learn(fills(6000)));
    expect(emptied!.score(100).score).toBeLessThan(1);
    expect(filled!.learn(fills(15)).score(144).score).toBeGreaterThan(1);
    const { lower, upper, expected } = new Series().learn(fills(6015)).score(115);
    expect(upper - 115).toBeLessThan(0.7 * (115 - lower));
    expect(expected).toBeLessThan(115);
  });

  test('a job at its usual time of day is no news, at another time it is', () => {
    const days = Array.from({ length: 6 }, () =>
      noise(DAY_STEPS).map((value, minute) => (minute >= 130 && minute < 140 ? value + 60 : value)),
    );
    const usual = new Series().learn([...days.flat(), ...noise(130)]);
    const odd = new Series().learn([...days.flat(), ...noise(700)]);
    expect(usual.score(160).score).toBeLessThan(odd.score(160).score);
    expect(odd.score(40).score).toBeGreaterThan(1);
  });
});

test('a nightly job at the hour of its time zone stays no news when the clocks change', () => {
  // Clocks in Berlin went back on 29 October 2023 at 01:00 UTC; the job runs at 03:10 there.
  const startMs = Date.UTC(2023, 9, 23);
  const changeMs = Date.UTC(2023, 9, 29, 1);
  const hourMs = 3_600_000;
  const isRunning = (timeMs: number) => {
    const wallMs = timeMs + (timeMs < changeMs ? 2 : 1) * hourMs;
    const minute = (wallMs / MINUTE_MS) % DAY_STEPS;
    return minute >= 190 && minute < 200;
  };
  const firstRunMs = Date.UTC(2023, 9, 30, 2, 10);
  const past = noise((firstRunMs - startMs) / MINUTE_MS).map((value, i) =>
    isRunning(startMs + i * MINUTE_MS) ? value + 60 : value,
  );
  const scoreIn = (timezone: string) => new Series({ timezone, startMs }).learn(past).score(160).score;
  expect(scoreIn('Europe/Berlin')).toBeLessThan(1);
  expect(scoreIn('UTC')).toBeGreaterThan(1);
});

test('an incident that lasts is on one side all the time, and told against what was before it', () => {
  const series = new Series().learn(noise(3000));
  const incident = noise(8).map((value) => series.score(value + 40));
  const flagged = incident.filter(({ anomaly }) => anomaly !== 0);
  expect(flagged.length).toBeGreaterThan(4);
  for (const { anomaly, expected } of flagged) {
    expect(anomaly).toBe(1);
    expect(expected).toBeLessThan(120);
  }
});

describe('what is learnt', () => {
  test('a new level is calm after a while, and the way back is news again', () => {
    const series = new Series().learn(noise(2000));
    expect(series.score(130).score).toBeGreaterThan(1);
    series.learn(noise(100).map((value) => value + 30));
    expect(Math.max(...series.scores(noise(50).map((value) => value + 30)))).toBeLessThan(1);
    expect(series.score(100).score).toBeGreaterThan(1);
  });

  test('an incident does not make the next one usual', () => {
    const once = new Series().learn(noise(4000));
    const twice = new Series().learn([...noise(3000), 160, 40, 155, ...noise(997)]);
    expect(twice.score(160).score).toBeGreaterThan(1);
    expect(twice.score(160).score).toBeLessThan(once.score(160).score);
  });

  test('a series that never moved says so: one in as many samples as it stood still', () => {
    const still = (samples: number) => new Series().learn(Array.from({ length: samples }, () => 5)).score(6).score;
    expect(still(300)).toBeGreaterThan(0);
    expect(still(300)).toBeLessThan(1);
    expect(still(3000)).toBeGreaterThan(1);
    expect(still(30_000)).toBeGreaterThan(still(3000));
    const after = new Series().learn(Array.from({ length: 3000 }, () => 5));
    after.score(6);
    after.learn([5, 5, 6, 5, 5, 5, 6]);
    expect(after.score(6).score).toBeLessThan(1);
  });

  test('a young series that stands still has a band about as wide as its value; one that stands at 0 has none', () => {
    const still = (value: number) => new Series().learn(Array.from({ length: 400 }, () => value));
    const { lower, upper, score } = still(5).score(5);
    expect(score).toBe(0);
    expect(lower).toBeGreaterThan(-20);
    expect(upper).toBeLessThan(30);
    expect(still(5).score(50).anomaly).toBe(1);
    expect(still(0).score(0).score).toBeNaN();
    expect(still(0).score(50).score).toBeNaN();
  });

  test('a value that binary digits cannot write stands as still as any other', () => {
    const still = new Series().learn(Array.from({ length: 3000 }, () => 0.1));
    expect(still.score(0.1)).toMatchObject({ score: 0, anomaly: 0 });
    expect(still.score(0.11).anomaly).toBe(1);
  });

  test('however long or wildly it was still or moved before, a sample has a score', () => {
    const still = (count: number, value: number) => Array.from({ length: count }, () => value);
    const longStill = new Series().learn([...still(100, 5), 6, ...still(700_000, 5)]);
    expect(longStill.score(5).score).toBeLessThan(1);
    expect(longStill.score(6).score).toBeGreaterThan(1);
    const wild = new Series().learn([...still(40, 0), ...still(40, -1.5e-30), -5e6, -4.7e6, ...still(300, -4.6e6)]);
    const { lower, upper, score } = wild.score(-4.6e6);
    expect([lower, upper, score].every(Number.isFinite)).toBe(true);
  });

  test('the last digits of a float are no move', () => {
    const wobbling = Array.from({ length: 3000 }, (_, i) => 0.1 + 0.2 * (i % 2 === 0 ? 1 : 1 + 1e-15));
    expect(new Series().learn(wobbling).score(0.3).anomaly).toBe(0);
    expect(new Series().learn(wobbling).score(0.31).anomaly).toBe(1);
  });
});

describe('missing samples', () => {
  test('give no score and are not learnt', () => {
    const series = new Series().learn(noise(1000));
    const before = series.scorer.exportSlot(0);
    const missing = series.score(Number.NaN);
    expect(missing.score).toBeNaN();
    expect(missing.anomaly).toBeNaN();
    expect(series.scorer.exportSlot(0)!.length).toBe(before!.length);
    expect(series.score(100).score).toBeLessThan(1);
  });

  test('after a long gap the value before it says nothing', () => {
    const gap = (steps: number) =>
      new Series().learn([...noise(2000), ...Array.from({ length: steps }, () => Number.NaN)]).score(130);
    expect(gap(10).score).toBeGreaterThan(1);
    expect(gap(40).score).toBeNaN();
  });
});

describe('beside a forecast', () => {
  const besideForecasts = () => {
    const series = new Series({ hasForecasts: true }).learn(noise(1500));
    for (const value of noise(500)) series.scoreBeside(100, value);
    return series;
  };

  test('a rise that was forecast and did not come is flagged as too low, by the view of the forecast', () => {
    const answer = besideForecasts().scoreBeside(400, 100.3);
    expect(answer).toMatchObject({ anomaly: -1, expected: 400 });
    expect(tail.views[answer.view]).toBe('forecast');
    expect(new Series().learn(noise(2000)).score(100.3).anomaly).toBe(0);
  });

  test('a jump that was forecast is news all the same, but less', () => {
    const [told, untold] = [besideForecasts().scoreBeside(130, 130), besideForecasts().scoreBeside(100, 130)];
    expect(told.score).toBeGreaterThan(1);
    expect(untold.score).toBeGreaterThan(told.score);
  });

  test('where none was made, a series is scored as one that has none', () => {
    const past = noise(2000);
    const [with_, without] = [true, false].map((hasForecasts) => new Series({ hasForecasts }).learn(past));
    for (const value of noise(50)) expect(with_!.score(value)).toEqual(without!.score(value));
  });
});

test('direction silences the other side; confidence_level moves the edge', () => {
  const series = () => new Series().learn(noise(2000));
  const past = noise(500);
  expect(series().score(88, { direction: 'above' }).anomaly).toBe(0);
  expect(series().score(88, { direction: 'below' }).anomaly).toBe(-1);
  const widths = [0.9, 0.99, 0.999].map((confidenceLevel) => {
    const { lower, upper } = new Series().learn(past).score(100, { confidenceLevel });
    return upper - lower;
  });
  expect(widths).toEqual([...widths].sort((a, b) => a - b));
});

test('quiet noise is hardly ever flagged: the false alarms of a week', () => {
  const series = new Series().learn(noise(2 * DAY_STEPS));
  const flagged = series.scores(noise(7 * DAY_STEPS)).filter((score) => score > 1).length;
  expect(flagged / 7).toBeLessThan(1);
});

test('a warm series takes less than a kilobyte', () => {
  const scorer = tail.create({ stepMs: MINUTE_MS });
  const values = Float64Array.from(noise(200));
  for (let slot = 0; slot < 1000; slot++) {
    scorer.add(slot);
    scorer.learn(slot, { startMs: 0, values, from: 0, count: values.length });
  }
  expect(scorer.bytes / 1000).toBeLessThan(1024);
});
