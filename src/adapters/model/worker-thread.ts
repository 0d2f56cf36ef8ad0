import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './messages.ts';

/** Heap of a thread; the columns live outside of it. A thread that outgrows it dies and is replaced. */
const HEAP_MB = 128;

/** One thread that answers one message at a time. */
export class WorkerThread {
  readonly #worker: Worker;
  #settle: { resolve(answer: FromWorker): void; reject(error: Error): void } | undefined;
  #isDead = false;

  constructor(url: URL) {
    this.#worker = new Worker(url, {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      execArgv: [],
      stdout: false,
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: FromWorker) => {
      const settle = this.#settle;
      this.#settle = undefined;
      settle?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`the worker thread ended with code ${code}`)));
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
      this.#worker.postMessage(message, message.kind === 'forecast' ? [message.values.buffer as ArrayBuffer] : []);
    });
  }

  async terminate(): Promise<void> {
    this.#isDead = true;
    await this.#worker.terminate();
  }

  #die(error: Error): void {
    this.#isDead = true;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(error);
  }
}
