import { OpenAnomalyError } from '../../../errors.ts';
import type { RangePiece, RangeQuery } from '../../../ports/tsdb-client.ts';
import type { Grid } from '../../../series/grid.ts';
import type { Labels } from '../../../series/labels.ts';
import type { ApiAnswer } from '../../../wire/prometheus-api-answer.ts';
import type { SeriesSamples } from '../../../wire/prometheus-api-samples.ts';

/** The piece has more series than was thought when its length was chosen. */
export class TooWide extends Error {
  readonly series: number;

  constructor(series: number) {
    super(`more than ${series} series in a piece`);
    this.series = series;
  }
}

/** Puts series on a grid while an answer is decoded. An instant of the grid takes the last sample since the one before. */
export class GridCollector {
  readonly #grid: Grid;
  readonly #query: RangeQuery;
  readonly #mostValues: number;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #labels: Labels[] = [];
  #values: Float64Array;
  #samples = 0;

  /** `mostValues` bounds the block: above it, a series more throws `TooWide`. */
  constructor(grid: Grid, query: RangeQuery, mostValues: number) {
    this.#grid = grid;
    this.#query = query;
    this.#mostValues = mostValues;
    this.#wanted = query.only === undefined ? undefined : new Set(query.only.map(({ key }) => key));
    this.#values = new Float64Array(16 * grid.steps);
  }

  /** Throws `series_limit` at the first series too many. */
  readonly take = (labels: Labels, { timesMs, values, count }: SeriesSamples): void => {
    if (this.#wanted !== undefined && !this.#wanted.has(labels.key)) return;
    const { startMs, stepMs, steps } = this.#grid;
    const row = this.#labels.length * steps;
    this.#reserve(row + steps);
    const block = this.#values;
    block.fill(Number.NaN, row, row + steps);
    for (let i = 0; i < count; i++) {
      // Ranges of servers include their left end or not, by age; what lies outside of the grid is left out here.
      const step = Math.ceil((timesMs[i]! - startMs) / stepMs);
      if (step >= 0 && step < steps) block[row + step] = values[i]!;
    }
    let finite = 0;
    let present = 0;
    for (let i = row; i < row + steps; i++) {
      const value = block[i]!;
      if (Number.isFinite(value)) finite++;
      if (!Number.isNaN(value)) present++;
    }
    if (present === 0) return;
    this.#labels.push(labels);
    this.#samples += finite;
    this.#checkWidth();
  };

  piece(answer: ApiAnswer): RangePiece {
    const { steps } = this.#grid;
    return {
      block: {
        labels: this.#labels,
        grid: this.#grid,
        values: this.#values.subarray(0, this.#labels.length * steps),
      },
      samples: this.#samples,
      bytes: answer.bytes,
      histograms: answer.histograms,
      warnings: answer.isPartial
        ? [...answer.warnings, 'the answer is partial: some storage nodes did not respond']
        : answer.warnings,
    };
  }

  #checkWidth(): void {
    const series = this.#labels.length;
    const { limit } = this.#query;
    if (limit > 0 && series > limit) {
      throw new OpenAnomalyError(
        'series_limit',
        `the query answers more than ${limit} series, which is the limit: narrow the query or raise \`limit\``,
      );
    }
    if (this.#grid.steps > 1 && series * this.#grid.steps > this.#mostValues) throw new TooWide(series);
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const larger = new Float64Array(Math.max(length, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }
}
