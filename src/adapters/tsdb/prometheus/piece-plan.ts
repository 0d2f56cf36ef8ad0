import { type Grid, gridEnd } from '../../../series/grid.ts';

/** Short enough for any number of series, long enough for an increment to be one piece. */
const FIRST_STEPS = 60;

/** 16 MB of block, 70 MB of text. */
const VALUES_PER_PIECE = 2_000_000;

/** A block never holds more; a piece that turns out wider is read again in shorter ones. */
export const MOST_VALUES = 2 * VALUES_PER_PIECE;

/** Pieces grow step by step: the oldest part of a read may well have fewer series than what comes after. */
const GROWTH = 8;

/** Cuts a read into pieces by time whose length follows the number of series that earlier ones had. */
export class PiecePlan {
  readonly #whole: Grid;
  /** Most instants the server answers at once. */
  readonly #mostSteps: number;
  #done = 0;
  #length = FIRST_STEPS;

  constructor(whole: Grid, mostSteps: number) {
    this.#whole = whole;
    this.#mostSteps = mostSteps;
  }

  /** The grid of the next piece; undefined when the read is over. The same until `finished` or `tooWide` is told. */
  next(): Grid | undefined {
    const { startMs, stepMs, steps } = this.#whole;
    if (this.#done >= steps) return undefined;
    const length = Math.min(this.#length, this.#mostSteps, steps - this.#done);
    return { startMs: startMs + this.#done * stepMs, stepMs, steps: length };
  }

  /** `samples` are those of the answer: raw ones may be many more than the grid has instants. */
  finished(grid: Grid, series: number, samples: number): void {
    this.#done = Math.round((gridEnd(grid) - this.#whole.startMs) / grid.stepMs) + 1;
    this.#length = Math.min(grid.steps * GROWTH, lengthFor(Math.max(series, samples / grid.steps)));
  }

  /** The piece had more series than this and was given up. */
  tooWide(grid: Grid, series: number): void {
    this.#length = Math.max(1, Math.min(Math.floor(grid.steps / 2), lengthFor(2 * series)));
  }
}

function lengthFor(samplesPerStep: number): number {
  return Math.max(1, Math.floor(VALUES_PER_PIECE / Math.max(1, samplesPerStep)));
}
