import { parentPort, workerData } from 'node:worker_threads';
import { OpenAnomalyError } from '../../errors.ts';
import { lowerPriority } from '../low-priority.ts';
import { forecastBatch } from './forecast-batch.ts';
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts';
import { NativeGate } from './native-gate.ts';
import { ModelShelf } from './onnx/model-shelf.ts';
import { onnxSessions, sessionsBehind } from './onnx/session.ts';

// The thread that serves and the server beside us come first.
lowerPriority();

const { modelsDir, gate } = workerData as WorkerOptions;
const openSession = sessionsBehind(new NativeGate(gate), onnxSessions());
const shelf = new ModelShelf({ openSession, ...(modelsDir === undefined ? {} : { dir: modelsDir }) });

/** Entry of a worker thread: one answer for each message, in order. Knows engines and nothing else of the product. */
parentPort?.on('message', (message: ToWorker) => {
  void answerTo(message).then((answer) => {
    parentPort?.postMessage(answer, answer.kind === 'forecast' ? [answer.quantiles.buffer as ArrayBuffer] : []);
  });
});

async function answerTo(message: ToWorker): Promise<FromWorker> {
  if (message.kind === 'ping') {
    if (message.withModel) await shelf.openIfAvailable();
    return { kind: 'pong', modelProblem: shelf.problem };
  }
  const startedMs = performance.now();
  try {
    const { quantiles, hints } = await forecastBatch(message, shelf);
    const durationMs = performance.now() - startedMs;
    return { kind: 'forecast', quantiles, hints, durationMs, modelProblem: shelf.problem };
  } catch (error) {
    const code = error instanceof OpenAnomalyError ? error.code : 'engine_failed';
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    return { kind: 'failure', code, message, stack };
  }
}
