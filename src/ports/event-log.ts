import type { Labels } from '../series/labels.ts';

/** The sample of an anomaly with the highest score, and the band it met. Numbers of the series' own unit. */
export interface AnomalyPeak {
  readonly timestampMs: number;
  readonly score: number;
  readonly value: number;
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  /** Which of the technique's views spoke. */
  readonly view: string;
}

/** Why an anomaly is over. */
export type AnomalyEnding =
  | 'recovered'
  /** The series is gone. */
  | 'series_ended'
  /** A maintenance or exclude window began. */
  | 'excluded'
  /** The pipeline is gone or has another shape. */
  | 'pipeline_ended'
  /** After a restart nothing is known of it but its begin. */
  | 'state_lost';

/** An alarm of one series, from its opening to its end. */
export interface AnomalyEvent {
  /** The same for the same anomaly over restarts: made of pipeline, labels and start. */
  readonly id: string;
  readonly pipeline: string;
  readonly group: string;
  /** Output labels of the series. */
  readonly labels: Labels;
  readonly technique: string;
  /** Side on which it opened. */
  readonly direction: 'above' | 'below';
  readonly startMs: number;
  /** Its newest anomalous sample; the last one once it is over. */
  readonly lastMs: number;
  /** Undefined while it is open. */
  readonly ending: AnomalyEnding | undefined;
  readonly peak: AnomalyPeak;
}

/** Where anomalies are written down, a line when one opens and a line when it is over. */
export interface EventLog extends AsyncDisposable {
  /** Returns at once. A log that cannot write says so once and counts what it drops. */
  write(moment: 'opened' | 'closed', event: AnomalyEvent): void;
}
