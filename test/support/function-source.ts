import { OpenAnomalyError } from '../../src/errors.ts';
import type { RangePiece, RangeQuery, TsdbClient } from '../../src/ports/tsdb-client.ts';
import { type Grid, gridBetween } from '../../src/series/grid.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';

/** Series as functions of time (NaN: no sample), by instance. Tests change the map while a pipeline runs. */
export type SeriesFunctions = Map<string, (timeMs: number) => number>;

/** A data source over functions; keeps the reads it answered, and fails while `failure` is set. */
export class FunctionSource implements TsdbClient {
  readonly series: SeriesFunctions;
  readonly reads: RangeQuery[] = [];
  failure: OpenAnomalyError | undefined;
  /** Answers come in pieces of so many steps. */
  stepsPerPiece = Number.POSITIVE_INFINITY;

  constructor(series: SeriesFunctions) {
    this.series = series;
  }

  narrows(): boolean {
    return true;
  }

  async *queryRange(query: RangeQuery, signal: AbortSignal): AsyncIterable<RangePiece> {
    signal.throwIfAborted();
    this.reads.push(query);
    if (this.failure) throw this.failure;
    const whole = gridBetween(query.startMs, query.endMs, query.stepMs);
    for (let from = 0; from === 0 || from < whole.steps; from += this.stepsPerPiece) {
      const steps = Math.min(this.stepsPerPiece, whole.steps - from);
      yield this.#piece({ ...whole, startMs: whole.startMs + from * whole.stepMs, steps }, query.limit);
    }
  }

  #piece(grid: Grid, limit: number): RangePiece {
    const rows: { instance: string; values: Float64Array }[] = [];
    for (const [instance, at] of this.series) {
      const values = Float64Array.from({ length: grid.steps }, (_, i) => at(grid.startMs + i * grid.stepMs));
      if (values.some(Number.isFinite)) rows.push({ instance, values });
    }
    if (limit > 0 && rows.length > limit) throw new OpenAnomalyError('series_limit', 'too many series');
    const values = new Float64Array(rows.length * grid.steps);
    rows.forEach((row, r) => {
      values.set(row.values, r * grid.steps);
    });
    const labels = rows.map(({ instance }) => labelsFromRecord({ __name__: 'm', instance }));
    return {
      block: { labels, grid, values },
      samples: values.filter(Number.isFinite).length,
      bytes: 0,
      histograms: 0,
      warnings: [],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
