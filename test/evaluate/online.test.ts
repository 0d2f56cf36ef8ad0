import { describe, expect, test } from 'vitest';
import { decodeSnapshot, encodeSnapshot, stateSignature } from '../../src/evaluate/snapshot.ts';
import { createState } from '../../src/evaluate/state-shape.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

const DAY_MS = 86_400_000;
const CALENDAR: Partial<Pipeline> = {
  model: { type: 'local', id: 'calendar', parameters: {} },
  contextWindowMs: 3 * DAY_MS,
};

/** Around 100, with a wave of a day. */
function daily(timeMs: number): number {
  return noisy(timeMs) + 50 * Math.sin((2 * Math.PI * timeMs) / DAY_MS);
}

function bytesOf(chunks: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from([...chunks].flatMap((chunk) => [...chunk]));
}

describe.each(['confidence_interval', 'tail'])('a pipeline of the calendar, scored by %s', (technique) => {
  const changes = { ...CALENDAR, anomaly: { ...pipelineOf().anomaly, technique } };

  test('reads its past once, then increments only, keeps no context, and asks no engine', async () => {
    const { runner, source, engine, evaluations, pipeline } = harness(new Map([['a', daily]]), changes);
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(source.reads).toMatchObject([{ startMs: NOON_MS - pipeline.contextWindowMs, endMs: NOON_MS }]);
    expect(evaluations[0]!.steps).toHaveLength(60);
    for (let minute = 1; minute < 20; minute++) {
      const task = minute % 15 === 0 ? 'forecast' : 'anomaly';
      await runner.run(task, NOON_SLOT_MS + minute * MINUTE_MS);
      const endMs = NOON_MS + minute * MINUTE_MS;
      expect(source.reads.at(-1)).toMatchObject({ startMs: endMs - 2 * MINUTE_MS, endMs });
    }
    expect(source.reads).toHaveLength(20);
    expect(engine.requests).toEqual([]);
    expect(runner.state.contexts.bytes).toBeLessThan(100);
    expect(runner.state.online!.samples(0)).toBe(3 * 1440 + 1 + 19);
    expect(runner.status()).toMatchObject({ health: 'ok', warmingUp: 0, engines: { calendar: 1 } });
  });
});

test('paths follow the rhythm of the day', async () => {
  const { runner, evaluations } = harness(new Map([['a', daily]]), CALENDAR);
  await runner.run('anomaly', NOON_SLOT_MS);
  const [, ahead] = evaluations[1]!.lookAhead;
  expect(Math.abs(ahead!.expected[0]! - (105 + 50 * Math.sin(Math.PI + Math.PI / 24)))).toBeLessThan(4);
  expect(ahead!.upper[0]! - ahead!.lower[0]!).toBeLessThan(25);
});

test('a pipeline that only forecasts learns what it reads', async () => {
  const { runner } = harness(new Map([['a', daily]]), { ...CALENDAR, mode: 'forecast_only' });
  await runner.run('forecast', NOON_SLOT_MS);
  await runner.run('forecast', NOON_SLOT_MS + 15 * MINUTE_MS);
  expect(runner.state.online!.samples(0)).toBe(3 * 1440 + 16);
});

test('a pipeline that forecasts once a day learns the whole day', async () => {
  const changes: Partial<Pipeline> = { ...CALENDAR, mode: 'forecast_only', forecastSchedule: '0 12 * * *' };
  const { runner } = harness(new Map([['a', daily]]), changes);
  await runner.run('forecast', NOON_SLOT_MS);
  await runner.run('forecast', NOON_SLOT_MS + DAY_MS);
  expect(runner.state.online!.samples(0)).toBe(4 * 1440 + 1);
});

test('a pipeline that makes no forecast keeps nothing of the calendar', async () => {
  const anomaly = { ...pipelineOf().anomaly, technique: 'tail' };
  const { runner } = harness(new Map([['a', daily]]), { ...CALENDAR, mode: 'anomaly_only', anomaly });
  await runner.run('anomaly', NOON_SLOT_MS);
  expect(runner.state.online).toBeUndefined();
});

test('the samples of an outage are learnt, and its last hour scored', async () => {
  const { runner, evaluations, source } = harness(new Map([['a', daily]]), CALENDAR);
  await runner.run('anomaly', NOON_SLOT_MS);
  await runner.run('anomaly', NOON_SLOT_MS + 5 * 60 * MINUTE_MS);
  expect(source.reads).toHaveLength(2);
  expect(evaluations.at(-1)!.steps).toHaveLength(60);
  expect(runner.state.online!.samples(0)).toBe(3 * 1440 + 301);
});

test('a series that turns up is learnt from its own past', async () => {
  const series = new Map([['a', daily]]);
  const { runner, source } = harness(series, CALENDAR);
  await runner.run('anomaly', NOON_SLOT_MS);
  series.set('b', (timeMs) => 3 * daily(timeMs));
  await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
  expect(source.reads.at(-1)!.only).toHaveLength(1);
  expect(runner.state.online!.samples(1)).toBe(3 * 1440 + 1);
  expect(runner.state.online!.samples(0)).toBe(3 * 1440 + 2);
});

test('an incident is flagged and does not move what is expected; a new level is accepted', async () => {
  const level = (timeMs: number) => noisy(timeMs) + (timeMs > NOON_MS ? 200 : 0);
  const { runner, evaluations } = harness(new Map([['a', level]]), {
    ...CALENDAR,
    anomaly: { ...pipelineOf().anomaly, adaptAfterMs: 60 * MINUTE_MS },
  });
  await runner.run('anomaly', NOON_SLOT_MS);
  let next = 1;
  const at = async (minute: number) => {
    for (; next <= minute; next++) {
      await runner.run(next % 15 === 0 ? 'forecast' : 'anomaly', NOON_SLOT_MS + next * MINUTE_MS);
    }
    return published(evaluations.findLast(({ steps }) => steps.length > 0)!, 'a');
  };
  expect(await at(10)).toMatchObject({ anomaly: 1 });
  expect((await at(20)).upper).toBeLessThan(250);
  expect(await at(180)).toMatchObject({ anomaly: 0 });
});

test('changed holidays leave what was learnt', async () => {
  const { runner, pipeline } = harness(new Map([['a', daily]]), CALENDAR);
  await runner.run('anomaly', NOON_SLOT_MS);
  const day = Math.floor(NOON_MS / DAY_MS);
  const changed = { ...pipeline, holidays: { days: [{ fromDay: day, toDay: day }], like: 'sunday' } } as const;
  expect(stateSignature(changed)).toBe(stateSignature(pipeline));
  runner.adopt(changed, 'rules.yaml', NOON_SLOT_MS);
  await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
  expect(runner.state.online!.samples(0)).toBe(3 * 1440 + 2);
});

describe('snapshots', () => {
  const series = () => new Map([['a', daily]]);

  test('carry what was learnt: a restarted pipeline goes on as if it had never stopped', async () => {
    const through = harness(series(), CALENDAR);
    const before = harness(series(), CALENDAR);
    for (const { runner } of [through, before]) await runner.run('anomaly', NOON_SLOT_MS);
    const bytes = bytesOf(encodeSnapshot(before.runner.state, before.pipeline)!);
    const restored = decodeSnapshot(bytes, {
      pipeline: before.pipeline,
      create: () => createState(before.pipeline),
    })!;
    expect(bytesOf(encodeSnapshot(restored, before.pipeline)!)).toEqual(bytes);
    const after = harness(series(), CALENDAR, restored);
    for (const { runner } of [through, after]) await runner.run('forecast', NOON_SLOT_MS + 4 * MINUTE_MS);
    expect(after.source.reads).toHaveLength(1);
    const [scored, ahead] = through.evaluations.slice(-2);
    expect(published(after.evaluations[0]!, 'a')).toEqual(published(scored!, 'a'));
    expect(after.evaluations[1]!.lookAhead).toEqual(ahead!.lookAhead);
  });

  test('are of no use in another time zone, nor for other seasons', () => {
    const signature = stateSignature(pipelineOf(CALENDAR));
    expect(stateSignature(pipelineOf({ ...CALENDAR, timezone: 'Europe/Berlin' }))).not.toBe(signature);
    const model = { type: 'local', id: 'calendar', parameters: { seasonality: [] } } as const;
    expect(stateSignature(pipelineOf({ ...CALENDAR, model }))).not.toBe(signature);
    expect(stateSignature(pipelineOf({ timezone: 'Europe/Berlin' }))).not.toBe(stateSignature(pipelineOf()));
    const ets = { model: { type: 'local', id: 'ets', parameters: {} } } as const;
    expect(stateSignature(pipelineOf({ ...ets, timezone: 'Europe/Berlin' }))).toBe(stateSignature(pipelineOf(ets)));
  });
});
