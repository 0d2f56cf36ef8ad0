import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts';
import { NativeGate } from './native-gate.ts';
import { silenceRuntime } from './onnx/silence.ts';

/**
 * Bounds of a thread's JavaScript heap; the columns live outside of it. Engines allocate little that lives long, so the
 * young generation stays small too: a thread at rest is a few megabytes. One that outgrows its heap dies and is replaced.
 */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 };

/** One thread that answers one message at a time. It keeps the process alive only while it owes an answer. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #gate = new NativeGate();
  readonly #ended: Promise<void>;
  #settle: { resolve(answer: FromWorker): void; reject(error: Error): void } | undefined;
  #isDead = false;

  constructor(url: URL, options: Omit<WorkerOptions, 'gate'>) {
    silenceRuntime();
    const workerData: WorkerOptions = { ...options, gate: this.#gate.memory };
    this.#worker = new Worker(url, { resourceLimits: HEAP_LIMITS, execArgv: [], workerData });
    this.#worker.unref();
    this.#worker.on('message', (answer: FromWorker) => this.#take()?.resolve(answer));
    this.#worker.on('error', (error) => this.#die(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#die(new Error(`the worker thread ended with code ${code}`));
        resolve();
      });
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Rejects when the thread dies before it answers. */
  ask(message: ToWorker): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      if (this.#isDead) {
        reject(new Error('the worker thread is gone'));
        return;
      }
      this.#settle = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(message, message.kind === 'forecast' ? [message.values.buffer as ArrayBuffer] : []);
    });
  }

  /** In the middle of a batch too, but never in the middle of a run of the model. */
  async terminate(): Promise<void> {
    this.#isDead = true;
    this.#worker.ref();
    await Promise.race([this.#gate.close(), this.#ended]);
    await this.#worker.terminate();
  }

  #die(error: Error): void {
    this.#isDead = true;
    this.#take()?.reject(error);
  }

  #take() {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#worker.unref();
    return settle;
  }
}
