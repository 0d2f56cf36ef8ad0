import { describe, expect, test } from 'vitest';
import { EventBook } from '../../src/evaluate/event-book.ts';
import { MaintenanceBook } from '../../src/evaluate/maintenance.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import type { SeriesFunctions } from '../support/function-source.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

/** Noise around 100, and 500 in some minutes after noon. */
const broken = (from: number, to: number) => (timeMs: number) =>
  timeMs >= NOON_MS + from * MINUTE_MS && timeMs < NOON_MS + to * MINUTE_MS ? 500 : noisy(timeMs);

function alarming(series: Record<string, (timeMs: number) => number>, changes: Partial<Pipeline> = {}) {
  const events = new EventBook();
  const maintenance = new MaintenanceBook();
  const functions: SeriesFunctions = new Map(Object.entries(series));
  // Far above what the noise itself reaches now and then.
  const anomaly = { ...pipelineOf().anomaly, threshold: 3 };
  const run = harness(functions, { anomaly, ...changes }, undefined, { events, maintenance });
  const upTo = async (minutes: number) => {
    for (let minute = 0; minute <= minutes; minute++)
      await run.runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
  };
  return { ...run, events, maintenance, upTo };
}

describe('anomalies', () => {
  test('open with the first flagged sample and end with the last, with what the peak met', async () => {
    const { events, upTo } = alarming({ a: broken(5, 9), b: noisy });
    await upTo(30);
    expect(events.list()).toMatchObject([
      {
        pipeline: 'p',
        group: 'g',
        technique: 'confidence_interval',
        direction: 'above',
        startMs: NOON_MS + 5 * MINUTE_MS,
        lastMs: NOON_MS + 8 * MINUTE_MS,
        ending: 'recovered',
        peak: { value: 500 },
      },
    ]);
    const [{ peak }] = events.list() as [ReturnType<EventBook['list']>[number]];
    expect(peak.upper).toBeLessThan(150);
    expect(peak.score).toBeGreaterThan(1);
  });

  test('of a series that ends are over', async () => {
    const { events, upTo } = alarming({
      a: (t) => (t > NOON_MS + 7 * MINUTE_MS ? Number.NaN : broken(5, 99)(t)),
      b: noisy,
    });
    await upTo(15);
    expect(events.list()).toMatchObject([{ ending: 'series_ended', lastMs: NOON_MS + 7 * MINUTE_MS }]);
  });

  test('are published as a family where the rule has an alarm block', async () => {
    const anomaly = { ...pipelineOf().anomaly, threshold: 3 };
    const rule = { ...anomaly.alarm, confirm: { count: 3, of: 3 } };
    const { evaluations, upTo } = alarming(
      { a: broken(5, 99) },
      { anomaly: { ...anomaly, alarm: rule, publishesAlarm: true } },
    );
    await upTo(8);
    const alarms = evaluations.flatMap(({ steps }) => steps.map(({ alarm }) => alarm![0]));
    expect(alarms.slice(-5)).toEqual([0, 0, 0, 1, 1]);
    expect(published(evaluations.at(-3)!, 'a').anomaly).toBe(1);
  });
});

describe('maintenance', () => {
  const window = {
    id: 'w',
    pipelines: ['p'],
    groups: [],
    matchers: [{ name: 'instance', op: '=', value: 'a' }] as const,
    startMs: NOON_MS + 3 * MINUTE_MS,
    endMs: NOON_MS + 8 * MINUTE_MS,
    comment: '',
    createdBy: '',
  };

  test('samples are scored, not flagged, and the other series go on', async () => {
    const { events, maintenance, evaluations, upTo } = alarming({ a: broken(5, 8), b: broken(6, 8) });
    maintenance.add(window, NOON_MS);
    await upTo(7);
    expect(published(evaluations.at(-1)!, 'a')).toMatchObject({ anomaly: 0, value: 500 });
    expect(published(evaluations.at(-1)!, 'a').score).toBeGreaterThan(1);
    expect(published(evaluations.at(-1)!, 'b').anomaly).toBe(1);
    expect(events.list().map(({ labels }) => labels.pairs[1])).toEqual(['b']);
  });

  test('an anomaly that is open when it begins is over', async () => {
    const { events, maintenance, upTo } = alarming({ a: broken(1, 99) });
    maintenance.add(window, NOON_MS);
    await upTo(5);
    expect(events.list()).toMatchObject([{ ending: 'excluded', lastMs: NOON_MS + 2 * MINUTE_MS }]);
  });

  test('nothing is learnt: the band after it is that of a series that had no such time', async () => {
    const during = alarming({ a: broken(3, 5) });
    during.maintenance.add({ ...window, endMs: NOON_MS + 5 * MINUTE_MS }, NOON_MS);
    const isGone = (t: number) => t === NOON_MS + 3 * MINUTE_MS || t === NOON_MS + 4 * MINUTE_MS;
    const never = alarming({ a: (t) => (isGone(t) ? Number.NaN : noisy(t)) });
    for (const { upTo } of [during, never]) await upTo(9);
    expect(published(during.evaluations.at(-1)!, 'a').upper).toBe(published(never.evaluations.at(-1)!, 'a').upper);
    expect(published(during.evaluations.at(-1)!, 'a').anomaly).toBe(0);
  });

  test.each(['tail', 'z_score', 'iqr', 'isolation_forest'])(
    '%s learns nothing of what happened in it',
    async (technique) => {
      const bands = [];
      for (const during of [noisy, () => 500]) {
        const anomaly = { ...pipelineOf().anomaly, technique };
        const isIn = (t: number) => t >= window.startMs && t < window.endMs;
        const run = alarming({ a: (t) => (isIn(t) ? during(t) : noisy(t)) }, { anomaly, mode: 'anomaly_only' });
        run.maintenance.add(window, NOON_MS);
        await run.upTo(9);
        const { lower, upper, score } = published(run.evaluations.at(-1)!, 'a');
        expect(score).toBeLessThan(1);
        bands.push([lower, upper]);
      }
      expect(bands[0]).toEqual(bands[1]);
    },
  );

  test('engines see the edge of the band in place of what was beyond it', async () => {
    const { engine, maintenance, runner, upTo } = alarming({ a: broken(3, 8) });
    maintenance.add(window, NOON_MS);
    await upTo(7);
    await runner.run('forecast', NOON_SLOT_MS + 7 * MINUTE_MS);
    expect(Math.max(...engine.requests.at(-1)!.context.values.subarray(-5))).toBeLessThan(130);
  });

  test('windows of the rule file do the same, for every series', async () => {
    // NOON is on a Tuesday.
    const { events, evaluations, upTo } = alarming({ a: broken(3, 6) }, { exclude: ['Tue 12:03-12:06'] });
    await upTo(12);
    expect(events.list()).toEqual([]);
    expect(evaluations.flatMap(({ steps }) => steps.map(({ anomaly }) => anomaly[0]))).not.toContain(1);
  });
});
