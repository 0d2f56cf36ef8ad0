import { openWorkerPool } from '../../src/adapters/model/worker-pool.ts';
import type { Logger } from '../../src/ports/logger.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import type { Engines } from './run-term.ts';

/** As the product's defaults: `workers` in its settings. One thread, so that processor time is that of the request. */
const WORKERS = { count: 1, queueBatches: 16, batchSeries: 64 };

/** Engines as the product composes them. Whoever opens them disposes of their port. */
export function openEngines(workerUrl: URL): Engines {
  const port = openWorkerPool({ ...WORKERS, workerUrl, telemetry: createTelemetry(), logger: complaints });
  return { port, asked: new Set() };
}

const complaints: Logger = {
  log: (level, message, fields) => {
    if (level === 'warn' || level === 'error') process.stderr.write(`${level}: ${message} ${JSON.stringify(fields)}\n`);
  },
  child: () => complaints,
};
