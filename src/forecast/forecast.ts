/**
 * Forecasts of many series that share one grid. `quantiles` is series-major, then step, then level: the value of
 * series s at step i (0 = the first step after the context) and level l is
 * quantiles[(s * steps + i) * levels.length + l]. Levels ascend and values never cross. A series that the engine
 * cannot forecast (no finite sample in its context) is NaN throughout.
 */
export interface ForecastBlock {
  /** Instant of the first forecast step: the end of the context plus one step. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly levels: readonly number[];
  readonly quantiles: Float64Array;
  /** One per series, in order: what the engine wants back with the next request for this series. */
  readonly hints: readonly SeriesHint[];
}

/** What an engine learnt about a series that is dear to find and slow to change. Plain data: it goes into snapshots. */
export interface SeriesHint {
  /** Engine that made the forecast; `auto` writes the one with the largest share here. */
  readonly engine: string;
  /** Detected periods in steps, best first; empty when none was found. */
  readonly periods: readonly number[];
  /** Instant of the end of the context on which periods and engine were chosen. */
  readonly checkedMs: number;
  /** Shares of the engines `auto` weighs, in an order of its own; absent for other engines. */
  readonly weights?: readonly number[];
  /** What the online engine has learnt of the series up to the context's end; absent where it has no share. */
  readonly memory?: Uint8Array;
}
