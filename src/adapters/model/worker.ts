import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { OpenAnomalyError } from '../../errors.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { forecastBatch } from './statistical/forecast-batch.ts';

/** Niceness of forecasting. */
const LOW_PRIORITY = 10;

// Where cores are few, the thread that serves and the server beside us come first. Linux sets this for the thread that
// asks; elsewhere it would be the whole process.
if (process.platform === 'linux') setPriority(LOW_PRIORITY);

/** Entry of a worker thread: one answer for each message, in order. Knows engines and nothing else of the product. */
parentPort?.on('message', (message: ToWorker) => {
  const answer = answerTo(message);
  parentPort?.postMessage(answer, answer.kind === 'forecast' ? [answer.quantiles.buffer as ArrayBuffer] : []);
});

function answerTo(message: ToWorker): FromWorker {
  if (message.kind === 'ping') return { kind: 'pong' };
  const startedMs = performance.now();
  try {
    const { quantiles, hints } = forecastBatch(message);
    return { kind: 'forecast', quantiles, hints, durationMs: performance.now() - startedMs };
  } catch (error) {
    const code = error instanceof OpenAnomalyError ? error.code : 'engine_failed';
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    return { kind: 'failure', code, message, stack };
  }
}
