/** Levels that are counted: the threshold of flags and that of pages. */
export const FLAG_LEVELS = ['flag', 'page'] as const;
const LEVELS = FLAG_LEVELS.length;

/** Flagged samples at most this many steps apart are one. */
const MERGE_STEPS = 10;
/** What lasts longer is taken for an incident, not for a false alarm. */
const LONGEST_STEPS = 30;
const HALF_LIFE_DAYS = 7;
/** Below this the rate would be made of one coincidence. */
const LEAST_SERIES_DAYS = 1;
const DAY_MS = 86_400_000;
const NONE = -1;

export interface FlagRateMemory {
  readonly seriesDays: number;
  readonly runs: readonly number[];
}

/**
 * How often the series of a pipeline are flagged for a short while, per series and day, at each level: what to expect of
 * false alarms, from the pipeline's own past. Counts fade with a half-life of a week.
 */
export class FlagRate {
  readonly #stepMs: number;
  /** Step of the first and the last hot sample of the run that goes on, per slot and level; NONE: there is none. */
  #first = new Int32Array(0);
  #last = new Int32Array(0);
  #seriesDays = 0;
  readonly #runs = new Float64Array(LEVELS);
  #lastMs: number | undefined;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  get bytes(): number {
    return this.#first.byteLength + this.#last.byteLength;
  }

  clear(slot: number): void {
    this.#grow(slot + 1);
    this.#first.fill(NONE, slot * LEVELS, (slot + 1) * LEVELS);
  }

  /** Takes a scored instant; `thresholds` are those of FLAG_LEVELS. Samples that are not scored count as none. */
  observe(
    step: {
      readonly timestampMs: number;
      readonly slots: readonly number[];
      readonly score: Float64Array;
      readonly anomaly: Float64Array;
    },
    thresholds: readonly number[],
  ): void {
    this.#fade(step.timestampMs);
    const now = Math.round(step.timestampMs / this.#stepMs);
    let scored = 0;
    for (let i = 0; i < step.slots.length; i++) {
      if (Number.isNaN(step.score[i]!)) continue;
      scored++;
      for (let level = 0; level < LEVELS; level++) {
        const isHot = step.anomaly[i] !== 0 && step.score[i]! > thresholds[level]!;
        this.#take(step.slots[i]! * LEVELS + level, level, now, isHot);
      }
    }
    this.#seriesDays += (scored * this.#stepMs) / DAY_MS;
  }

  /** Short runs of flagged samples per series and day; undefined while too little was seen. */
  perSeriesDay(level: (typeof FLAG_LEVELS)[number]): number | undefined {
    if (this.#seriesDays < LEAST_SERIES_DAYS) return undefined;
    return this.#runs[FLAG_LEVELS.indexOf(level)]! / this.#seriesDays;
  }

  export(): FlagRateMemory {
    return { seriesDays: this.#seriesDays, runs: [...this.#runs] };
  }

  import(memory: FlagRateMemory): void {
    this.#seriesDays = memory.seriesDays;
    this.#runs.set(memory.runs.slice(0, LEVELS));
  }

  #take(cell: number, level: number, now: number, isHot: boolean): void {
    const first = this.#first[cell]!;
    if (first !== NONE && now - this.#last[cell]! > MERGE_STEPS) {
      if (this.#last[cell]! - first < LONGEST_STEPS) this.#runs[level]!++;
      this.#first[cell] = NONE;
    }
    if (!isHot) return;
    if (this.#first[cell] === NONE) this.#first[cell] = now;
    this.#last[cell] = now;
  }

  #fade(timestampMs: number): void {
    const passedMs = Math.max(0, timestampMs - (this.#lastMs ?? timestampMs));
    this.#lastMs = timestampMs;
    const kept = 2 ** (-passedMs / (HALF_LIFE_DAYS * DAY_MS));
    this.#seriesDays *= kept;
    for (let level = 0; level < LEVELS; level++) this.#runs[level]! *= kept;
  }

  #grow(slots: number): void {
    if (slots * LEVELS <= this.#first.length) return;
    const size = Math.ceil(slots * 1.5) * LEVELS;
    const [first, last] = [new Int32Array(size).fill(NONE), new Int32Array(size)];
    first.set(this.#first);
    last.set(this.#last);
    this.#first = first;
    this.#last = last;
  }
}
