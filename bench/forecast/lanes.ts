import { openWorkerPool } from '../../src/adapters/model/worker-pool.ts';
import type { Logger } from '../../src/ports/logger.ts';
import type { ModelEngine } from '../../src/ports/model-engine.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import type { Lane } from './run-term.ts';

/** As the product's defaults: `workers` in its settings. */
const WORKERS = { count: 1, queueBatches: 16, batchSeries: 64 };

/** Engines as the product composes them, one worker thread to a lane, so that a request never waits for another one. */
export function openLanes(count: number, workerUrl: URL): (Lane & { readonly port: ModelEngine })[] {
  return Array.from({ length: count }, () => ({
    port: openWorkerPool({ ...WORKERS, workerUrl, telemetry: createTelemetry(), logger: complaints }),
    asked: new Set<string>(),
  }));
}

/** Runs jobs on lanes, each lane one at a time, in order. Rejects with the first failure. */
export async function onLanes<L, T>(lanes: readonly L[], jobs: readonly ((lane: L) => Promise<T>)[]): Promise<T[]> {
  const results = new Array<T>(jobs.length);
  let next = 0;
  const work = async (lane: L) => {
    while (next < jobs.length) {
      const job = next++;
      results[job] = await jobs[job]!(lane);
    }
  };
  await Promise.all(lanes.map(work));
  return results;
}

const complaints: Logger = {
  log: (level, message, fields) => {
    if (level === 'warn' || level === 'error') process.stderr.write(`${level}: ${message} ${JSON.stringify(fields)}\n`);
  },
  child: () => complaints,
};
