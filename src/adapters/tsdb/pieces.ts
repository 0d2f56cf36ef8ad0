import { setImmediate as nextTurn } from 'node:timers/promises';
import { OpenAnomalyError } from '../../errors.ts';
import type { RangePiece, RangeQuery } from '../../ports/tsdb-client.ts';
import { compileSelector, parseSelector } from '../../rules/selector.ts';
import type { SeriesBlock } from '../../series/block.ts';
import { type Grid, gridBetween } from '../../series/grid.ts';
import type { Labels } from '../../series/labels.ts';

/** A few milliseconds of work for the sources that answer from memory: the thread also serves pages. */
const VALUES_PER_PIECE = 65_536;

/** The grid of a query, cut by time so that no piece holds more than a bounded number of values. */
export function cutGrid(query: RangeQuery, series: number): Grid[] {
  const whole = gridBetween(query.startMs, query.endMs, query.stepMs);
  const most = Math.max(1, Math.floor(VALUES_PER_PIECE / Math.max(1, series)));
  const grids: Grid[] = [];
  for (let from = 0; from < whole.steps; from += most) {
    const steps = Math.min(most, whole.steps - from);
    grids.push({ startMs: whole.startMs + from * whole.stepMs, stepMs: whole.stepMs, steps });
  }
  return grids;
}

/** Makes one piece a turn of the event loop. Rejects with `signal.reason` once aborted. */
export async function* answerInPieces(
  grids: readonly Grid[],
  blockOf: (grid: Grid) => SeriesBlock,
  signal: AbortSignal,
): AsyncIterable<RangePiece> {
  for (const grid of grids) {
    await nextTurn();
    signal.throwIfAborted();
    const { block, samples } = withoutEmptySeries(blockOf(grid));
    yield { block, samples, bytes: 0, histograms: 0, warnings: [] };
  }
}

/** What a source that answers selectors only is asked for; `query_rejected` says what it would understand. */
export function seriesTest(query: RangeQuery, source: string, example: string): (labels: Labels) => boolean {
  const selector = parseSelector(query.query);
  if (selector === undefined) {
    throw new OpenAnomalyError(
      'query_rejected',
      `${source} understands plain selectors only, such as ${example}, not functions or operators; the query is ${query.query}`,
    );
  }
  const matches = compileSelector(selector);
  if (query.only === undefined) return matches;
  const wanted = new Set(query.only.map((labels) => labels.key));
  return (labels) => wanted.has(labels.key) && matches(labels);
}

export function checkLimit(query: RangeQuery, series: number): void {
  if (query.limit === 0 || series <= query.limit) return;
  throw new OpenAnomalyError(
    'series_limit',
    `the query answers ${series} series, the limit is ${query.limit}: narrow the query or raise the limit`,
  );
}

function withoutEmptySeries(block: SeriesBlock): { block: SeriesBlock; samples: number } {
  const { labels, grid, values } = block;
  const kept: number[] = [];
  let samples = 0;
  for (let s = 0; s < labels.length; s++) {
    let present = false;
    for (let i = s * grid.steps; i < (s + 1) * grid.steps; i++) {
      if (Number.isFinite(values[i]!)) samples++;
      if (!Number.isNaN(values[i]!)) present = true;
    }
    if (present) kept.push(s);
  }
  if (kept.length === labels.length) return { block, samples };
  const rows = new Float64Array(kept.length * grid.steps);
  kept.forEach((s, row) => {
    rows.set(values.subarray(s * grid.steps, (s + 1) * grid.steps), row * grid.steps);
  });
  return { block: { labels: kept.map((s) => labels[s]!), grid, values: rows }, samples };
}
