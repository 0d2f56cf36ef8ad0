import type { FromDesk, ToDesk } from './messages.ts';

/** A message that waits for its turn, and who waits for its answer. */
export interface Waiting {
  readonly message: ToDesk;
  /** Undefined: nobody, and it may be dropped. */
  readonly reader?: { resolve(answer: FromDesk): void; reject(error: unknown): void };
}

/** Messages for the thread in their order. Requests among them are bounded by their bytes: beyond, the oldest go. */
export class DeskQueue {
  readonly #dropped: (count: number) => void;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(dropped: (count: number) => void) {
    this.#dropped = dropped;
  }

  /** Of requests that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(waiting: Waiting, mostBytes: number): void {
    this.#waiting.push(waiting);
    this.#bytes += bytesOf(waiting);
    while (this.#bytes > mostBytes) this.#dropOldest();
  }

  /** Puts what was taken back to the front, to be taken again. */
  unshift(waiting: readonly Waiting[]): void {
    this.#waiting.unshift(...waiting);
    for (const one of waiting) this.#bytes += bytesOf(one);
  }

  shift(): Waiting | undefined {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) this.#bytes -= bytesOf(waiting);
    return waiting;
  }

  /** Takes out everything. */
  drain(): Waiting[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }

  #dropOldest(): void {
    const oldest = this.#waiting.findIndex(({ message }) => message.kind === 'request');
    this.#bytes -= bytesOf(this.#waiting[oldest]!);
    this.#waiting.splice(oldest, 1);
    this.#dropped(1);
  }
}

function bytesOf({ message }: Waiting): number {
  return message.kind === 'request' ? message.body.length : 0;
}
