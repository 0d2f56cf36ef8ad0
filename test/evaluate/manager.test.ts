import { beforeEach, describe, expect, test } from 'vitest';
import { OpenAnomalyError } from '../../src/errors.ts';
import { Manager } from '../../src/evaluate/manager.ts';
import type { Publisher } from '../../src/ports/publisher.ts';
import type { Scheduler, Slot, TaskRun } from '../../src/ports/scheduler.ts';
import type { StateStore } from '../../src/ports/state-store.ts';
import type { GroupSet, Pipeline } from '../../src/rules/pipeline.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { FunctionSource } from '../support/function-source.ts';
import { nullLogger } from '../support/logger.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { plainEngine } from '../support/plain-engine.ts';
import { MINUTE_MS, NOON_SLOT_MS, noisy } from './harness.ts';

/** The world a manager lives in: a scheduler that runs a slot when the test says so, and lists of what happened. */
class World implements Scheduler, StateStore, Publisher {
  readonly snapshots = new Map<string, Uint8Array>();
  readonly removed: { pipeline: string; ended: number }[] = [];
  readonly metricEvents: string[] = [];
  readonly published: string[] = [];
  plan: readonly Slot[] = [];
  nowMs = NOON_SLOT_MS;
  loadFailure: OpenAnomalyError | undefined;
  execute: (run: TaskRun) => Promise<void> = async () => {};
  missed: (run: TaskRun) => void = () => {};
  readonly telemetry = createTelemetry();
  readonly source = new FunctionSource(new Map([['a', noisy]]));

  async replace(plan: readonly Slot[]): Promise<void> {
    this.plan = plan;
  }
  run(execute: (run: TaskRun) => Promise<void>, missed: (run: TaskRun) => void): void {
    this.execute = execute;
    this.missed = missed;
  }
  async load(key: string): Promise<Uint8Array | undefined> {
    if (this.loadFailure) throw this.loadFailure;
    return this.snapshots.get(key);
  }
  async save(key: string, chunks: Iterable<Uint8Array>): Promise<void> {
    this.snapshots.set(key, Uint8Array.from([...chunks].flatMap((chunk) => [...chunk])));
  }
  publish({ pipeline }: { pipeline: string }): void {
    this.published.push(pipeline);
  }
  remove(pipeline: string, ended: readonly unknown[]): void;
  remove(key: string): Promise<void>;
  remove(name: string, ended?: readonly unknown[]): void | Promise<void> {
    if (ended === undefined) {
      this.snapshots.delete(name);
      return Promise.resolve();
    }
    this.removed.push({ pipeline: name, ended: ended.length });
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

function managerOf(world: World): Manager {
  const event = (what: string) => (name: string) => {
    world.metricEvents.push(`${what} ${name}`);
  };
  const clock = { nowMs: () => world.nowMs };
  const engine = plainEngine();
  return new Manager({
    portsFor: () => ({
      source: world.source,
      engine,
      telemetry: world.telemetry,
      logger: nullLogger,
      clock,
      breathe: async () => {},
    }),
    publisher: world,
    scheduler: world,
    store: world,
    telemetry: world.telemetry,
    clock,
    logger: nullLogger,
    metricsOf: {
      startGroup: event('start group'),
      removeGroup: event('remove group'),
      startPipeline: ({ name }) => event('start')(name),
      removePipeline: event('remove'),
    },
  });
}

function setOf(...pipelines: Pipeline[]): GroupSet {
  return {
    groups: pipelines.length === 0 ? [] : [{ name: 'g', file: 'rules.yaml', intervalMs: MINUTE_MS, pipelines }],
  };
}

let world: World;
let manager: Manager;
beforeEach(() => {
  world = new World();
  manager = managerOf(world);
});

describe('apply', () => {
  test('starts pipelines at once and plans their slots', async () => {
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    expect(world.published).toEqual(['p', 'p']);
    expect(world.plan.map(({ task, when }) => [task, when.kind])).toEqual([
      ['anomaly', 'interval'],
      ['forecast', 'cron'],
    ]);
    expect(world.metricEvents).toEqual(['start group g', 'start p']);
  });

  test('keeps the state of a pipeline whose shape is unchanged', async () => {
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    const reads = world.source.reads.length;
    await manager.apply(setOf(pipelineOf({ anomaly: { ...pipelineOf().anomaly, threshold: 2 } })));
    world.nowMs += MINUTE_MS;
    await world.execute({ pipeline: 'p', task: 'anomaly', timestampMs: world.nowMs });
    expect(world.source.reads).toHaveLength(reads + 1);
    expect(world.source.reads.at(-1)!.endMs - world.source.reads.at(-1)!.startMs).toBe(2 * MINUTE_MS);
    expect(world.removed).toEqual([]);
  });

  test('a pipeline that publishes less ends once, so that nothing of it freezes, and goes on from its state', async () => {
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    const reads = world.source.reads.length;
    await manager.apply(setOf(pipelineOf({ mode: 'anomaly_only' })));
    await manager.idle();
    expect(world.removed).toEqual([{ pipeline: 'p', ended: 1 }]);
    world.nowMs += MINUTE_MS;
    await world.execute({ pipeline: 'p', task: 'anomaly', timestampMs: world.nowMs });
    expect(world.source.reads).toHaveLength(reads + 1);
    expect(world.published).toEqual(['p', 'p', 'p']);
  });

  test('ends a pipeline that is gone, with its metrics and its snapshot', async () => {
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    await manager.save();
    await manager.apply(setOf());
    expect(world.removed).toEqual([{ pipeline: 'p', ended: 1 }]);
    expect(world.metricEvents.slice(2)).toEqual(['remove p', 'remove group g']);
    expect(world.snapshots.size).toBe(0);
    expect(world.plan).toEqual([]);
    expect(manager.status()).toEqual([]);
  });

  test('starts a pipeline anew when its query changed: the old series end first', async () => {
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    await manager.apply(setOf(pipelineOf({ query: 'n' })));
    await manager.idle();
    expect(world.removed).toEqual([{ pipeline: 'p', ended: 1 }]);
    expect(world.source.reads.at(-1)).toMatchObject({ query: 'n' });
  });

  test('shows a disabled pipeline and does not run it', async () => {
    await manager.apply(setOf(pipelineOf({ enabled: false })));
    await manager.idle();
    expect(world.source.reads).toEqual([]);
    expect(world.plan).toEqual([]);
    expect(manager.status()).toMatchObject([{ name: 'p', enabled: false }]);
  });
});

describe('restart', () => {
  test('continues from the snapshot without a whole read', async () => {
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    await manager.save();
    const reads = world.source.reads.length;
    world.nowMs += 5 * MINUTE_MS;
    const next = managerOf(world);
    await next.apply(setOf(pipelineOf()));
    await next.idle();
    expect(world.source.reads).toHaveLength(reads + 1);
    expect(world.source.reads.at(-1)!.endMs - world.source.reads.at(-1)!.startMs).toBe(6 * MINUTE_MS);
  });

  test('a broken snapshot is counted and the pipeline starts from the data source', async () => {
    world.loadFailure = new OpenAnomalyError('snapshot_broken', 'checksum');
    await manager.apply(setOf(pipelineOf()));
    await manager.idle();
    expect((await world.telemetry.stateSnapshotsBroken.get()).values[0]!.value).toBe(1);
    expect(manager.status()).toMatchObject([{ health: 'ok', series: 1 }]);
  });
});

test('missed slots are counted for the group', async () => {
  await manager.apply(setOf(pipelineOf()));
  world.missed({ pipeline: 'p', task: 'anomaly', timestampMs: NOON_SLOT_MS });
  expect((await world.telemetry.evaluationsMissed.get()).values).toMatchObject([
    { value: 1, labels: { group: 'g', task: 'anomaly' } },
  ]);
  await manager.stop();
});
