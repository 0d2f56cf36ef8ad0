import type { Labels } from '../series/labels.ts';

/** Names of the published families, without the prefix. */
export const FAMILIES = [
  'value',
  'expected',
  'lower',
  'upper',
  'score',
  'anomaly',
  'view',
  'alarm',
  'contribution',
  'forecast',
  'forecast_lower',
  'forecast_upper',
] as const;
export type Family = (typeof FAMILIES)[number];

/** One scored instant of a pipeline: a column per family, entry s belongs to `series[s]`. NaN: nothing to publish. */
export interface ScoredStep {
  readonly timestampMs: number;
  readonly value: Float64Array;
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly score: Float64Array;
  readonly anomaly: Float64Array;
  /** What the sample was most conspicuous by, an index into the evaluation's `views`; of use where `score` is a number. */
  readonly view: Uint8Array;
  /** −1, 0, 1: side of the alarm that is open; undefined where the pipeline does not publish it. */
  readonly alarm?: Float64Array;
  /** Share of the series in its group's score, where several series are scored together. */
  readonly contribution?: Float64Array;
}

/** Look-ahead of a pipeline, stamped with the evaluation: columns as above, one entry of the list per horizon. */
export interface LookAhead {
  /** As the user wrote it, `1h`; the label `horizon`. */
  readonly horizon: string;
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** A forecast path stamped with its own, future, instants; only made when `future_samples` is on. */
export interface FuturePath {
  readonly timestampsMs: readonly number[];
  /** Step-major: entry [i * series.length + s]. */
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Scored steps of members that were others than those of the evaluation; columns belong to these `series`. */
export interface Farewell {
  readonly series: readonly Labels[];
  readonly steps: readonly ScoredStep[];
}

/** What one evaluation of a pipeline has to say. `steps` ascend in time; a catch-up has several, usually there is one. */
export interface Evaluation {
  readonly pipeline: string;
  /** Output labels of each series: the input's, the group's and pipeline's, and `pipeline`. No `__name__`. */
  readonly series: readonly Labels[];
  readonly timestampMs: number;
  readonly steps: readonly ScoredStep[];
  /** Steps before those, while series that have ended since were there. Nothing of them is current. */
  readonly farewell?: Farewell;
  /** Names of the views of the pipeline's technique. */
  readonly views: readonly string[];
  readonly lookAhead: readonly LookAhead[];
  readonly futurePath?: FuturePath;
  /** Output labels of series that were published before and are gone. */
  readonly ended: readonly Labels[];
  /** Published before a restart, and told again for who shows what is; who stores samples has them. */
  readonly isRepeated?: true;
}

export interface Publisher extends AsyncDisposable {
  /** Takes an evaluation; returns quickly. A publisher that queues has a bound and counts what it drops. */
  publish(evaluation: Evaluation): void | Promise<void>;
  /** The pipeline is gone: everything it published ends. */
  remove(pipeline: string, ended: readonly Labels[], timestampMs: number): void;
}
