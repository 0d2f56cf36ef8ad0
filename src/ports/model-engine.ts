import type { Locale } from '../forecast/calendar/times.ts';
import type { ForecastBlock, SeriesHint } from '../forecast/forecast.ts';
import type { SeriesBlock } from '../series/block.ts';

export interface EngineTraits {
  readonly id: string;
  /** Longest context the engine looks at, in steps; callers may send less, never need to send more. */
  readonly maxContextSteps: number;
  readonly levels: readonly number[];
}

export interface ForecastRequest {
  /** Contexts on one grid; NaN is a missing sample. The engine must not keep or change it. */
  readonly context: SeriesBlock;
  readonly horizonSteps: number;
  /** Engine id (`auto`, `ets` …) and its parameters as the pipeline gives them. */
  readonly engine: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where local time and holidays are those of the series; UTC without holidays if undefined. */
  readonly locale?: Locale | undefined;
  /** Hints of an earlier answer, one per series, undefined where there is none. */
  readonly hints: readonly (SeriesHint | undefined)[];
}

export interface ModelEngine extends AsyncDisposable {
  readonly traits: EngineTraits;
  /** One forecast per series of the block, in its order. Rejects with `signal.reason` once aborted. */
  forecast(request: ForecastRequest, signal: AbortSignal): Promise<ForecastBlock>;
}
