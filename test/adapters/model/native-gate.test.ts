import { execFile } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { NativeGate } from '../../../src/adapters/model/native-gate.ts';

const COMPILED = new URL('../../../dist/', import.meta.url);

/** Work that ends when told to. */
function work(): { run(): Promise<string>; end(): void; begun: boolean } {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const piece = {
    begun: false,
    end,
    async run() {
      piece.begun = true;
      await ended;
      return 'done';
    },
  };
  return piece;
}

function watch(promise: Promise<unknown>): { settled: boolean } {
  const watched = { settled: false };
  void promise.then(() => {
    watched.settled = true;
  });
  return watched;
}

describe('a native gate', () => {
  it('closes at once where nothing is under way, and stays closed', async () => {
    const gate = new NativeGate();
    expect(await gate.pass(async () => 7)).toBe(7);
    await gate.close();
    await gate.close();
    const late = work();
    const passing = watch(gate.pass(late.run));
    late.end();
    await nextTurn();
    expect({ begun: late.begun, ...passing }).toEqual({ begun: false, settled: false });
  });

  it('closes after the last of what is under way, seen from the other side of its memory', async () => {
    const gate = new NativeGate();
    const [first, second] = [work(), work()];
    const answers = [gate.pass(first.run), gate.pass(second.run)];
    const closing = new NativeGate(gate.memory).close();
    const watched = watch(closing);
    first.end();
    expect(await answers[0]).toBe('done');
    await nextTurn();
    expect(watched.settled).toBe(false);
    second.end();
    await closing;
    expect(await answers[1]).toBe('done');
  });

  it('lets nothing in while it waits for what is under way', async () => {
    const gate = new NativeGate();
    const [first, late] = [work(), work()];
    const answer = gate.pass(first.run);
    const closing = new NativeGate(gate.memory).close();
    const passing = watch(gate.pass(late.run));
    late.end();
    first.end();
    expect(await answer).toBe('done');
    await closing;
    await nextTurn();
    expect({ begun: late.begun, ...passing }).toEqual({ begun: false, settled: false });
  });

  it('is left by work that fails', async () => {
    const gate = new NativeGate();
    await expect(gate.pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await gate.close();
  });
});

/** The runtime aborts the process when its thread is ended inside of it; a child of its own tells. */
const ENDED_AT_ANY_TIME = `
  const { openWorkerPool } = await import(dist + 'adapters/model/worker-pool.js');
  const { createTelemetry } = await import(dist + 'telemetry/metrics.js');
  const { setTimeout: sleep } = await import('node:timers/promises');
  const series = 64, steps = 512, ids = Array.from({ length: series }, (_, s) => ({ labels: { s: String(s) } }));
  const codes = new Set();
  for (let round = 0; round < 12; round++) {
    const pool = openWorkerPool({
      count: 1, queueBatches: 1, batchSeries: series, telemetry: createTelemetry(), logger: { log() {} },
      workerUrl: new URL(dist + 'adapters/model/worker.js'),
    });
    if (round % 2 === 0) await pool.warm();
    const values = Float64Array.from({ length: series * steps }, (_, at) => Math.sin(at / 7) + (at % 5));
    const request = {
      context: { grid: { startMs: 0, stepMs: 60_000, steps }, labels: ids, values },
      horizonSteps: 60, engine: 'openanomaly-tiny', parameters: {}, locale: undefined, hints: new Array(series),
    };
    const failed = pool.forecast(request, new AbortController().signal).catch((error) => error.code);
    await sleep(25 * round);
    await pool[Symbol.asyncDispose]();
    codes.add(await failed);
  }
  console.log([...codes].filter((code) => typeof code === 'string').join());`;

it('a pool is ended while its threads load and run the model, and the process lives on', async () => {
  const code = `const dist = ${JSON.stringify(COMPILED.href)};${ENDED_AT_ANY_TIME}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  expect(stdout.trim()).toBe('shutting_down');
});
