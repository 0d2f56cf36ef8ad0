import type { SeriesBlock } from '../series/block.ts';
import type { Labels } from '../series/labels.ts';

/** A read of [startMs, endMs], both multiples of stepMs and both part of the answer. */
export interface RangeQuery {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** Most series the answer may have; 0 = no limit. Above it the read rejects with `series_limit`. */
  readonly limit: number;
  readonly timeoutMs: number;
  /** The caller needs these series only. A source that can narrow the read does so; any may answer more. */
  readonly only?: readonly Labels[];
}

/** One piece of a read. Pieces come in time order, do not overlap, and together cover the grid of the query. */
export interface RangePiece {
  readonly block: SeriesBlock;
  /** Finite samples in the piece. */
  readonly samples: number;
  /** Bytes of the answer body (0 for sources that are not servers). */
  readonly bytes: number;
  /** Native-histogram series left out. */
  readonly histograms: number;
  readonly warnings: readonly string[];
}

export interface TsdbClient extends AsyncDisposable {
  /** Whether reads of this query get cheaper when `only` names a few series. */
  narrows?(query: string): boolean;
  /**
   * Small reads come as one piece; wide or long ones as several, so that no answer is held whole. A series that has
   * no sample in a piece is absent from it. Rejects with OpenAnomalyError (see errors.ts), or `signal.reason`.
   */
  queryRange(query: RangeQuery, signal: AbortSignal): AsyncIterable<RangePiece>;
}
