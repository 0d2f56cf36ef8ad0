import { describe, expect, test } from 'vitest';
import { OpenAnomalyError } from '../../src/errors.ts';
import { contextStepsOf } from '../../src/evaluate/state-shape.ts';
import type { Evaluation } from '../../src/ports/publisher.ts';
import { labelValue, withLabels } from '../../src/series/labels.ts';
import type { SeriesFunctions } from '../support/function-source.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

function series(entries: Record<string, (timeMs: number) => number>): SeriesFunctions {
  return new Map(Object.entries(entries));
}

describe('first evaluation', () => {
  test('scores the last hour at once, each instant against a path made before it', async () => {
    const { runner, evaluations, engine } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    const [first] = evaluations;
    expect(first!.steps.map((step) => step.timestampMs)).toEqual(
      Array.from({ length: 60 }, (_, i) => NOON_MS - (59 - i) * MINUTE_MS),
    );
    expect(first!.steps.every((step) => Number.isFinite(step.score[0]!))).toBe(true);
    for (const { context } of engine.requests.slice(0, -1)) {
      expect(context.grid.startMs + context.grid.steps * MINUTE_MS).toBeLessThanOrEqual(NOON_MS);
    }
    expect(runner.status()).toMatchObject({ health: 'ok', series: 1, warmingUp: 0, engines: { plain: 1 } });
  });

  test('tells how far it is while it goes on', async () => {
    const { runner, engine } = harness(series({ a: noisy, b: noisy }));
    const seen: object[] = [];
    const { forecast } = engine;
    engine.forecast = (request, signal) => {
      const { health, series, engines } = runner.status();
      seen.push({ health, series, engines });
      return forecast(request, signal);
    };
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(seen[0]).toEqual({ health: 'starting', series: 2, engines: {} });
    expect(seen[1]).toEqual({ health: 'starting', series: 2, engines: { plain: 2 } });
  });

  test('publishes input labels without the name, the labels of the pipeline, and, once it is made, its look-ahead', async () => {
    const { runner, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(evaluations[0]!.series[0]!.pairs).toEqual(['instance', 'a', 'pipeline', 'p', 'team', 'infra']);
    expect(evaluations.map(({ steps, lookAhead }) => [steps.length, lookAhead.length])).toEqual([
      [60, 0],
      [0, 2],
    ]);
    expect(evaluations[1]!.lookAhead.map(({ horizon }) => horizon)).toEqual(['0s', '30m']);
    for (const { expected, lower, upper } of evaluations[1]!.lookAhead) {
      expect(lower[0]!).toBeLessThan(expected[0]!);
      expect(expected[0]!).toBeLessThan(upper[0]!);
    }
  });

  test('of series that differ in their metric name alone takes one, and counts the others', async () => {
    const { runner, source, telemetry } = harness(series({ a: noisy, b: noisy }));
    const read = source.queryRange.bind(source);
    source.queryRange = async function* (query, signal) {
      for await (const piece of read(query, signal)) {
        yield piece;
        const labels = piece.block.labels.map((one) => withLabels(one, { __name__: 'other' }));
        yield { ...piece, block: { ...piece.block, labels } };
      }
    };
    await runner.run('anomaly', NOON_SLOT_MS);
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    expect(runner.status().series).toBe(2);
    expect((await telemetry.pipelineLeftOut.get()).values).toMatchObject([{ labels: { pipeline: 'p' }, value: 2 }]);
  });

  test('that fails leaves nothing behind, and the next one starts over', async () => {
    const { runner, source, evaluations } = harness(series({ a: noisy }));
    source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(runner.status()).toMatchObject({ health: 'error', lastError: 'datasource_unavailable: refused', series: 0 });
    source.failure = undefined;
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    expect(runner.status().health).toBe('ok');
    expect(evaluations[0]!.steps).toHaveLength(60);
  });
});

describe('later evaluations', () => {
  test('read only what is new and a small overlap, and make no forecast while a path covers', async () => {
    const { runner, source, engine, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    const forecasts = engine.requests.length;
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    expect(source.reads.at(-1)).toMatchObject({ startMs: NOON_MS - MINUTE_MS, endMs: NOON_MS + MINUTE_MS });
    expect(engine.requests).toHaveLength(forecasts);
    expect(evaluations.at(-1)!.steps.map((step) => step.timestampMs)).toEqual([NOON_MS + MINUTE_MS]);
    expect(published(evaluations.at(-1)!, 'a').value).toBe(noisy(NOON_MS + MINUTE_MS));
  });

  test('with nothing new to read do nothing', async () => {
    const { runner, source, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    const reads = source.reads.length;
    const before = evaluations.length;
    await runner.run('anomaly', NOON_SLOT_MS + 1000);
    expect(source.reads).toHaveLength(reads);
    expect(evaluations).toHaveLength(before);
  });

  test.each([
    ['a flat series that moves', () => 7, () => 8, 1],
    ['a drop to zero', noisy, () => 0, -1],
    ['a surge', noisy, () => 500, 1],
  ])('%s alarms', async (_, before, after, anomaly) => {
    const { runner, evaluations, telemetry } = harness(series({ a: (t) => (t <= NOON_MS ? before(t) : after()) }));
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(published(evaluations[0]!, 'a').anomaly).toBe(0);
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    expect(published(evaluations.at(-1)!, 'a').anomaly).toBe(anomaly);
    expect(runner.status().flagged).toBe(1);
    const direction = anomaly > 0 ? 'above' : 'below';
    const flagged = (await telemetry.samplesFlagged.get()).values.find(({ labels }) => labels.direction === direction);
    expect(flagged!.value).toBeGreaterThanOrEqual(1);
  });

  test('an incident does not widen the band that flags it', async () => {
    const { runner, evaluations } = harness(series({ a: (t) => (t <= NOON_MS ? noisy(t) : 500) }), {
      forecastSchedule: '0 0 1 1 *',
    });
    await runner.run('anomaly', NOON_SLOT_MS);
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    const { upper } = published(evaluations.at(-1)!, 'a');
    for (let minute = 2; minute <= 20; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    expect(published(evaluations.at(-1)!, 'a').upper!).toBeLessThan(upper! * 1.2);
    expect(published(evaluations.at(-1)!, 'a').anomaly).toBe(1);
  });

  test('engines see the edge of the band in place of what was flagged', async () => {
    const { runner, engine } = harness(series({ a: (t) => (t <= NOON_MS ? noisy(t) : 500) }));
    await runner.run('anomaly', NOON_SLOT_MS);
    for (let minute = 1; minute <= 5; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    await runner.run('forecast', NOON_SLOT_MS + 5 * MINUTE_MS);
    expect(Math.max(...engine.requests.at(-1)!.context.values.subarray(-5))).toBeLessThan(130);
  });

  test('a new level is learnt after a while', async () => {
    const { runner, evaluations } = harness(series({ a: (t) => (t <= NOON_MS ? noisy(t) : noisy(t) * 5) }));
    await runner.run('anomaly', NOON_SLOT_MS);
    for (let minute = 1; minute <= 400; minute++) {
      await runner.run(minute % 15 === 0 ? 'forecast' : 'anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    }
    expect(published(evaluations.at(-1)!, 'a').anomaly).toBe(0);
  });

  test('after an outage score every instant that was missed, from a path made before it', async () => {
    const { runner, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    await runner.run('anomaly', NOON_SLOT_MS + 50 * MINUTE_MS);
    const { steps } = evaluations.at(-1)!;
    expect(steps).toHaveLength(50);
    expect(steps.every((step) => Number.isFinite(step.score[0]!))).toBe(true);
  });

  test('a forecast that fails takes no score along, and is told of', async () => {
    const { runner, engine, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    const forecast = engine.forecast.bind(engine);
    engine.forecast = async () => {
      throw new OpenAnomalyError('engine_unavailable', 'gone');
    };
    await runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    expect(runner.status()).toMatchObject({ health: 'error', lastError: 'engine_unavailable: gone' });
    expect(evaluations.at(-1)!.steps.map(({ timestampMs }) => timestampMs)).toEqual([NOON_MS + MINUTE_MS]);
    const before = evaluations.length;
    await runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    expect(evaluations).toHaveLength(before);
    await runner.run('anomaly', NOON_SLOT_MS + 2 * MINUTE_MS);
    expect(evaluations[before]!.steps.map(({ timestampMs }) => timestampMs)).toEqual([NOON_MS + 2 * MINUTE_MS]);
    expect(runner.status()).toMatchObject({ health: 'error', lastError: 'engine_unavailable: gone' });
    engine.forecast = forecast;
    await runner.run('forecast', NOON_SLOT_MS + 3 * MINUTE_MS);
    expect(runner.status().health).toBe('ok');
    expect(evaluations).toHaveLength(before + 3);
    expect(evaluations[before + 1]!.steps.map(({ timestampMs }) => timestampMs)).toEqual([NOON_MS + 3 * MINUTE_MS]);
    expect(evaluations[before + 2]!.lookAhead).toHaveLength(2);
  });

  test('a failed read loses no sample: the next one catches up', async () => {
    const { runner, source, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    source.failure = new OpenAnomalyError('datasource_timeout', 'no answer');
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    source.failure = undefined;
    await runner.run('anomaly', NOON_SLOT_MS + 2 * MINUTE_MS);
    expect(evaluations.at(-1)!.steps.map((step) => step.timestampMs)).toEqual([
      NOON_MS + MINUTE_MS,
      NOON_MS + 2 * MINUTE_MS,
    ]);
  });

  test.each([
    ['by the interval of the group', { intervalMs: 240 * MINUTE_MS }],
    ['by a schedule', { anomalySchedule: '0 */4 * * *' }],
  ])('evaluations that are hours apart, %s, score all that came between', async (_, changes) => {
    const { runner, evaluations } = harness(series({ a: noisy }), changes);
    await runner.run('anomaly', NOON_SLOT_MS);
    await runner.run('anomaly', NOON_SLOT_MS + 240 * MINUTE_MS);
    const { steps } = evaluations.at(-1)!;
    expect(steps.map(({ timestampMs }) => timestampMs)).toEqual(
      Array.from({ length: 240 }, (_, i) => NOON_MS + (i + 1) * MINUTE_MS),
    );
    expect(steps.every(({ score }) => Number.isFinite(score[0]))).toBe(true);
  });
});

describe('members', () => {
  test('a series that ended while scoring failed is told to end by the next evaluation', async () => {
    const { runner, engine, evaluations, telemetry } = harness(
      series({ a: noisy, b: (t) => (t > NOON_MS ? Number.NaN : noisy(t)) }),
      { forecastSchedule: '0 0 1 1 *', predictionHorizonMs: MINUTE_MS },
    );
    await runner.run('anomaly', NOON_SLOT_MS);
    const forecast = engine.forecast.bind(engine);
    engine.forecast = async () => {
      throw new OpenAnomalyError('engine_unavailable', 'gone');
    };
    // Beyond the first paths, so that scoring needs a new one, and soon enough for the page to be still there.
    const laterMs = NOON_SLOT_MS + 4 * MINUTE_MS;
    const before = evaluations.length;
    await runner.run('anomaly', laterMs);
    expect(runner.status()).toMatchObject({ health: 'error', series: 1 });
    expect(evaluations).toHaveLength(before);
    engine.forecast = forecast;
    await runner.run('anomaly', laterMs + MINUTE_MS);
    expect(evaluations.at(-1)!.ended.map((labels) => labelValue(labels, 'instance'))).toEqual(['b']);
    expect((await telemetry.seriesEnded.get()).values).toMatchObject([{ value: 1 }]);
    await runner.run('anomaly', laterMs + 2 * MINUTE_MS);
    expect(evaluations.at(-1)!.ended).toEqual([]);
  });

  test('ends are not kept for later while nothing is published any more', async () => {
    const { runner, engine, evaluations } = harness(
      series({ a: noisy, b: (t) => (t > NOON_MS ? Number.NaN : noisy(t)) }),
      { forecastSchedule: '0 0 1 1 *' },
    );
    await runner.run('anomaly', NOON_SLOT_MS);
    const forecast = engine.forecast.bind(engine);
    engine.forecast = async () => {
      throw new OpenAnomalyError('engine_unavailable', 'gone');
    };
    const laterMs = NOON_SLOT_MS + 600 * MINUTE_MS;
    await runner.run('anomaly', laterMs);
    // Ten hours after the last success the page ended; what ended before that is no news.
    engine.forecast = forecast;
    await runner.run('anomaly', laterMs + MINUTE_MS);
    expect(evaluations.at(-1)!.ended).toEqual([]);
  });

  test('a series that vanishes ends after three steps and is counted', async () => {
    const { runner, evaluations, telemetry } = harness(series({ a: noisy, b: (t) => (t <= NOON_MS ? 1 : Number.NaN) }));
    await runner.run('anomaly', NOON_SLOT_MS);
    for (const minute of [1, 2]) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    expect(published(evaluations.at(-1)!, 'b').score).toBeNaN();
    await runner.run('anomaly', NOON_SLOT_MS + 3 * MINUTE_MS);
    const last = evaluations.at(-1)!;
    expect(last.ended.map((labels) => labels.pairs)).toEqual([['instance', 'b', 'pipeline', 'p', 'team', 'infra']]);
    expect(last.series).toHaveLength(1);
    expect(runner.status().series).toBe(1);
    expect((await telemetry.seriesEnded.get()).values[0]!.value).toBe(1);
  });

  test('show which engine forecasts them, while one does', async () => {
    const { runner, telemetry } = harness(series({ a: (t) => (t <= NOON_MS ? noisy(t) : Number.NaN) }));
    await runner.run('anomaly', NOON_SLOT_MS);
    const shown = async () => (await telemetry.pipelineModelInfo.get()).values;
    expect(await shown()).toEqual([{ labels: { pipeline: 'p', model: 'auto', engine: 'plain' }, value: 1 }]);
    for (const minute of [1, 2, 3]) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    expect(runner.status().series).toBe(0);
    expect(await shown()).toEqual([]);
  });

  test('a new series gets its own first read and is scored as soon as it has a path', async () => {
    const { runner, source, evaluations } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    source.series.set('b', (t) => noisy(t) * 2);
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    const own = source.reads.at(-1)!;
    expect(own.only!.map((labels) => labels.pairs)).toEqual([['__name__', 'm', 'instance', 'b']]);
    expect(own.endMs - own.startMs).toBe(599 * MINUTE_MS);
    expect(published(evaluations.at(-1)!, 'b').score).toBeLessThan(2);
  });

  test('a series without enough context warms up and is not scored', async () => {
    const { runner, evaluations } = harness(
      series({ a: noisy, young: (t) => (t > NOON_MS - 5 * MINUTE_MS ? noisy(t) : Number.NaN) }),
    );
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(published(evaluations[0]!, 'young').score).toBeNaN();
    expect(published(evaluations[0]!, 'young').value).toBe(noisy(NOON_MS));
    expect(runner.status().warmingUp).toBe(1);
    for (let minute = 1; minute <= 20; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    expect(runner.status().warmingUp).toBe(0);
    expect(published(evaluations.at(-1)!, 'young').score).toBeGreaterThanOrEqual(0);
  });

  test('over the limit nothing of the pipeline is published, and no series is told to end', async () => {
    const { runner, source, removals, evaluations } = harness(series({ a: noisy }), { limit: 1 });
    await runner.run('anomaly', NOON_SLOT_MS);
    source.series.set('b', noisy);
    const before = evaluations.length;
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    expect(runner.status().lastError).toContain('series_limit');
    expect(removals).toEqual([{ pipeline: 'p', ended: 0 }]);
    expect(evaluations).toHaveLength(before);
  });

  test('a data source that stays away makes the page end instead of freezing', async () => {
    const { runner, source, removals } = harness(series({ a: noisy }));
    await runner.run('anomaly', NOON_SLOT_MS);
    source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
    for (let minute = 1; minute <= 5; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    expect(removals).toEqual([]);
    await runner.run('anomaly', NOON_SLOT_MS + 6 * MINUTE_MS);
    expect(removals).toEqual([{ pipeline: 'p', ended: 0 }]);
  });
});

describe('modes', () => {
  test('forecast_only publishes look-ahead and scores nothing', async () => {
    const { runner, evaluations } = harness(series({ a: noisy }), { mode: 'forecast_only' });
    await runner.run('forecast', NOON_SLOT_MS);
    expect(evaluations[0]).toMatchObject({ steps: [] });
    expect(evaluations[0]!.lookAhead).toHaveLength(2);
  });

  test('changed to anomaly_only, forecasts are made for the bands and shown no more', async () => {
    const anomaly = { ...pipelineOf().anomaly, technique: 'confidence_interval' as const };
    const { runner, evaluations, pipeline } = harness(series({ a: noisy }), { anomaly });
    await runner.run('anomaly', NOON_SLOT_MS);
    runner.adopt({ ...pipeline, mode: 'anomaly_only' }, 'rules.yaml', NOON_SLOT_MS);
    const before = evaluations.length;
    await runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    expect(evaluations.slice(before).map(({ steps, lookAhead }) => [steps.length, lookAhead])).toEqual([[1, []]]);
    expect(runner.status().lastForecastMs).toBe(NOON_SLOT_MS + MINUTE_MS);
  });

  test('anomaly_only publishes scores and no look-ahead', async () => {
    const { runner, evaluations } = harness(series({ a: noisy }), { mode: 'anomaly_only' });
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(evaluations[0]!.lookAhead).toEqual([]);
    expect(evaluations[0]!.steps).toHaveLength(60);
  });

  test.each([
    ['anomaly_only', { forecast: false, context: false }, 8],
    ['anomaly_only', { forecast: false, context: true }, 600],
    ['anomaly_only', { forecast: true, context: false }, 600],
    ['forecast_and_anomaly', { forecast: false, context: false }, 600],
  ] as const)('%s with a technique that needs %o keeps %i steps', (mode, needs, steps) => {
    expect(contextStepsOf(pipelineOf({ mode }), needs)).toBe(steps);
  });

  test('future samples are the path at its own instants, only when asked for', async () => {
    const output = { horizons: [], quantiles: [0.1, 0.9], futureSamples: true };
    const { runner, evaluations } = harness(series({ a: noisy }), { output });
    await runner.run('anomaly', NOON_SLOT_MS);
    const [{ futurePath }] = evaluations.slice(-1) as [Evaluation];
    expect(futurePath!.timestampsMs).toEqual(Array.from({ length: 30 }, (_, i) => NOON_MS + (i + 1) * MINUTE_MS));
    expect(futurePath!.expected.every(Number.isFinite)).toBe(true);
  });
});
