import type { Clock } from '../../../ports/clock.ts';
import type { RangePiece, RangeQuery, TsdbClient } from '../../../ports/tsdb-client.ts';
import { parseSelector } from '../../../rules/selector.ts';
import type { SeriesBlock } from '../../../series/block.ts';
import type { Grid } from '../../../series/grid.ts';
import type { SimulatedDatasourceSettings } from '../../../settings/settings.ts';
import { answerInPieces, checkLimit, cutGrid, seriesTest } from '../pieces.ts';
import { NATIVE_STEP_MS } from './noise.ts';
import { Piece, type ShopOptions } from './piece.ts';
import { samplesOf } from './samples.ts';
import { SHOP_SERIES, type ShopSeries } from './shop.ts';

const EXAMPLE = 'shop_request_latency_seconds{service="checkout"}';

/**
 * A web shop that does not exist, as a data source: what it answers depends on the instant, the seed, the series and
 * when it was opened, before which incidents are few, never on what was asked before. It reports every 5 s and knows
 * nothing later than the clock.
 */
export function openSimulated(options: {
  readonly settings: SimulatedDatasourceSettings;
  readonly clock: Clock;
}): TsdbClient {
  const { settings, clock } = options;
  const shop = { ...settings, incidentsFromMs: clock.nowMs() - settings.incidentHistoryMs };
  return {
    narrows: (query) => parseSelector(query) !== undefined,
    async *queryRange(query: RangeQuery, signal: AbortSignal): AsyncIterable<RangePiece> {
      signal.throwIfAborted();
      const matches = seriesTest(query, 'the simulated source', EXAMPLE);
      const series = SHOP_SERIES.filter(({ labels }) => matches(labels));
      checkLimit(query, series.length);
      const nowMs = clock.nowMs();
      yield* answerInPieces(cutGrid(query, series.length), (grid) => simulate(series, grid, { shop, nowMs }), signal);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function simulate(
  series: readonly ShopSeries[],
  grid: Grid,
  { shop, nowMs }: { readonly shop: ShopOptions; readonly nowMs: number },
): SeriesBlock {
  const visible = Math.min(grid.steps, Math.max(0, Math.floor((nowMs - grid.startMs) / grid.stepMs) + 1));
  const piece = new Piece(nativeInstants(grid, visible), shop);
  const values = new Float64Array(series.length * grid.steps).fill(Number.NaN);
  series.forEach((one, s) => {
    values.set(samplesOf(piece, one), s * grid.steps);
  });
  if (grid.stepMs < NATIVE_STEP_MS) removeRepeated(values, grid);
  return { labels: series.map(({ labels }) => labels), grid, values };
}

/** The newest native sample at or before each of the first `steps` instants of the grid. */
function nativeInstants(grid: Grid, steps: number): Float64Array {
  return Float64Array.from({ length: steps }, (_, i) => {
    const timeMs = grid.startMs + i * grid.stepMs;
    return timeMs - (timeMs % NATIVE_STEP_MS);
  });
}

/** Between two native samples there is none: a sample belongs to the first instant at or after it. */
function removeRepeated(values: Float64Array, grid: Grid): void {
  for (let i = 0; i < values.length; i++) {
    const timeMs = grid.startMs + (i % grid.steps) * grid.stepMs;
    if (timeMs % NATIVE_STEP_MS >= grid.stepMs) values[i] = Number.NaN;
  }
}
