import type { ErrorCode } from '../../errors.ts';
import type { Locale } from '../../forecast/calendar/times.ts';
import type { SeriesHint } from '../../forecast/forecast.ts';
import type { Grid } from '../../series/grid.ts';

/** What a worker thread is started with. */
export interface WorkerOptions {
  /** Folder of the model files; the shipped ones by default. */
  readonly modelsDir?: string;
  /** Memory of the NativeGate that the thread passes for native work. */
  readonly gate: SharedArrayBuffer;
}

/** What goes to a worker thread: a piece of a ForecastRequest. The buffer of `values` is handed over, not copied. */
export type ToWorker =
  | {
      readonly kind: 'ping';
      /** Whether the model is to be opened, so that the first batch finds it warm. */
      readonly withModel: boolean;
    }
  | {
      readonly kind: 'forecast';
      /** Series of the batch; `values` is series × grid.steps. */
      readonly series: number;
      readonly grid: Grid;
      readonly values: Float64Array;
      readonly horizonSteps: number;
      readonly engine: string;
      readonly parameters: Readonly<Record<string, unknown>>;
      readonly locale: Locale | undefined;
      readonly hints: readonly (SeriesHint | undefined)[];
    };

/** What comes back, one message for each. */
export type FromWorker =
  | {
      readonly kind: 'pong';
      /** Why the thread has no model; undefined where it has one, or was not asked for it. */
      readonly modelProblem: string | undefined;
    }
  | {
      readonly kind: 'forecast';
      readonly quantiles: Float64Array;
      readonly hints: readonly SeriesHint[];
      readonly durationMs: number;
      readonly modelProblem: string | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly code: ErrorCode;
      readonly message: string;
      /** Where it happened, for the log. */
      readonly stack: string | undefined;
    };
