import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { OpenAnomalyError } from '../../src/errors.ts';
import { labelValue } from '../../src/series/labels.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy } from './harness.ts';

describe('while an engine works on a forecast', () => {
  /** A pipeline of two series whose next forecasts wait until they are let go, and the requests that wait. */
  async function waiting(b: (timeMs: number) => number) {
    const world = harness(
      new Map([
        ['a', noisy],
        ['b', b],
      ]),
    );
    await world.runner.run('anomaly', NOON_SLOT_MS);
    const { engine } = world;
    const forecast = engine.forecast.bind(engine);
    const held: (() => void)[] = [];
    engine.forecast = async (request, signal) => {
      const answer = forecast(request, signal);
      await new Promise<void>((resolve, reject) => {
        held.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
      return answer;
    };
    return { ...world, held };
  }

  test('samples are scored, and the paths are taken when they come', async () => {
    const { runner, evaluations, held, pipeline } = await waiting(noisy);
    const before = evaluations.length;
    const forecasting = runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    await expect.poll(() => held.length).toBe(1);
    for (const minute of [2, 3]) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    const scored = evaluations.slice(before).flatMap(({ steps }) => steps.map(({ timestampMs }) => timestampMs));
    expect(scored).toEqual([1, 2, 3].map((minute) => NOON_MS + minute * MINUTE_MS));
    const { state } = runner;
    const lastMs = NOON_MS + MINUTE_MS + state.pathSteps * pipeline.stepMs;
    expect(state.members.slots.map((slot) => state.covers(slot, lastMs))).toEqual([false, false]);
    held[0]!();
    await forecasting;
    expect(state.members.slots.map((slot) => state.covers(slot, lastMs))).toEqual([true, true]);
    const last = evaluations.at(-1)!;
    expect({ steps: last.steps, horizons: last.lookAhead.length }).toEqual({ steps: [], horizons: 2 });
    expect(last.lookAhead[0]!.expected.every(Number.isFinite)).toBe(true);
  });

  test('a series that goes takes no path along, and none goes to who takes its place', async () => {
    const { runner, held, source } = await waiting((t) => (t > NOON_MS ? Number.NaN : noisy(t)));
    const slotOf = (instance: string) =>
      runner.state.members.slots.find(
        (slot) => labelValue(runner.state.contexts.labelsOf(slot), 'instance') === instance,
      );
    const forecasting = runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    await expect.poll(() => held.length).toBe(1);
    const left = slotOf('b');
    await runner.run('anomaly', NOON_SLOT_MS + 4 * MINUTE_MS);
    expect(slotOf('b')).toBeUndefined();
    source.series.set('c', (t) => (t > NOON_MS + 4 * MINUTE_MS ? noisy(t) : Number.NaN));
    await runner.run('anomaly', NOON_SLOT_MS + 5 * MINUTE_MS);
    expect(slotOf('c')).toBe(left);
    held[0]!();
    await forecasting;
    expect(runner.state.hasForecast(slotOf('a')!)).toBe(true);
    expect(runner.state.hasForecast(slotOf('c')!)).toBe(false);
  });

  test('another one waits, and stopping ends both', async () => {
    const { runner, held } = await waiting(noisy);
    const runs = [1, 2].map((minute) => runner.run('forecast', NOON_SLOT_MS + minute * MINUTE_MS));
    await expect.poll(() => held.length).toBe(1);
    await runner.run('anomaly', NOON_SLOT_MS + 3 * MINUTE_MS);
    expect(held).toHaveLength(1);
    held[0]!();
    await runs[0];
    await expect.poll(() => held.length).toBe(2);
    await runner.stop();
    await runs[1];
    expect(runner.status().lastForecastMs).toBe(NOON_SLOT_MS + MINUTE_MS);
  });

  test('nothing more is asked for after a failure', async () => {
    const many = new Map(Array.from({ length: 640 }, (_, i) => [`s${i}`, noisy]));
    const { runner, engine } = harness(many);
    await runner.run('anomaly', NOON_SLOT_MS);
    const before = engine.requests.length;
    const forecast = engine.forecast.bind(engine);
    engine.forecast = async (request, signal) => {
      const answer = await forecast(request, signal);
      if (engine.requests.length === before + 1) throw new Error('gone');
      return answer;
    };
    await runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    // What was under way when it failed goes on for a while.
    for (let turn = 0; turn < 200; turn++) await nextTurn();
    expect(runner.status()).toMatchObject({ health: 'error', lastForecastMs: NOON_SLOT_MS });
    expect(engine.requests.length - before).toBeLessThan(10);
  });

  test('what it does well does not hide that scoring fails', async () => {
    const { runner, held, source } = await waiting(noisy);
    const forecasting = runner.run('forecast', NOON_SLOT_MS + MINUTE_MS);
    await expect.poll(() => held.length).toBe(1);
    source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
    await runner.run('anomaly', NOON_SLOT_MS + 2 * MINUTE_MS);
    held[0]!();
    await forecasting;
    expect(runner.status()).toMatchObject({ health: 'error', lastError: 'datasource_unavailable: refused' });
    source.failure = undefined;
    await runner.run('anomaly', NOON_SLOT_MS + 3 * MINUTE_MS);
    expect(runner.status()).toMatchObject({ health: 'ok', lastError: undefined });
  });
});
