import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const COMPILED = new URL('../../../../dist/', import.meta.url);

/** Opens the model as the process does, in a worker thread, and as benches do, on the main thread. */
const WAYS = {
  'in a worker thread': `
    const { openWorkerPool } = await import(dist + 'adapters/model/worker-pool.js');
    const { createTelemetry } = await import(dist + 'telemetry/metrics.js');
    const telling = { log: (level, message, fields) => { throw new Error(message + JSON.stringify(fields)); } };
    const pool = openWorkerPool({
      count: 1, queueBatches: 1, batchSeries: 1, telemetry: createTelemetry(), logger: telling,
      workerUrl: new URL(dist + 'adapters/model/worker.js'),
    });
    await pool.warm();
    await pool[Symbol.asyncDispose]();`,
  'on the main thread': `
    const { ModelShelf } = await import(dist + 'adapters/model/onnx/model-shelf.js');
    await new ModelShelf().open();`,
};

test.each(Object.entries(WAYS))('the runtime leaves no trace in the home folder: %s', async (_, code) => {
  const home = await mkdtemp(join(tmpdir(), 'openanomaly-home-'));
  try {
    // Nothing of this process' environment: the runtime is silent by itself where it sees a build server.
    await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', `const dist = ${JSON.stringify(COMPILED.href)};${code}`],
      { env: { HOME: home } },
    );
    expect(await readdir(home)).toEqual([]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
