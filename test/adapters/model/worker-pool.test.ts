import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { openWorkerPool, type WorkerPool, type WorkerPoolOptions } from '../../../src/adapters/model/worker-pool.ts';
import { createTelemetry } from '../../../src/telemetry/metrics.ts';
import { modelEngineContract, noisyColumns, requestFor } from '../../contract/model-engine.ts';
import { collectingLogger } from '../../support/logger.ts';

/** `npm test` builds first, since threads run compiled code. */
const COMPILED_WORKER = new URL('../../../dist/adapters/model/worker.js', import.meta.url);
const OBEDIENT_WORKER = new URL('./obedient-worker.mjs', import.meta.url);
const never = new AbortController().signal;

const opened: WorkerPool[] = [];
afterEach(async () => {
  for (const pool of opened.splice(0)) await pool[Symbol.asyncDispose]();
});

function openPool(options: Partial<WorkerPoolOptions> = {}) {
  const telemetry = createTelemetry();
  const logger = collectingLogger();
  const pool = openWorkerPool({
    count: 2,
    queueBatches: 4,
    batchSeries: 1,
    workerUrl: OBEDIENT_WORKER,
    telemetry,
    logger,
    ...options,
  });
  opened.push(pool);
  return { pool, telemetry, logger };
}

function gateOf(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}

function openGate(gate: Int32Array): void {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}

/** Resolves once so many batches began in the threads. */
async function began(gate: Int32Array, batches: number): Promise<void> {
  await expect.poll(() => Atomics.load(gate, 0)).toBeGreaterThanOrEqual(batches);
}

interface Metric {
  get(): Promise<{ values: { value: number; labels: object }[] }>;
}

async function readMetric(metric: Metric, labels: object = {}): Promise<number | undefined> {
  const { values } = await metric.get();
  const wanted = Object.entries(labels);
  return values.find((entry) => wanted.every(([name, value]) => Reflect.get(entry.labels, name) === value))?.value;
}

for (const id of ['auto', 'openanomaly-tiny', 'ets', 'climatology', 'seasonal_naive', 'calendar']) {
  describe(`compiled worker threads, ${id}`, () => {
    modelEngineContract(async () => ({
      id,
      engine: openWorkerPool({
        count: 2,
        queueBatches: 2,
        batchSeries: 3,
        workerUrl: COMPILED_WORKER,
        telemetry: createTelemetry(),
        logger: collectingLogger(),
      }),
    }));
  });
}

describe('compiled worker threads without model files', () => {
  const modelsDir = fileURLToPath(new URL('./no-models-here', import.meta.url));
  const open = () => openPool({ workerUrl: COMPILED_WORKER, modelsDir });

  it('say so once when they get warm, however many there are', async () => {
    const { pool, logger } = open();
    await pool.warm();
    const said = logger.lines.filter(({ level }) => level === 'warn');
    expect(said).toHaveLength(1);
    expect(JSON.stringify(said)).toContain('no-models-here');
  });

  it('say so with the first forecast when nobody warmed them', async () => {
    const { pool, logger } = open();
    const block = await pool.forecast(requestFor('auto', noisyColumns(3)), never);
    expect(block.hints).toHaveLength(3);
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
  });

  it('carry on with the statistical engines, and refuse the model by its code', async () => {
    const { pool, logger } = open();
    await pool.warm({ withModel: false });
    expect(logger.lines).toEqual([]);
    expect((await pool.forecast(requestFor('ets', noisyColumns(1)), never)).hints).toHaveLength(1);
    const refused = pool.forecast(requestFor('openanomaly-tiny', noisyColumns(1)), never);
    await expect(refused).rejects.toMatchObject({ code: 'engine_unavailable', retryable: false });
  });
});

describe('worker pool', () => {
  it('starts no thread before it is asked, and all of them to get warm', async () => {
    const { pool, telemetry } = openPool({ count: 3 });
    expect(await readMetric(telemetry.modelWorkers)).toBe(0);
    await pool.warm();
    expect(await readMetric(telemetry.modelWorkers)).toBe(3);
  });

  it('puts batches together in the order of the series, however they finish', async () => {
    const { pool, telemetry } = openPool({ batchSeries: 3 });
    const columns = Array.from({ length: 20 }, (_, s) => new Float64Array(300).fill(s));
    const block = await pool.forecast(requestFor('any', columns, 2), never);
    for (let s = 0; s < 20; s++) expect(block.quantiles[s * 2 * 13]).toBe(Math.floor(s / 3) * 3);
    expect(block.hints).toHaveLength(20);
    expect(await readMetric(telemetry.modelBatches, { outcome: 'success' })).toBe(7);
  });

  it('lets callers wait when the queue is full, then serves them all', async () => {
    const gate = gateOf();
    const { pool, telemetry } = openPool({ count: 1, queueBatches: 2 });
    const request = { ...requestFor('any', noisyColumns(5)), parameters: { gate, orders: 'wait' } };
    const first = pool.forecast(request, never);
    const second = pool.forecast(request, never);
    await began(gate, 1);
    expect(await readMetric(telemetry.modelQueueBatches)).toBeLessThanOrEqual(2);
    openGate(gate);
    expect((await first).hints).toHaveLength(5);
    expect((await second).hints).toHaveLength(5);
    expect(await readMetric(telemetry.modelQueueBatches)).toBe(0);
  });

  it('lets go of an aborted request at once, though its batch still runs', async () => {
    const gate = gateOf();
    const { pool } = openPool({ count: 1 });
    const controller = new AbortController();
    const request = { ...requestFor('any', noisyColumns(4)), parameters: { gate, orders: 'wait' } };
    const running = pool.forecast(request, controller.signal);
    await began(gate, 1);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    const next = pool.forecast(requestFor('any', noisyColumns(1)), never);
    openGate(gate);
    expect((await next).hints).toHaveLength(1);
    expect(Atomics.load(gate, 0)).toBe(1);
  });

  it('lets go of a caller that waits for room', async () => {
    const gate = gateOf();
    const { pool } = openPool({ count: 1, queueBatches: 1 });
    const parameters = { gate, orders: 'wait' };
    const running = pool.forecast({ ...requestFor('any', noisyColumns(2)), parameters }, never);
    await began(gate, 1);
    const controller = new AbortController();
    const waiting = pool.forecast({ ...requestFor('any', noisyColumns(1)), parameters }, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    openGate(gate);
    await running;
    expect(Atomics.load(gate, 0)).toBe(2);
  });

  it('replaces a thread that dies and tries its batch once more', async () => {
    const { pool, telemetry, logger } = openPool({ count: 1 });
    const request = { ...requestFor('any', noisyColumns(1)), parameters: { gate: gateOf(), orders: 'die once' } };
    expect((await pool.forecast(request, never)).hints).toHaveLength(1);
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(await readMetric(telemetry.modelWorkers)).toBe(1);
  });

  it('fails a batch that kills two threads, and goes on with the next', async () => {
    const { pool, telemetry } = openPool({ count: 1 });
    const request = requestFor('any', noisyColumns(1));
    const deadly = { ...request, parameters: { gate: gateOf(), orders: 'die' } };
    await expect(pool.forecast(deadly, never)).rejects.toMatchObject({ code: 'engine_failed', retryable: true });
    expect((await pool.forecast(request, never)).hints).toHaveLength(1);
    expect(await readMetric(telemetry.modelBatches, { outcome: 'failed' })).toBe(1);
  });

  it('fails a batch that the engine fails on, without a second try', async () => {
    const { pool } = openPool({ count: 1 });
    const gate = gateOf();
    const request = { ...requestFor('any', noisyColumns(1)), parameters: { gate, orders: 'fail' } };
    await expect(pool.forecast(request, never)).rejects.toThrow('engine "any" failed on 1 series: as ordered');
    expect(Atomics.load(gate, 0)).toBe(1);
  });

  it('stops threads that have nothing to do, all but one', async () => {
    const { pool, telemetry } = openPool({ count: 3, restMs: 1 });
    await pool.warm();
    await expect.poll(() => readMetric(telemetry.modelWorkers)).toBe(1);
    expect((await pool.forecast(requestFor('any', noisyColumns(4)), never)).hints).toHaveLength(4);
  });

  it('rejects what runs and what waits when it is closed', async () => {
    const gate = gateOf();
    const { pool } = openPool({ count: 1, queueBatches: 1 });
    const parameters = { gate, orders: 'wait' };
    const requests = [1, 2, 3].map(() =>
      pool.forecast({ ...requestFor('any', noisyColumns(1)), parameters }, never).catch((error) => error.code),
    );
    await began(gate, 1);
    await pool[Symbol.asyncDispose]();
    expect(await Promise.all(requests)).toEqual(['shutting_down', 'shutting_down', 'shutting_down']);
  });

  it('says so when threads cannot start', async () => {
    const { pool } = openPool({ workerUrl: new URL('./nothing-here.mjs', import.meta.url) });
    await expect(pool.warm()).rejects.toMatchObject({ code: 'engine_failed' });
  });

  it('puts up with hundreds of batches of one request, without warnings', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { pool } = openPool({ queueBatches: 200 });
    const block = await pool.forecast(requestFor('any', noisyColumns(150)), new AbortController().signal);
    process.off('warning', note);
    expect(block.hints).toHaveLength(150);
    expect(warnings).toEqual([]);
  });
});
