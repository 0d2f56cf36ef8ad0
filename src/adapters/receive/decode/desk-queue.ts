import type { FromDesk, PassedRequest, ToDesk } from './messages.ts';

/** Who waits for the answer to a message. */
export interface Reader {
  resolve(answer: FromDesk): void;
  reject(error: unknown): void;
}

/** A message with its reader, or a request, which nobody waits for and which may be dropped. */
export type Waiting =
  | { readonly message: ToDesk; readonly reader: Reader }
  | { readonly request: PassedRequest; readonly reader?: undefined };

/** What the thread is asked next, and what it stands for. */
export interface Turn {
  readonly message: ToDesk;
  readonly of: readonly Waiting[];
}

/** Requests that go to the thread at once: more would only be lost with it, fewer cost a wake-up each. */
const BATCH_REQUESTS = 32;
const BATCH_BYTES = 1024 * 1024;

/** A request takes memory whatever its body: small ones are bounded by how many wait. */
export const MOST_WAITING = 65_536;

/** Messages for the thread in their order. Requests among them are bounded by bytes and number: beyond, the oldest go. */
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

  /** Whether there is a batch's worth of requests. */
  get isBatchFull(): boolean {
    return this.#waiting.length >= BATCH_REQUESTS || this.#bytes >= BATCH_BYTES;
  }

  push(waiting: Waiting, mostBytes: number): void {
    this.#waiting.push(waiting);
    this.#bytes += bytesOf(waiting);
    if (waiting.reader === undefined && this.#waiting.length > MOST_WAITING) this.#dropOldest();
    while (this.#bytes > mostBytes) this.#dropOldest();
  }

  /** Puts what was taken back to the front, to be taken again. */
  unshift(waiting: readonly Waiting[]): void {
    this.#waiting.unshift(...waiting);
    for (const one of waiting) this.#bytes += bytesOf(one);
  }

  /** The oldest message, or the oldest requests up to the next message. */
  shift(): Turn | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    if (first.reader !== undefined) return { message: first.message, of: this.#waiting.splice(0, 1) };
    const requests: PassedRequest[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (waiting.reader !== undefined || requests.length === BATCH_REQUESTS || bytes >= BATCH_BYTES) break;
      requests.push(waiting.request);
      bytes += bytesOf(waiting);
    }
    this.#bytes -= bytes;
    return { message: { kind: 'requests', requests }, of: this.#waiting.splice(0, requests.length) };
  }

  /** Takes out everything. */
  drain(): Waiting[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }

  #dropOldest(): void {
    const oldest = this.#waiting.findIndex(({ reader }) => reader === undefined);
    this.#bytes -= bytesOf(this.#waiting[oldest]!);
    this.#waiting.splice(oldest, 1);
    this.#dropped(1);
  }
}

function bytesOf(waiting: Waiting): number {
  return waiting.reader === undefined ? waiting.request.body.length : 0;
}
