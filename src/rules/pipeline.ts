import type { AlarmRule } from './alarm-rule.ts';
import type { Holidays } from './holidays.ts';
import type { StreamInput } from './stream.ts';

/** A pipeline as the rest of the product sees it: every default filled in, durations in milliseconds. */
export interface Pipeline {
  readonly name: string;
  /** Group it belongs to; with a bare `pipelines:` file, the file's base name. */
  readonly group: string;
  readonly description: string;
  readonly enabled: boolean;
  /** Name of the data source in the settings; one that only streams name need not be there. */
  readonly datasource: string;
  /** What is read; of a stream, what reads its past from the data source. */
  readonly query: string;
  /** Undefined: the pipeline reads. */
  readonly stream: StreamInput | undefined;
  readonly stepMs: number;
  readonly contextWindowMs: number;
  readonly predictionHorizonMs: number;
  readonly mode: 'forecast_and_anomaly' | 'forecast_only' | 'anomaly_only';
  readonly forecastSchedule: string;
  /** Cron; undefined: the group's interval. */
  readonly anomalySchedule: string | undefined;
  readonly timezone: string;
  /** Local days that behave as another day of the week; for engines that know the calendar. */
  readonly holidays: Holidays;
  readonly intervalMs: number;
  readonly queryOffsetMs: number;
  /** Most series it may publish; 0 = no limit. */
  readonly limit: number;
  /** Group labels and the pipeline's own, merged. */
  readonly labels: Readonly<Record<string, string>>;
  readonly model: {
    readonly type: 'local' | 'remote';
    readonly id: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
  /** Whether series are scored together, as groups that `anomaly.by` tells apart. */
  readonly isMultivariate: boolean;
  readonly anomaly: {
    readonly technique: string;
    readonly confidenceLevel: number;
    readonly direction: 'both' | 'above' | 'below';
    readonly threshold: number;
    /** Score from which generated alerts page. */
    readonly pagingThreshold: number;
    /** Samples beyond the forecast's band stay out of its context this long. */
    readonly adaptAfterMs: number;
    readonly minDeviation: { readonly absolute: number; readonly relative: number };
    /** Labels whose values tell groups of series apart, for techniques that join series. */
    readonly by: readonly string[];
    readonly alarm: AlarmRule;
    /** Whether the alarm is a published family: the user asked for it by an `alarm:` block. */
    readonly publishesAlarm: boolean;
  };
  /** Windows in which nothing is flagged or learnt, the group's first; see exclude-window.ts. */
  readonly exclude: readonly string[];
  /** Undefined: unbounded. */
  readonly dataRange: readonly [number, number] | undefined;
  readonly output: {
    readonly horizons: readonly { readonly text: string; readonly ms: number }[];
    /** Levels of the look-ahead band: lowest and highest are its edges. */
    readonly quantiles: readonly number[];
    /** Also write the forecast path at its own future instants (remote write only). */
    readonly futureSamples: boolean;
  };
}

export interface Group {
  readonly name: string;
  readonly file: string;
  readonly intervalMs: number;
  readonly pipelines: readonly Pipeline[];
}

/** All groups of all rule files; pipeline names are unique in it. */
export interface GroupSet {
  readonly groups: readonly Group[];
}
