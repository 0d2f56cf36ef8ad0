// A worker thread that does what `parameters.orders` says, so that tests decide when it answers and when it dies.
// `gate` is an Int32Array on shared memory: entry 0 counts the batches that began, entry 1 opens the gate.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', (message) => {
  if (message.kind === 'ping') {
    parentPort.postMessage({ kind: 'pong' });
    return;
  }
  const { gate, orders } = message.parameters;
  const turn = gate === undefined ? 0 : Atomics.add(gate, 0, 1);
  if (gate !== undefined) Atomics.notify(gate, 0);
  if (orders === 'die' || (orders === 'die once' && turn === 0)) process.exit(3);
  if (orders === 'wait') Atomics.wait(gate, 1, 0);
  if (orders === 'fail') {
    parentPort.postMessage({ kind: 'failure', code: 'engine_failed', message: 'as ordered', stack: undefined });
    return;
  }
  const quantiles = new Float64Array(message.series * message.horizonSteps * 13).fill(message.values[0]);
  const hints = message.hints.map(() => ({ engine: 'obedient', periods: [], checkedMs: message.grid.startMs }));
  parentPort.postMessage({ kind: 'forecast', quantiles, hints, durationMs: 1 }, [quantiles.buffer]);
});
