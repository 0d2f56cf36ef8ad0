import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, it } from 'vitest';
import { LOW_PRIORITY } from '../../../src/adapters/low-priority.ts';
import { openWorkerPool } from '../../../src/adapters/model/worker-pool.ts';
import { createTelemetry } from '../../../src/telemetry/metrics.ts';
import { nullLogger } from '../../support/logger.ts';

/** Niceness of every thread of this process, as Linux tells it. */
function threadPriorities(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

it('forecasts below the priority of the thread that serves', async () => {
  await using pool = openWorkerPool({
    count: 2,
    queueBatches: 1,
    batchSeries: 1,
    workerUrl: new URL('../../../dist/adapters/model/worker.js', import.meta.url),
    telemetry: createTelemetry(),
    logger: nullLogger,
  });
  const serving = getPriority();
  // The model's runtime would bring threads of its own.
  await pool.warm({ withModel: false });
  expect(getPriority()).toBe(serving);
  const behind = serving < LOW_PRIORITY ? [LOW_PRIORITY, LOW_PRIORITY] : [];
  if (process.platform === 'linux') expect(threadPriorities().filter((nice) => nice > serving)).toEqual(behind);
});
