/** Samples of one chunk. A series has a chain of chunks; most have one. */
const CHUNK = 8;
const NONE = -1;

/** Where a sample went. */
export type Put = 'added' | 'replaced' | 'duplicate' | 'full';

/**
 * Recent samples of many series, each in the order of time: sixteen bytes a sample in columns, no object per series or
 * sample. Series are slots, small integers that the caller gives out.
 */
export class SampleLog {
  readonly #mostSamples: () => number;
  #times = new Float64Array(64 * CHUNK);
  #values = new Float64Array(64 * CHUNK);
  /** Of each chunk: the next one of its chain, and how many samples it has. */
  #next = new Int32Array(64).fill(NONE);
  #counts = new Uint8Array(64);
  #chunks = 0;
  #free: number = NONE;
  /** First and last chunk of each slot. */
  #heads = new Int32Array(64).fill(NONE);
  #tails = new Int32Array(64).fill(NONE);
  #samples = 0;

  /** `mostSamples` says how many it may hold at the time; it grows by whole chunks. */
  constructor(mostSamples: () => number) {
    this.#mostSamples = mostSamples;
  }

  get samples(): number {
    return this.#samples;
  }

  /**
   * Puts a sample where it belongs in time. What has its timestamp stays. A last sample that is after `replacesAfterMs`
   * is replaced by a later one instead of kept beside it.
   */
  put(slot: number, timeMs: number, value: number, replacesAfterMs = Number.POSITIVE_INFINITY): Put {
    this.#growSlots(slot + 1);
    const tail = this.#tails[slot]!;
    const last = tail === NONE ? NONE : tail * CHUNK + this.#counts[tail]! - 1;
    if (last !== NONE && timeMs <= this.#times[last]!) return this.#insert(slot, timeMs, value);
    if (last !== NONE && this.#times[last]! > replacesAfterMs) {
      this.#times[last] = timeMs;
      this.#values[last] = value;
      return 'replaced';
    }
    const chunk = tail === NONE || this.#counts[tail] === CHUNK ? this.#append(slot) : tail;
    if (chunk === NONE) return 'full';
    const at = chunk * CHUNK + this.#counts[chunk]!++;
    this.#times[at] = timeMs;
    this.#values[at] = value;
    this.#samples++;
    return 'added';
  }

  isEmpty(slot: number): boolean {
    return (this.#heads[slot] ?? NONE) === NONE;
  }

  /** Timestamp of the oldest sample of a slot; Infinity without one. */
  oldestMs(slot: number): number {
    const head = this.#heads[slot] ?? NONE;
    return head === NONE ? Number.POSITIVE_INFINITY : this.#times[head * CHUNK]!;
  }

  /** Copies the samples of a slot that are after `fromMs` and not after `toMs`, in order; answers how many. */
  copy(slot: number, fromMs: number, toMs: number, into: Run): number {
    let count = 0;
    for (let chunk = this.#heads[slot] ?? NONE; chunk !== NONE; chunk = this.#next[chunk]!) {
      const end = chunk * CHUNK + this.#counts[chunk]!;
      for (let at = chunk * CHUNK; at < end; at++) {
        const timeMs = this.#times[at]!;
        if (timeMs <= fromMs) continue;
        if (timeMs > toMs) return count;
        into.put(count++, timeMs, this.#values[at]!);
      }
    }
    return count;
  }

  /** Lets go of the samples of a slot up to an instant; answers how many. */
  trim(slot: number, toMs: number): number {
    let dropped = 0;
    for (let chunk = this.#heads[slot] ?? NONE; chunk !== NONE; ) {
      const from = chunk * CHUNK;
      const count = this.#counts[chunk]!;
      if (this.#times[from + count - 1]! > toMs) {
        let gone = 0;
        while (this.#times[from + gone]! <= toMs) gone++;
        this.#times.copyWithin(from, from + gone, from + count);
        this.#values.copyWithin(from, from + gone, from + count);
        this.#counts[chunk] = count - gone;
        dropped += gone;
        break;
      }
      dropped += count;
      const next = this.#next[chunk]!;
      this.#release(chunk);
      this.#heads[slot] = next;
      if (next === NONE) this.#tails[slot] = NONE;
      chunk = next;
    }
    this.#samples -= dropped;
    return dropped;
  }

  /** A sample that is not the newest: everything after it moves on by one. Rare, and the runs are short. */
  #insert(slot: number, timeMs: number, value: number): Put {
    const run = new Run();
    const count = this.copy(slot, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, run);
    let at = 0;
    while (run.times[at]! < timeMs) at++;
    if (run.times[at] === timeMs) return 'duplicate';
    const tail = this.#tails[slot]!;
    if (this.#counts[tail] === CHUNK && this.#append(slot) === NONE) return 'full';
    const last = this.#tails[slot]!;
    this.#counts[last]!++;
    this.#samples++;
    let from = 0;
    for (let chunk = this.#heads[slot]!; chunk !== NONE; chunk = this.#next[chunk]!) {
      for (let i = 0; i < this.#counts[chunk]!; i++, from++) {
        const source = from <= at ? from : from - 1;
        this.#times[chunk * CHUNK + i] = from === at ? timeMs : run.times[source]!;
        this.#values[chunk * CHUNK + i] = from === at ? value : run.values[source]!;
      }
    }
    if (from !== count + 1) throw new Error('a sample log lost count');
    return 'added';
  }

  /** A new last chunk of a slot; NONE when there is no room for one. */
  #append(slot: number): number {
    const chunk = this.#take();
    if (chunk === NONE) return NONE;
    const tail = this.#tails[slot]!;
    if (tail === NONE) this.#heads[slot] = chunk;
    else this.#next[tail] = chunk;
    this.#tails[slot] = chunk;
    return chunk;
  }

  #take(): number {
    if (this.#samples >= this.#mostSamples()) return NONE;
    let chunk = this.#free;
    if (chunk !== NONE) this.#free = this.#next[chunk]!;
    else {
      if (this.#chunks === this.#counts.length) this.#growChunks();
      chunk = this.#chunks++;
    }
    this.#next[chunk] = NONE;
    this.#counts[chunk] = 0;
    return chunk;
  }

  #release(chunk: number): void {
    this.#next[chunk] = this.#free;
    this.#free = chunk;
  }

  #growChunks(): void {
    const chunks = this.#counts.length * 2;
    this.#times = larger(this.#times, new Float64Array(chunks * CHUNK));
    this.#values = larger(this.#values, new Float64Array(chunks * CHUNK));
    this.#next = larger(this.#next, new Int32Array(chunks));
    this.#counts = larger(this.#counts, new Uint8Array(chunks));
  }

  #growSlots(slots: number): void {
    if (slots <= this.#heads.length) return;
    const length = Math.max(slots, this.#heads.length * 2);
    this.#heads = larger(this.#heads, new Int32Array(length).fill(NONE));
    this.#tails = larger(this.#tails, new Int32Array(length).fill(NONE));
  }
}

/** Samples of one series in the order of time, in memory that is used again. */
export class Run {
  times = new Float64Array(32);
  values = new Float64Array(32);

  put(at: number, timeMs: number, value: number): void {
    if (at === this.times.length) {
      this.times = larger(this.times, new Float64Array(at * 2));
      this.values = larger(this.values, new Float64Array(at * 2));
    }
    this.times[at] = timeMs;
    this.values[at] = value;
  }
}

function larger<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
