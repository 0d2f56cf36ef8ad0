import { Worker } from 'node:worker_threads';
import type { FromDesk, ToDesk } from './messages.ts';
import { RequestPacker } from './packed-requests.ts';
import type { FromThread } from './worker.ts';

/**
 * Bounds of the thread's JavaScript heap, where labels of matched series are; samples and what is remembered of series
 * lie outside of it. A thread that outgrows it dies and is replaced.
 */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };

interface Asked {
  resolve(answer: FromDesk): void;
  reject(error: Error): void;
}

/** The thread that decodes. It does not keep the process alive. */
export class DecodeThread {
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  readonly #packer = new RequestPacker();
  readonly #onDeath: (error: Error) => void;
  #isOver = false;

  /** `onDeath` is called once, after whoever waits for an answer was told; not when the thread is terminated. */
  constructor(url: URL, onDeath: (error: Error) => void) {
    this.#onDeath = onDeath;
    this.#worker = new Worker(url, { resourceLimits: HEAP_LIMITS, execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', ({ answer, memory }: FromThread) => {
      if (memory !== undefined) this.#packer.takeBack(memory);
      this.#asked.shift()?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`the thread ended with code ${code}`)));
  }

  /** Messages without an answer yet. */
  get asked(): number {
    return this.#asked.length;
  }

  /** Answers come in the order of the messages. Rejects when the thread dies before. */
  ask(message: ToDesk): Promise<FromDesk> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      if (message.kind !== 'requests') return this.#worker.postMessage(message);
      const packed = this.#packer.pack(message.requests);
      this.#worker.postMessage(packed, [packed.bytes.buffer]);
    });
  }

  async terminate(): Promise<void> {
    this.#isOver = true;
    await this.#worker.terminate();
    for (const { reject } of this.#asked.splice(0)) reject(new Error('the thread was terminated'));
  }

  #die(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { reject } of this.#asked.splice(0)) reject(error);
    this.#onDeath(error);
  }
}
