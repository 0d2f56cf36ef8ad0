import { CLOSE_LIST, COMMA, OPEN_LIST, QUOTE } from './prometheus-api-json.ts';
import { DecimalReader } from './prometheus-api-number.ts';

/** No sample is longer, except from servers that write 300 digits; those are read one by one. */
const SAFE_BYTES = 512;

const DECIMAL = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The samples of one series: two columns, of which the first `count` entries count. */
export interface SeriesSamples {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
}

/** Reads samples `[seconds,"value"]` into columns that grow as needed and serve one series after the other. */
export class SampleReader implements SeriesSamples {
  timesMs: Float64Array = new Float64Array(256);
  values: Float64Array = new Float64Array(256);
  count = 0;
  readonly #decimal = new DecimalReader();

  /**
   * Reads samples from `from`, where one starts, as long as they follow each other with nothing but a comma and the
   * window surely holds them. Answers the place it came to: after a comma, or after a sample that none follows.
   */
  readRun(bytes: Buffer, from: number): number {
    const last = bytes.length - SAFE_BYTES;
    let at = from;
    while (at < last) {
      const after = this.#readPlain(bytes, at);
      if (after < 0) return at;
      if (bytes[after] !== COMMA) return after;
      at = after + 1;
    }
    return at;
  }

  /** Reads the sample at `from`. Answers the place after it; 0 when the window ends inside it, −1 when it is none. */
  readOne(bytes: Buffer, from: number): number {
    const close = bytes.indexOf(CLOSE_LIST, from);
    if (close < 0) return 0;
    const after = this.#readPlain(bytes, from);
    return after >= 0 ? after : this.#readUnusual(bytes.toString('latin1', from, close + 1)) ? close + 1 : -1;
  }

  /** A sample without white space and escapes, as servers write it; −1 for any other. */
  #readPlain(bytes: Buffer, from: number): number {
    if (bytes[from] !== OPEN_LIST) return -1;
    let at = from + 1;
    let timeMs = 0;
    for (; ; at++) {
      const digit = bytes[at]! - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      timeMs = timeMs * 10 + digit;
    }
    timeMs *= 1000;
    if (bytes[at] === 0x2e) {
      at++;
      for (let unit = 100; ; unit /= 10, at++) {
        const digit = bytes[at]! - 0x30;
        if (!(digit >= 0 && digit <= 9)) break;
        // Finer than a millisecond: no server keeps that, so the rounding of the other way will do.
        if (unit < 1) return -1;
        timeMs += digit * unit;
      }
    }
    if (at < from + 2 || bytes[at] !== COMMA || bytes[at + 1] !== QUOTE) return -1;
    const value = this.#decimal.read(bytes, at + 2);
    const end = this.#decimal.end;
    if (end < 0 || bytes[end] !== QUOTE) return this.#readWord(bytes, timeMs, at + 2);
    if (bytes[end + 1] !== CLOSE_LIST) return -1;
    this.#add(timeMs, value);
    return end + 2;
  }

  /** NaN and the infinities, and numbers the reader leaves alone. */
  #readWord(bytes: Buffer, timeMs: number, from: number): number {
    const end = bytes.indexOf(QUOTE, from);
    if (end < 0 || bytes[end + 1] !== CLOSE_LIST) return -1;
    const value = parseValue(bytes.toString('latin1', from, end));
    if (value === undefined) return -1;
    this.#add(timeMs, value);
    return end + 2;
  }

  #readUnusual(json: string): boolean {
    let sample: unknown;
    try {
      sample = JSON.parse(json);
    } catch {
      return false;
    }
    if (!Array.isArray(sample) || sample.length !== 2) return false;
    const [seconds, text] = sample as unknown[];
    const value = typeof text === 'string' ? parseValue(text) : undefined;
    if (typeof seconds !== 'number' || value === undefined) return false;
    this.#add(Math.round(seconds * 1000), value);
    return true;
  }

  #add(timeMs: number, value: number): void {
    if (this.count === this.values.length) {
      this.timesMs = doubled(this.timesMs);
      this.values = doubled(this.values);
    }
    this.timesMs[this.count] = timeMs;
    this.values[this.count++] = value;
  }
}

function parseValue(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN;
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return DECIMAL.test(text) ? Number(text) : undefined;
}

function doubled(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
