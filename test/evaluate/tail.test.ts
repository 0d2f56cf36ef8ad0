import { describe, expect, test } from 'vitest';
import { decodeSnapshot, encodeSnapshot, stateSignature } from '../../src/evaluate/snapshot.ts';
import { createState } from '../../src/evaluate/state-shape.ts';
import { tail } from '../../src/score/tail/tail.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

const anomaly = { ...pipelineOf().anomaly, technique: 'tail' };
const ALONE = { mode: 'anomaly_only', anomaly } as const;
const WITH_FORECAST = { mode: 'forecast_and_anomaly', anomaly } as const;

/** Noise with a step up by 60 from an instant on. */
const steppedAt = (fromMs: number) => (t: number) => noisy(t) + (t >= fromMs ? 60 : 0);

describe('tail without a forecast', () => {
  test('runs no engine, reads its warm-up once, then increments, and keeps no context', async () => {
    const { runner, source, engine, evaluations } = harness(new Map([['a', noisy]]), ALONE);
    await runner.run('anomaly', NOON_SLOT_MS);
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    expect(engine.requests).toHaveLength(0);
    expect(source.reads.map(({ startMs, endMs }) => endMs - startMs)).toEqual([
      tail.warmUpMs + 3_600_000,
      2 * MINUTE_MS,
    ]);
    expect(runner.state.contexts.capacitySteps).toBe(8);
    expect(evaluations[0]!.steps).toHaveLength(60);
    expect(evaluations[0]!.lookAhead).toEqual([]);
    expect(evaluations[1]!.steps).toHaveLength(1);
    expect(runner.status().warmingUp).toBe(0);
  });

  test('flags the first sample of a step, says which view spoke, and calms down at the new level', async () => {
    const { runner, evaluations } = harness(new Map([['a', steppedAt(NOON_MS)]]), ALONE);
    await runner.run('anomaly', NOON_SLOT_MS);
    const [before, first] = evaluations[0]!.steps.slice(-2);
    expect(published(evaluations[0]!, 'a', before).anomaly).toBe(0);
    const flagged = published(evaluations[0]!, 'a', first);
    expect(flagged).toMatchObject({ anomaly: 1, value: noisy(NOON_MS) + 60 });
    expect(flagged.upper).toBeLessThan(noisy(NOON_MS) + 60);
    expect(evaluations[0]!.views[first!.view[0]!]).toBe('spike');
    for (let minute = 1; minute <= 90; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
    const later = published(evaluations.at(-1)!, 'a');
    expect(later.anomaly).toBe(0);
    expect(later.lower).toBeGreaterThan(90);
  });

  test('what is learnt in pieces is what is learnt in one', async () => {
    const whole = harness(new Map([['a', noisy]]), ALONE);
    const pieces = harness(new Map([['a', noisy]]), ALONE);
    pieces.source.stepsPerPiece = 700;
    for (const { runner } of [whole, pieces]) await runner.run('anomaly', NOON_SLOT_MS);
    expect(published(pieces.evaluations[0]!, 'a')).toEqual(published(whole.evaluations[0]!, 'a'));
  });

  test('an outage of some minutes is caught up with; nothing is scored twice', async () => {
    const { runner, evaluations } = harness(new Map([['a', noisy]]), ALONE);
    await runner.run('anomaly', NOON_SLOT_MS);
    await runner.run('anomaly', NOON_SLOT_MS + 30 * MINUTE_MS);
    const times = evaluations.flatMap(({ steps }) => steps.map(({ timestampMs }) => timestampMs));
    expect(times).toEqual(Array.from({ length: 90 }, (_, i) => NOON_MS + (i - 59) * MINUTE_MS));
    expect(evaluations[1]!.steps.every(({ score }) => Number.isFinite(score[0]!))).toBe(true);
  });

  test('a restarted pipeline goes on as if it had never stopped', async () => {
    const through = harness(new Map([['a', noisy]]), ALONE);
    const before = harness(new Map([['a', noisy]]), ALONE);
    for (const { runner } of [through, before]) await runner.run('anomaly', NOON_SLOT_MS);
    const { pipeline } = before;
    const bytes = Uint8Array.from([...encodeSnapshot(before.runner.state, pipeline)!].flatMap((chunk) => [...chunk]));
    const state = decodeSnapshot(bytes, { pipeline, create: () => createState(pipeline) });
    const after = harness(new Map([['a', noisy]]), ALONE, state);
    const slot = NOON_SLOT_MS + 3 * MINUTE_MS;
    for (const { runner } of [through, after]) await runner.run('anomaly', slot);
    expect(after.evaluations[0]!.steps).toHaveLength(3);
    expect(published(after.evaluations[0]!, 'a')).toEqual(published(through.evaluations.at(-1)!, 'a'));
  });
});

test('what it learnt of times of day is of no use in another time zone', () => {
  const ets = { ...ALONE, model: { type: 'local', id: 'ets', parameters: {} } } as const;
  const elsewhere = pipelineOf({ ...ets, timezone: 'Europe/Berlin' });
  expect(stateSignature(elsewhere)).not.toBe(stateSignature(pipelineOf(ets)));
});

describe('tail beside a forecast', () => {
  test('the state of a pipeline without forecasts is not that of one with them', () => {
    const calendar = { model: { type: 'local', id: 'calendar', parameters: {} } } as const;
    const [alone, beside] = [ALONE, WITH_FORECAST].map((changes) => pipelineOf({ ...changes, ...calendar }));
    expect(stateSignature(alone!)).not.toBe(stateSignature(beside!));
  });

  test('the distance from what was forecast is one more view', async () => {
    const { runner, evaluations } = harness(new Map([['a', noisy]]), WITH_FORECAST);
    await runner.run('anomaly', NOON_SLOT_MS);
    const { views, steps } = evaluations[0]!;
    expect(new Set(steps.map(({ view }) => views[view[0]!]))).toContain('forecast');
  });

  test('learns from the context before the first sample that is published', async () => {
    const { runner, evaluations } = harness(new Map([['a', noisy]]), WITH_FORECAST);
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(evaluations[0]!.steps).toHaveLength(60);
    expect(evaluations[0]!.steps.every(({ score }) => Number.isFinite(score[0]!))).toBe(true);
    expect(evaluations[1]!.lookAhead.map(({ horizon }) => horizon)).toEqual(['0s', '30m']);
  });

  test('the forecast is calibrated and protected as if it were scored against itself', async () => {
    const [byTail, byForecast] = [WITH_FORECAST, {}].map((changes) =>
      harness(new Map([['a', steppedAt(NOON_MS - 5 * MINUTE_MS)]]), changes),
    );
    for (const { runner } of [byTail!, byForecast!]) await runner.run('anomaly', NOON_SLOT_MS);
    const slot = byTail!.runner.state.members.slots[0]!;
    expect(byTail!.runner.state.calibration).toEqual(byForecast!.runner.state.calibration);
    for (let minute = -10; minute <= 0; minute++) {
      const at = NOON_MS + minute * MINUTE_MS;
      expect(byTail!.runner.state.contexts.at(slot, at)).toBe(byForecast!.runner.state.contexts.at(slot, at));
    }
    expect(byTail!.runner.state.contexts.at(slot, NOON_MS)).toBeLessThan(noisy(NOON_MS) + 60);
  });
});
