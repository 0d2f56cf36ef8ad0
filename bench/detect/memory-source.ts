import type { RangePiece, RangeQuery, TsdbClient } from '../../src/ports/tsdb-client.ts';
import { gridBetween } from '../../src/series/grid.ts';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';
import type { JudgedSet } from '../data/judged-set.ts';

/**
 * A set as a data source that knows what a server would know at an instant: it refuses to answer beyond it. Series are
 * told apart by the label `series`, their place in the set.
 */
export class MemorySource implements TsdbClient {
  nowMs = Number.NEGATIVE_INFINITY;
  readonly #set: JudgedSet;
  readonly #labels: readonly Labels[];

  constructor(set: JudgedSet) {
    this.#set = set;
    this.#labels = set.series.map((_, s) => labelsFromRecord({ __name__: 'm', series: String(s) }));
  }

  async *queryRange({ startMs, endMs, stepMs }: RangeQuery): AsyncIterable<RangePiece> {
    if (endMs > this.nowMs) throw new Error(`asked for ${endMs}, ${endMs - this.nowMs} ms after now`);
    const { startMs: firstMs, steps, values } = this.#set;
    const from = Math.max(0, Math.round((startMs - firstMs) / stepMs));
    const to = Math.min(steps, Math.round((endMs - firstMs) / stepMs) + 1);
    if (to <= from) return;
    const count = to - from;
    const present: number[] = [];
    let samples = 0;
    this.#labels.forEach((_, s) => {
      let own = 0;
      for (let i = s * steps + from; i < s * steps + to; i++) if (Number.isFinite(values[i]!)) own++;
      if (own > 0) present.push(s);
      samples += own;
    });
    const block = new Float64Array(present.length * count);
    present.forEach((s, row) => {
      block.set(values.subarray(s * steps + from, s * steps + to), row * count);
    });
    const grid = gridBetween(firstMs + from * stepMs, firstMs + (to - 1) * stepMs, stepMs);
    const labels = present.map((s) => this.#labels[s]!);
    yield { block: { labels, grid, values: block }, samples, bytes: 0, histograms: 0, warnings: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
