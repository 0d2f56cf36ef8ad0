import { describe, expect, test } from 'vitest';
import { tail } from '../../../src/score/tail/tail.ts';
import { gaussian, randomOf } from '../../support/random.ts';
import { scoreOnce } from '../columns.ts';

const MINUTE_MS = 60_000;
const DAY_STEPS = 1440;
const HOUR_STEPS = 60;
/** A multiple of days: series start at midnight. */
const START_MS = Date.UTC(2026, 2, 2);

/** Load of a service: 60 in the night, 140 by day, noise of 3. */
function loadOf(seed: number) {
  const random = randomOf(seed);
  return (step: number) => 100 - 40 * Math.cos((2 * Math.PI * (step % DAY_STEPS)) / DAY_STEPS) + 3 * gaussian(random);
}

class Series {
  readonly scorer = tail.create({ stepMs: MINUTE_MS });
  step = 0;

  constructor() {
    this.scorer.add(0);
  }

  learn(steps: number, valueAt: (step: number) => number): this {
    const values = Float64Array.from({ length: steps }, (_, i) => valueAt(this.step + i));
    this.scorer.learn(0, { startMs: START_MS + this.step * MINUTE_MS, values, from: 0, count: steps });
    this.step += steps;
    return this;
  }

  score(value: number) {
    return scoreOnce(this.scorer, { value, timestampMs: START_MS + this.step++ * MINUTE_MS });
  }

  /** Scores what follows, by the name of the view that spoke. */
  scores(steps: number, valueAt: (step: number) => number) {
    return Array.from({ length: steps }, () => {
      const value = valueAt(this.step);
      const answer = this.score(value);
      return { ...answer, value, view: tail.views[answer.view] };
    });
  }

  copy(): Series {
    const copy = new Series();
    copy.scorer.importSlot(0, this.scorer.exportSlot(0)!);
    copy.step = this.step;
    return copy;
  }
}

/** From the load of the night down to 5, a unit a minute, and there it stays: no sample is far from those before it. */
function slide(from: number, random = randomOf(3)) {
  return (step: number) => Math.max(60 - (step - from), 5) + 3 * gaussian(random);
}

function weekOf(seed: number, days = 8): Series {
  return new Series().learn(days * DAY_STEPS, loadOf(seed));
}

describe('the range of a week', () => {
  test('a load that slides below the lowest of all nights is flagged, and goes on to be', () => {
    const series = weekOf(1);
    const answers = series.scores(90, slide(series.step));
    const flagged = answers.filter(({ score }) => score > 1);
    expect(flagged.length).toBeGreaterThan(20);
    const byRange = flagged.filter(({ view }) => view === 'range');
    expect(byRange.length).toBeGreaterThan(0.8 * flagged.length);
    for (const { anomaly, value, lower } of byRange) {
      expect(anomaly).toBe(-1);
      expect(value).toBeLessThan(lower);
    }
  });

  test('before a week has been seen nobody knows that it is low', () => {
    const series = weekOf(1, 4);
    expect(series.scores(90, slide(series.step)).every(({ view }) => view !== 'range')).toBe(true);
  });

  test('says nothing of a slow way through where the series has been, at whatever hour', () => {
    const series = weekOf(2).learn(8 * HOUR_STEPS, loadOf(4));
    const from = series.step;
    const random = randomOf(5);
    const descends = (step: number) => Math.max(120 - (step - from), 62) + 3 * gaussian(random);
    expect(series.scores(120, descends).filter(({ score }) => score > 1)).toEqual([]);
  });

  test('rare spikes above do not make it usual to fall below', () => {
    const load = loadOf(6);
    const spiky = (step: number) => load(step) + (step % 3000 < 4 ? 400 : 0);
    const series = new Series().learn(8 * DAY_STEPS, spiky);
    const views = series.scores(90, slide(series.step)).filter(({ score }) => score > 1);
    expect(views.filter(({ view }) => view === 'range').length).toBeGreaterThan(20);
  });

  test('a lower level is usual after some hours', () => {
    const series = weekOf(7);
    series.scores(5 * HOUR_STEPS, slide(series.step));
    const random = randomOf(8);
    const settled = series.scores(HOUR_STEPS, () => 5 + 3 * gaussian(random));
    expect(settled.filter(({ score }) => score > 1).length).toBeLessThan(3);
  });

  test('an outage of a quarter of an hour does not hide the next one', () => {
    const series = weekOf(9);
    const load = loadOf(10);
    series.learn(15, (step) => load(step) - 60).learn(2 * DAY_STEPS - 15, load);
    const again = series.scores(90, slide(series.step));
    expect(again.filter(({ score, view }) => score > 1 && view === 'range').length).toBeGreaterThan(2);
  });

  test('a series that reaches new heights all the time is used to them', () => {
    const random = randomOf(11);
    const grows = (step: number) => step / 100 + gaussian(random);
    const series = new Series().learn(8 * DAY_STEPS, grows);
    const flagged = series.scores(DAY_STEPS, grows).filter(({ score, view }) => score > 1 && view === 'range');
    expect(flagged).toEqual([]);
  });

  test.each([
    ['far from zero', (value: number) => 1.7e9 + value],
    ['below zero', (value: number) => value - 1e6],
    ['in small numbers', (value: number) => value * 1e-9],
    ['in large numbers', (value: number) => value * 1e15],
  ])('means the same %s', (_, move) => {
    const load = loadOf(12);
    const series = new Series().learn(8 * DAY_STEPS, (step) => move(load(step)));
    const slides = slide(series.step);
    const answers = series.scores(90, (step) => move(slides(step)));
    expect(answers.filter(({ score, view }) => score > 1 && view === 'range').length).toBeGreaterThan(20);
  });

  test('numbers near the largest leave a score all the same', () => {
    const random = randomOf(13);
    const series = new Series().learn(8 * DAY_STEPS, () => 1.7e308 * (2 * random() - 1));
    for (const value of [0, 1e308, -1e308]) expect(series.score(value).score).toBeGreaterThanOrEqual(0);
  });

  test('inside the band and a score up to 1 are one statement, before and in the middle of an outage', () => {
    const series = weekOf(14);
    const slides = slide(series.step);
    for (const steps of [0, 30, 20, 40]) {
      series.learn(steps, slides);
      const { lower, upper } = series.copy().score(50);
      for (let value = -60; value <= 160; value += 2.3) {
        const answer = series.copy().score(value);
        expect(answer.lower).toBe(lower);
        expect(answer.upper).toBe(upper);
        expect(answer.score <= 1).toBe(value >= lower && value <= upper);
      }
    }
  });

  test('has seven days in it when clocks go back too', () => {
    // In Berlin at 01:00 UTC on 29 October 2023. The Monday before had a night of 20 at noon, which is still in the week.
    const random = randomOf(16);
    const startMs = Date.UTC(2023, 9, 19, 22);
    const lowMs = Date.UTC(2023, 9, 23, 10);
    const endMs = Date.UTC(2023, 9, 30, 6);
    const flaggedIn = (timezone: string, low: number) => {
      const scorer = tail.create({ stepMs: MINUTE_MS, timezone });
      scorer.add(0);
      const load = loadOf(17);
      const values = Float64Array.from({ length: (endMs - startMs) / MINUTE_MS }, (_, i) => {
        const sinceLow = (startMs + i * MINUTE_MS - lowMs) / MINUTE_MS;
        return sinceLow >= 0 && sinceLow < 240 ? low + 3 * gaussian(random) : load(i);
      });
      scorer.learn(0, { startMs, values, from: 0, count: values.length });
      return Array.from({ length: 90 }, (_, i) =>
        scoreOnce(scorer, { value: Math.max(60 - i, 25) + 3 * gaussian(random), timestampMs: endMs + i * MINUTE_MS }),
      ).filter(({ score, view }) => score > 1 && tail.views[view] === 'range').length;
    };
    expect(flaggedIn('Europe/Berlin', 20)).toBe(0);
    expect(flaggedIn('UTC', 20)).toBe(0);
    expect(flaggedIn('Europe/Berlin', 100)).toBeGreaterThan(10);
  });

  test('steps of a day have no range', () => {
    const scorer = tail.create({ stepMs: DAY_STEPS * MINUTE_MS });
    scorer.add(0);
    const random = randomOf(15);
    const values = Float64Array.from({ length: 400 }, () => 100 + gaussian(random));
    scorer.learn(0, { startMs: START_MS, values, from: 0, count: values.length });
    const answer = scoreOnce(scorer, { value: 50, timestampMs: START_MS + 400 * DAY_STEPS * MINUTE_MS });
    expect(answer.score).toBeGreaterThan(1);
    expect(tail.views[answer.view]).not.toBe('range');
  });
});
