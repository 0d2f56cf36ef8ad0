/** What a technique learnt of a series that has ended, and the newest instant that was scored with it. */
export interface DepartedSeries {
  readonly memory: Uint8Array;
  readonly leftMs: number;
}

/** After a week a series that comes back is as good as a new one: that is as far as a scale remembers. */
const KEPT_MS = 7 * 86_400_000;
/** A kilobyte each. Where more come and go, most of them never come back. */
export const MOST_DEPARTED = 10_000;
/** Of those that left before they were warm, so that pods that live for minutes push nothing out that is worth more. */
export const MOST_DEPARTED_YOUNG = 1000;

/**
 * Series that ended, in the order in which they did, by the key of their published labels. An exporter that restarts, a
 * scrape that fails for some minutes, or a counter that nothing counts at night would else be new each time: without
 * a score until it has warmed up, and with nothing known of its tail.
 */
export class DepartedSet {
  readonly #most: number;
  readonly #series = new Map<string, DepartedSeries>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  keep(key: string, series: DepartedSeries): void {
    this.take(key);
    this.#series.set(key, series);
    this.#bytes += series.memory.byteLength;
    for (const [oldest, { leftMs }] of this.#series) {
      if (this.#series.size <= this.#most && leftMs >= series.leftMs - KEPT_MS) break;
      this.take(oldest);
    }
  }

  /** What is known of a series that is back; it is known once. */
  take(key: string): DepartedSeries | undefined {
    const series = this.#series.get(key);
    if (series === undefined) return undefined;
    this.#series.delete(key);
    this.#bytes -= series.memory.byteLength;
    return series;
  }
}
