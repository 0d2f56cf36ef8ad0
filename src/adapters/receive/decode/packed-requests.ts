import type { PassedRequest } from './messages.ts';

/** Columns of a request among the numbers of a batch. */
const LENGTH = 0;
const VERSION = 1;
const RECEIVED = 2;
const COLUMNS = 3;

/** Memory that came back is kept for the next batch up to this; a batch is rarely larger than half of it. */
const MOST_SPARE_BYTES = 2 * 1024 * 1024;
/** So that batches of about one size find room in the same memory. */
const ROUND_BYTES = 64 * 1024;

/**
 * Requests on their way to the thread: one piece of memory that is handed over, instead of one each, and few numbers.
 * It comes back with the answer, so that passing requests on makes nothing to be collected.
 */
export interface PackedRequests {
  readonly kind: 'packed';
  /** Bodies one after the other; behind them the memory is unused. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length, version and time of each. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

/** Packs batches into memory that is used again. */
export class RequestPacker {
  readonly #spare: ArrayBuffer[] = [];

  pack(requests: readonly PassedRequest[]): PackedRequests {
    let length = 0;
    for (const { body } of requests) length += body.length;
    const bytes = new Uint8Array(this.#memory(length));
    const numbers = new Float64Array(COLUMNS * requests.length);
    let at = 0;
    requests.forEach(({ body, version, receivedMs }, i) => {
      bytes.set(body, at);
      at += body.length;
      numbers[COLUMNS * i + LENGTH] = body.length;
      numbers[COLUMNS * i + VERSION] = Number(version);
      numbers[COLUMNS * i + RECEIVED] = receivedMs;
    });
    return { kind: 'packed', bytes, numbers };
  }

  /** Takes memory of an earlier batch, which nobody reads any more. */
  takeBack(memory: ArrayBuffer): void {
    if (memory.byteLength <= MOST_SPARE_BYTES) this.#spare.push(memory);
  }

  #memory(length: number): ArrayBuffer {
    const spare = this.#spare.pop();
    if (spare !== undefined && spare.byteLength >= length) return spare;
    return new ArrayBuffer(Math.ceil(length / ROUND_BYTES) * ROUND_BYTES);
  }
}

export function unpackRequests({ bytes, numbers }: PackedRequests): PassedRequest[] {
  const requests: PassedRequest[] = [];
  let at = 0;
  for (let i = 0; i < numbers.length; i += COLUMNS) {
    const end = at + numbers[i + LENGTH]!;
    requests.push({
      version: numbers[i + VERSION] === 2 ? '2.0' : '1.0',
      body: bytes.subarray(at, end),
      receivedMs: numbers[i + RECEIVED]!,
    });
    at = end;
  }
  return requests;
}
