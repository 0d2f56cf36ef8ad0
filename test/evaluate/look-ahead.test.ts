import { describe, expect, test } from 'vitest';
import { OpenAnomalyError } from '../../src/errors.ts';
import { planOf } from '../../src/evaluate/plan.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { Evaluation } from '../../src/ports/publisher.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy } from './harness.ts';

const HOUR_MS = 60 * MINUTE_MS;
const HOURLY = { forecastSchedule: '0 * * * *', predictionHorizonMs: HOUR_MS };

function aheadOf(evaluation: Evaluation | undefined): Record<string, number> {
  return Object.fromEntries((evaluation?.lookAhead ?? []).map(({ horizon, expected }) => [horizon, expected[0]!]));
}

describe('the look-ahead', () => {
  test('reaches the farthest horizon until the next forecast, however rare those are', async () => {
    const { runner, evaluations } = harness(new Map([['a', noisy]]), HOURLY);
    await runner.run('anomaly', NOON_SLOT_MS);
    for (let minute = 1; minute <= 59; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    const shown = evaluations.filter(({ lookAhead }) => lookAhead.length > 0);
    expect(shown.length).toBeGreaterThan(59);
    for (const evaluation of shown) expect(aheadOf(evaluation)['30m']).toBeGreaterThan(0);
  });

  test('reaches twice the horizon at most', async () => {
    const { runner, engine } = harness(new Map([['a', noisy]]), { ...HOURLY, forecastSchedule: '@monthly' });
    const asked: number[] = [];
    const forecast = engine.forecast.bind(engine);
    engine.forecast = (request, signal) => {
      asked.push(request.horizonSteps);
      return forecast(request, signal);
    };
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(new Set(asked)).toEqual(new Set([120]));
  });

  test('reaches as far as changed rules ask with the next forecast, and all that was learnt stays', async () => {
    const { runner, evaluations, pipeline } = harness(new Map([['a', noisy]]), { predictionHorizonMs: HOUR_MS });
    await runner.run('anomaly', NOON_SLOT_MS);
    runner.adopt({ ...pipeline, ...HOURLY }, 'rules.yaml', NOON_SLOT_MS);
    await runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    await runner.run('anomaly', NOON_SLOT_MS + 60 * MINUTE_MS);
    expect(aheadOf(evaluations.at(-1))['30m']).toBeGreaterThan(0);
    expect(runner.status()).toMatchObject({ health: 'ok', warmingUp: 0 });
  });
});

describe('a pipeline that only forecasts', () => {
  function forecasting() {
    const world = harness(new Map([['a', noisy]]), { ...HOURLY, mode: 'forecast_only' });
    const hint = { engine: 'plain', periods: [], checkedMs: NOON_MS };
    // A forecast that tells the instant it is for, in minutes after noon.
    world.engine.forecast = async ({ context, horizonSteps }) => {
      const { startMs, steps, stepMs } = context.grid;
      const firstMs = startMs + steps * stepMs;
      const minutes = Array.from({ length: horizonSteps }, (_, i) => (firstMs - NOON_MS + i * stepMs) / MINUTE_MS);
      const quantiles = Float64Array.from(minutes.flatMap((minute) => new Array(QUANTILE_LEVELS.length).fill(minute)));
      return { startMs: firstMs, stepMs, steps: horizonSteps, quantiles, levels: QUANTILE_LEVELS, hints: [hint] };
    };
    const at = (minute: number, task: 'forecast' | 'look_ahead') =>
      world.runner.run(task, NOON_SLOT_MS + minute * MINUTE_MS);
    return { ...world, at };
  }

  test('is shown with each interval, by a task of its own', () => {
    const group = { name: 'g', file: 'rules.yaml', intervalMs: MINUTE_MS };
    const tasks = (mode: 'forecast_only' | 'anomaly_only') =>
      planOf([{ ...group, pipelines: [pipelineOf({ mode })] }]).map(({ task, when }) => [task, when.kind]);
    expect(tasks('forecast_only')).toEqual([
      ['look_ahead', 'interval'],
      ['forecast', 'cron'],
    ]);
    expect(tasks('anomaly_only').map(([task]) => task)).not.toContain('look_ahead');
  });

  test('shows what is ahead of the clock, without a look at samples', async () => {
    const { at, evaluations, source, telemetry } = forecasting();
    await at(0, 'forecast');
    expect(aheadOf(evaluations.at(-1))['30m']).toBe(30);
    const reads = source.reads.length;
    const published = evaluations.length;
    await at(0, 'look_ahead');
    expect(evaluations).toHaveLength(published);
    for (let minute = 1; minute <= 59; minute++) await at(minute, 'look_ahead');
    expect(evaluations).toHaveLength(published + 59);
    expect(source.reads).toHaveLength(reads);
    expect((await telemetry.evaluations.get()).values.map(({ value }) => value)).toEqual([1]);
    expect(evaluations[published]).toMatchObject({ steps: [], timestampMs: NOON_SLOT_MS + MINUTE_MS });
    for (const minute of [1, 30, 59])
      expect(aheadOf(evaluations[published + minute - 1])).toEqual({ '0s': minute, '30m': minute + 30 });
  });

  test('says nothing before its first forecast, and nothing after it was ended', async () => {
    const { at, runner, evaluations } = forecasting();
    await at(1, 'look_ahead');
    expect(evaluations).toEqual([]);
    await at(1, 'forecast');
    const published = evaluations.length;
    await runner.end(NOON_SLOT_MS + MINUTE_MS);
    await at(2, 'look_ahead');
    expect(evaluations).toHaveLength(published);
  });

  test('makes up for a first forecast that failed, and is heard of meanwhile', async () => {
    const { at, runner, evaluations, source } = forecasting();
    source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
    await at(0, 'forecast');
    expect(runner.status().health).toBe('error');
    source.failure = undefined;
    await at(1, 'look_ahead');
    expect(runner.status()).toMatchObject({ health: 'ok', lastForecastMs: NOON_SLOT_MS + MINUTE_MS });
    expect(aheadOf(evaluations.at(-1))['30m']).toBe(31);
  });

  test('goes on showing a forecast that holds while later ones fail', async () => {
    const { at, runner, evaluations, removals, source } = forecasting();
    await at(0, 'forecast');
    for (let minute = 1; minute <= 20; minute++) await at(minute, 'look_ahead');
    source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
    await at(20, 'forecast');
    expect(runner.status().health).toBe('error');
    expect(removals).toEqual([]);
    source.failure = undefined;
    const published = evaluations.length;
    await at(21, 'look_ahead');
    expect(evaluations.length).toBeGreaterThan(published);
    expect(runner.status().health).toBe('ok');
  });

  test('is not shown again while it has more series than it may', async () => {
    const { at, evaluations, removals, source } = forecasting();
    await at(0, 'forecast');
    source.failure = new OpenAnomalyError('series_limit', 'too many series');
    await at(30, 'forecast');
    expect(removals).toEqual([{ pipeline: 'p', ended: 0 }]);
    const published = evaluations.length;
    await at(32, 'look_ahead');
    await at(33, 'look_ahead');
    expect(evaluations).toHaveLength(published);
  });

  test('tells of an error in showing, and goes on', async () => {
    const { at, runner, evaluations, telemetry } = forecasting();
    await at(0, 'forecast');
    const published = evaluations.length;
    const push = evaluations.push.bind(evaluations);
    evaluations.push = () => {
      throw new Error('no room');
    };
    await at(1, 'look_ahead');
    expect(runner.status()).toMatchObject({ health: 'error', lastError: 'no room' });
    expect((await telemetry.pipelineHealthy.get()).values).toMatchObject([{ value: 0 }]);
    evaluations.push = push;
    await at(2, 'look_ahead');
    expect(evaluations).toHaveLength(published + 1);
    await at(3, 'forecast');
    expect(runner.status().health).toBe('ok');
  });
});
