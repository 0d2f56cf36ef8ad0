import { describe, expect, test } from 'vitest';
import { OpenAnomalyError } from '../../src/errors.ts';
import { harness, MINUTE_MS, NOON_SLOT_MS, noisy } from './harness.ts';

describe('a forecast that failed', () => {
  /** A pipeline that has been forecast once, evaluated each minute; answers the minutes at which it asks its engine. */
  async function pipelineWhoseEngine(fails: (minute: number) => boolean) {
    const world = harness(new Map([['a', noisy]]));
    const { runner, engine } = world;
    await runner.run('anomaly', NOON_SLOT_MS);
    const forecast = engine.forecast.bind(engine);
    const asked: number[] = [];
    let now = 0;
    engine.forecast = (request, signal) => {
      asked.push(now);
      return fails(now) ? Promise.reject(new Error('gone')) : forecast(request, signal);
    };
    const runAt = async (minute: number, task: 'anomaly' | 'forecast') => {
      now = minute;
      await runner.run(task, NOON_SLOT_MS + minute * MINUTE_MS);
    };
    return { ...world, asked, runAt };
  }

  test('is tried again with the next evaluation', async () => {
    const { runner, asked, runAt } = await pipelineWhoseEngine((minute) => minute === 1);
    await runAt(1, 'forecast');
    expect(runner.status()).toMatchObject({ health: 'error', lastError: 'gone', lastForecastMs: NOON_SLOT_MS });
    await runAt(2, 'anomaly');
    expect(runner.status()).toMatchObject({ health: 'ok', lastForecastMs: NOON_SLOT_MS + 2 * MINUTE_MS });
    await runAt(3, 'anomaly');
    expect(asked).toEqual([1, 2]);
  });

  test('waits twice as long after each failure, a quarter of an hour at most, until one goes well', async () => {
    const { asked, runAt } = await pipelineWhoseEngine((minute) => minute < 20);
    await runAt(1, 'forecast');
    for (let minute = 2; minute <= 40; minute++) await runAt(minute, 'anomaly');
    expect(asked).toEqual([1, 2, 4, 8, 16, 31]);
  });

  test('is not tried again beside another one', async () => {
    const { runner, engine, runAt } = await pipelineWhoseEngine((minute) => minute === 1);
    await runAt(1, 'forecast');
    const forecast = engine.forecast.bind(engine);
    const held: (() => void)[] = [];
    engine.forecast = async (request, signal) => {
      await new Promise<void>((resolve) => void held.push(resolve));
      return forecast(request, signal);
    };
    const scheduled = runAt(2, 'forecast');
    await expect.poll(() => held.length).toBe(1);
    await runAt(3, 'anomaly');
    held[0]!();
    await scheduled;
    await runner.idle();
    expect(held).toHaveLength(1);
  });

  test('is made up for where there was nothing to read when it was due', async () => {
    const { runner, source, asked, runAt } = await pipelineWhoseEngine(() => false);
    source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
    await runAt(1, 'forecast');
    await runAt(2, 'anomaly');
    source.failure = undefined;
    await runAt(3, 'anomaly');
    expect(asked).toEqual([3]);
    expect(runner.status()).toMatchObject({ health: 'ok', lastForecastMs: NOON_SLOT_MS + 3 * MINUTE_MS });
  });

  test('is forgotten with rules that ask for none', async () => {
    const { runner, asked, runAt, pipeline } = await pipelineWhoseEngine(() => true);
    await runAt(1, 'forecast');
    const anomaly = { ...pipeline.anomaly, technique: 'tail' } as const;
    runner.adopt({ ...pipeline, mode: 'anomaly_only', anomaly }, 'rules.yaml', NOON_SLOT_MS + MINUTE_MS);
    expect(runner.status().health).toBe('ok');
    await runAt(2, 'anomaly');
    expect(asked).toEqual([1]);
  });

  test('is nobody’s affair where rules that ask for none came meanwhile', async () => {
    const { runner, engine, runAt, pipeline } = await pipelineWhoseEngine(() => false);
    const failing: (() => void)[] = [];
    engine.forecast = () => new Promise((_, reject) => void failing.push(() => reject(new Error('gone'))));
    const forecasting = runAt(1, 'forecast');
    await expect.poll(() => failing.length).toBe(1);
    const anomaly = { ...pipeline.anomaly, technique: 'tail' } as const;
    runner.adopt({ ...pipeline, mode: 'anomaly_only', anomaly }, 'rules.yaml', NOON_SLOT_MS + MINUTE_MS);
    failing[0]!();
    await forecasting;
    expect(runner.status().health).toBe('ok');
    await runAt(2, 'anomaly');
    expect(failing).toHaveLength(1);
  });

  test('that had no series yet is made up for, ever more rarely', async () => {
    const world = harness(new Map(), { forecastSchedule: '@daily' });
    const { runner, source, evaluations } = world;
    const reads: number[] = [];
    for (let minute = 0; minute <= 35; minute++) {
      if (minute === 20) source.series.set('a', noisy);
      await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
      if (runner.status().lastForecastMs === NOON_SLOT_MS + minute * MINUTE_MS) reads.push(minute);
    }
    expect(reads).toEqual([0, 1, 3, 7, 15, 30]);
    expect(runner.status()).toMatchObject({ health: 'ok', series: 1, warmingUp: 0 });
    expect(evaluations.at(-1)!.lookAhead.length).toBeGreaterThan(0);
  });
});
