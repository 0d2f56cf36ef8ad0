import { expect, test } from 'vitest';
import { OpenAnomalyError } from '../../src/errors.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/evaluate/snapshot.ts';
import { createState } from '../../src/evaluate/state-shape.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

const SERIES = () =>
  new Map([
    ['a', noisy],
    ['b', (t: number) => noisy(t + 7 * MINUTE_MS) * 3],
  ]);

function bytesOf(chunks: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from([...chunks].flatMap((chunk) => [...chunk]));
}

function restore(bytes: Uint8Array, pipeline: Pipeline) {
  return decodeSnapshot(bytes, { pipeline, create: () => createState(pipeline) });
}

test('a restarted pipeline goes on as if it had never stopped', async () => {
  const through = harness(SERIES());
  const before = harness(SERIES());
  for (const { runner } of [through, before]) {
    for (let minute = 0; minute < 3; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
  }
  const bytes = bytesOf(encodeSnapshot(before.runner.state, before.pipeline)!);
  const after = harness(SERIES(), {}, restore(bytes, before.pipeline));
  const slot = NOON_SLOT_MS + 6 * MINUTE_MS;
  await through.runner.run('anomaly', slot);
  await after.runner.run('anomaly', slot);
  expect(after.source.reads).toHaveLength(1);
  expect(after.engine.requests).toHaveLength(0);
  expect(after.evaluations[0]!.steps).toHaveLength(4);
  for (const instance of ['a', 'b']) {
    expect(published(after.evaluations[0]!, instance)).toEqual(published(through.evaluations.at(-1)!, instance));
  }
});

test('what was published last is published again, for those who show it', async () => {
  const { runner, pipeline, evaluations } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const bytes = bytesOf(encodeSnapshot(runner.state, pipeline)!);
  const after = harness(SERIES(), {}, restore(bytes, pipeline));
  await after.runner.publishAgain(NOON_SLOT_MS + 10_000);
  const [again] = after.evaluations;
  expect(again).toMatchObject({ isRepeated: true, series: evaluations[0]!.series, ended: [] });
  expect(again!.steps).toEqual([evaluations[0]!.steps.at(-1)]);
  expect(again!.lookAhead[1]).toEqual(evaluations[1]!.lookAhead[1]);
  expect(after.runner.flags()).toEqual(runner.flags());
  await after.runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
  expect(after.evaluations[1]!.steps).toHaveLength(1);
  expect(after.evaluations[1]).not.toHaveProperty('isRepeated');
});

test.each([
  ['five minutes after it was to be renewed, not any more', 6 * MINUTE_MS + 1, 0],
  ['up to then', 6 * MINUTE_MS, 1],
])('what was published last is published again %s', async (_, agoMs, times) => {
  const { runner, pipeline } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const after = harness(SERIES(), {}, restore(bytesOf(encodeSnapshot(runner.state, pipeline)!), pipeline));
  await after.runner.publishAgain(NOON_MS + pipeline.queryOffsetMs + agoMs);
  expect(after.evaluations).toHaveLength(times);
});

test('what rules of now do not publish is not published again either', async () => {
  const alarming = { anomaly: { ...pipelineOf().anomaly, publishesAlarm: true } };
  const { runner, pipeline, evaluations } = harness(SERIES(), alarming);
  await runner.run('anomaly', NOON_SLOT_MS);
  expect(evaluations[0]!.steps.at(-1)).toHaveProperty('alarm');
  const bytes = bytesOf(encodeSnapshot(runner.state, pipeline)!);
  const again = async (changes: Partial<Pipeline>) => {
    const after = harness(SERIES(), changes, restore(bytes, pipeline));
    await after.runner.publishAgain(NOON_SLOT_MS);
    return after.evaluations.flatMap(({ steps }) => steps);
  };
  expect(await again(alarming)).toEqual([evaluations[0]!.steps.at(-1)]);
  const [withoutAlarm] = await again({});
  expect(withoutAlarm).not.toHaveProperty('alarm');
  expect(await again({ mode: 'forecast_only' })).toEqual([]);
});

test('what is published again ends like the rest when the data source stays away', async () => {
  const { runner, pipeline } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const after = harness(SERIES(), {}, restore(bytesOf(encodeSnapshot(runner.state, pipeline)!), pipeline));
  await after.runner.publishAgain(NOON_SLOT_MS);
  after.source.failure = new OpenAnomalyError('datasource_unavailable', 'refused');
  await after.runner.run('anomaly', NOON_SLOT_MS + 4 * MINUTE_MS);
  expect(after.removals).toEqual([]);
  await after.runner.run('anomaly', NOON_SLOT_MS + 6 * MINUTE_MS);
  expect(after.removals).toEqual([{ pipeline: 'p', ended: 0 }]);
});

test('bytes that lie inside a larger buffer are read as well as others', async () => {
  const { runner, pipeline } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const bytes = bytesOf(encodeSnapshot(runner.state, pipeline)!);
  const inside = Buffer.concat([Buffer.from('abc'), bytes, Buffer.from('d')]).subarray(3, 3 + bytes.length);
  const state = restore(inside, pipeline)!;
  expect(bytesOf(encodeSnapshot(state, pipeline)!)).toEqual(bytes);
});

test('what an engine wants back comes back, its memory too', async () => {
  const { runner, pipeline } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const { state } = runner;
  const [first, second] = state.members.slots;
  const hint = {
    engine: 'calendar',
    periods: [5],
    checkedMs: 7,
    weights: [0.25, 0.75],
    memory: Uint8Array.of(1, 2, 3),
  };
  state.importSlot(first!, { ...state.exportSlot(first!), hint });
  const restored = restore(bytesOf(encodeSnapshot(state, pipeline)!), pipeline)!;
  const [firstAgain, secondAgain] = restored.members.slots;
  expect(restored.hint(firstAgain!)).toEqual(hint);
  expect(restored.hint(secondAgain!)).toEqual(state.hint(second!));
});

test('a snapshot of another shape of the pipeline is not used', async () => {
  const { runner, pipeline } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const bytes = bytesOf(encodeSnapshot(runner.state, pipeline)!);
  expect(restore(bytes, pipelineOf({ query: 'other' }))).toBeUndefined();
  expect(restore(bytes, pipelineOf({ anomaly: { ...pipeline.anomaly, threshold: 2 } }))).toBeDefined();
});

test.each([
  ['cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 5)],
  ['no text', () => Uint8Array.of(4, 0, 0, 0, 255, 254, 253, 252)],
  ['empty', () => new Uint8Array()],
])('bytes that are %s throw snapshot_broken', async (_, harm) => {
  const { runner, pipeline } = harness(SERIES());
  await runner.run('anomaly', NOON_SLOT_MS);
  const bytes = harm(bytesOf(encodeSnapshot(runner.state, pipeline)!));
  expect(() => restore(bytes, pipeline)).toThrow(
    expect.objectContaining({ code: 'snapshot_broken' } satisfies Partial<OpenAnomalyError>),
  );
});

test('a snapshot is taken between tasks, never while one changes the state', async () => {
  const series = SERIES();
  const { runner, source, pipeline } = harness(series);
  await runner.run('anomaly', NOON_SLOT_MS);
  let during: Promise<void> | undefined;
  let taken: Uint8Array | undefined;
  await runner.save(async (chunks) => {
    const iterator = chunks[Symbol.iterator]();
    const parts = [iterator.next().value as Uint8Array];
    source.series.delete('b');
    during = runner.run('anomaly', NOON_SLOT_MS + 5 * MINUTE_MS);
    await Promise.resolve();
    for (let next = iterator.next(); !next.done; next = iterator.next()) parts.push(next.value);
    taken = bytesOf(parts);
  });
  await during;
  expect(runner.status().series).toBe(1);
  expect(restore(taken!, pipeline)!.members.slots).toHaveLength(2);
});

test('before the first evaluation there is nothing to keep', () => {
  const { runner, pipeline } = harness(SERIES());
  expect(encodeSnapshot(runner.state, pipeline)).toBeUndefined();
});
