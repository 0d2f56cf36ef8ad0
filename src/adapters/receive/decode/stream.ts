import { alignDown } from '../../../series/grid.ts';
import type { Labels } from '../../../series/labels.ts';
import { compileMatchers } from '../../../series/matcher.ts';
import { counterRate } from './counter-rate.ts';
import type { Begun, StreamBlock, StreamDefinition, StreamTally } from './messages.ts';
import { Run, SampleLog } from './sample-log.ts';

/** A sample farther ahead than receivers take is a clock that is wrong. */
const MOST_FUTURE_MS = 600_000;
/** Share of the span that is dropped at once when there is no room: looking for the oldest costs a pass over all. */
const DROPPED_SHARE = 1 / 8;
export const NO_SLOT = -1;

type Counts = Record<Exclude<keyof StreamTally, 'pipeline'>, number>;

/**
 * The samples of one pipeline as they pass, kept until they are read. A sample belongs to the instant of the grid at or
 * after its own timestamp, as when a data source is read, and not to the time it came.
 */
export class Stream {
  readonly definition: StreamDefinition;
  readonly matches: (labels: Labels) => boolean;
  readonly #log: SampleLog;
  /** Span before an instant whose samples count for it. */
  readonly #widthMs: number;
  readonly #slotByKey = new Map<string, number>();
  readonly #labels: (Labels | undefined)[] = [];
  readonly #free: number[] = [];
  #untold: number[] = [];
  /** All samples after it are known, as far as they came. */
  #completeAfterMs: number;
  #readToMs = Number.NEGATIVE_INFINITY;
  /** What is up to it was let go. */
  #trimmedToMs = Number.NEGATIVE_INFINITY;
  #newestMs = Number.NEGATIVE_INFINITY;
  #counts = zero();
  readonly #run = new Run();

  constructor(definition: StreamDefinition, options: { readonly sinceMs: number; readonly mostSamples: () => number }) {
    this.definition = definition;
    this.matches = compileMatchers(definition.matchers);
    this.#widthMs = definition.rateMs ?? definition.stepMs;
    this.#completeAfterMs = options.sinceMs;
    this.#log = new SampleLog(options.mostSamples);
  }

  get samples(): number {
    return this.#log.samples;
  }

  labelsAt(slot: number): Labels | undefined {
    return this.#labels[slot];
  }

  /** Slot of a series, which gets one when it has none; NO_SLOT when there are more than the limit. */
  slotOf(labels: Labels): number {
    const known = this.#slotByKey.get(labels.key);
    if (known !== undefined) return known;
    const { limit } = this.definition;
    // One more than the limit is kept, for the reader to see that it is exceeded.
    if (limit > 0 && this.#slotByKey.size > limit) return NO_SLOT;
    const slot = this.#free.pop() ?? this.#labels.length;
    this.#slotByKey.set(labels.key, slot);
    this.#labels[slot] = labels;
    this.#untold.push(slot);
    return slot;
  }

  /** A sample that another replica of its pair is scored for. */
  leave(): void {
    this.#counts.matched++;
    this.#counts.replica++;
  }

  /** Takes a sample; NaN is none. Answers false when there is no room, and takes nothing. */
  take(slot: number, timeMs: number, value: number, receivedMs: number): boolean {
    const counts = this.#counts;
    if (slot === NO_SLOT) counts.limit++;
    else if (!Number.isNaN(value)) {
      if (timeMs <= this.#readToMs) counts.late++;
      else if (timeMs <= this.#trimmedToMs) counts.dropped++;
      else if (timeMs > receivedMs + MOST_FUTURE_MS) counts.future++;
      else {
        const { stepMs, rateMs } = this.definition;
        // Of a value, the newest in a step is all that is looked at; of a counter, every sample.
        const cellStartMs = rateMs === undefined ? alignUp(timeMs, stepMs) - stepMs : Number.POSITIVE_INFINITY;
        const put = this.#log.put(slot, timeMs, value, cellStartMs);
        if (put === 'full') return false;
        if (put === 'duplicate') counts.duplicate++;
        if (timeMs > this.#newestMs) this.#newestMs = timeMs;
      }
    }
    counts.matched++;
    return true;
  }

  /** Lets the oldest samples go, to make room. */
  dropOldest(): void {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const slot of this.#slotByKey.values()) oldestMs = Math.min(oldestMs, this.#log.oldestMs(slot));
    const toMs = oldestMs + Math.max(this.definition.stepMs, (this.#newestMs - oldestMs) * DROPPED_SHARE);
    this.#counts.dropped += this.#trim(toMs);
  }

  /** A read of [startMs, endMs] begins: later ones will not ask for what is older. */
  begin(startMs: number, endMs: number): Begun {
    this.#readToMs = Math.max(this.#readToMs, endMs);
    this.#trim(startMs - this.#widthMs);
    const { stepMs } = this.definition;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const slot of this.#slotByKey.values()) oldestMs = Math.min(oldestMs, this.#log.oldestMs(slot));
    return {
      kind: 'begun',
      knownFromMs: this.#knownFromMs(),
      oldestMs: Number.isFinite(oldestMs) ? alignUp(oldestMs, stepMs) : oldestMs,
      series: this.#slotByKey.size,
    };
  }

  /** Series with a sample at any of `steps` instants from `startMs` on. */
  block(startMs: number, steps: number): StreamBlock {
    const { stepMs } = this.definition;
    const told = this.#untold.flatMap((slot) => {
      const labels = this.#labels[slot];
      return labels === undefined ? [] : [{ slot, pairs: labels.pairs }];
    });
    this.#untold = [];
    const slots = new Int32Array(this.#slotByKey.size);
    const values = new Float64Array(this.#slotByKey.size * steps).fill(Number.NaN);
    const endMs = startMs + (steps - 1) * stepMs;
    let rows = 0;
    let samples = 0;
    for (const slot of this.#slotByKey.values()) {
      const count = this.#log.copy(slot, startMs - this.#widthMs, endMs, this.#run);
      const finite = this.#fill(values.subarray(rows * steps, (rows + 1) * steps), startMs, count);
      if (finite === 0) continue;
      slots[rows++] = slot;
      samples += finite;
    }
    return { kind: 'block', told, slots: slots.slice(0, rows), values: values.slice(0, rows * steps), samples };
  }

  drainCounts(): StreamTally | undefined {
    if (this.#counts.matched === 0 && this.#counts.dropped === 0) return undefined;
    const tally = { pipeline: this.definition.pipeline, ...this.#counts };
    this.#counts = zero();
    return tally;
  }

  #knownFromMs(): number {
    return alignUp(this.#completeAfterMs + this.#widthMs, this.definition.stepMs);
  }

  /** Writes what the run says of each instant; answers how many instants have a number. */
  #fill(row: Float64Array, startMs: number, count: number): number {
    const { stepMs, rateMs } = this.definition;
    const { times, values } = this.#run;
    if (rateMs === undefined) {
      for (let i = 0; i < count; i++) row[Math.ceil((times[i]! - startMs) / stepMs)] = values[i]!;
    } else {
      const knownFromMs = this.#knownFromMs();
      let from = 0;
      let to = 0;
      for (let i = 0; i < row.length; i++) {
        const endMs = startMs + i * stepMs;
        while (from < count && times[from]! <= endMs - rateMs) from++;
        while (to < count && times[to]! <= endMs) to++;
        if (endMs >= knownFromMs) row[i] = counterRate(this.#run, { from, to }, { endMs, ms: rateMs });
      }
    }
    let finite = 0;
    for (const value of row) if (Number.isFinite(value)) finite++;
    return finite;
  }

  /** Lets go of what is up to an instant, and of series that have nothing left; answers how many samples went. */
  #trim(toMs: number): number {
    if (toMs <= this.#trimmedToMs) return 0;
    this.#trimmedToMs = toMs;
    this.#completeAfterMs = Math.max(this.#completeAfterMs, toMs);
    let gone = 0;
    for (const [key, slot] of this.#slotByKey) {
      gone += this.#log.trim(slot, toMs);
      if (!this.#log.isEmpty(slot)) continue;
      this.#slotByKey.delete(key);
      this.#labels[slot] = undefined;
      this.#free.push(slot);
    }
    return gone;
  }
}

function alignUp(timeMs: number, stepMs: number): number {
  return -alignDown(-timeMs, stepMs);
}

function zero(): Counts {
  return { matched: 0, late: 0, future: 0, replica: 0, duplicate: 0, dropped: 0, limit: 0 };
}
