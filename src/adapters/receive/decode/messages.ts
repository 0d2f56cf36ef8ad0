import type { LabelMatcher } from '../../../series/matcher.ts';

/** What a pipeline wants of what passes. */
export interface StreamDefinition {
  readonly pipeline: string;
  readonly matchers: readonly LabelMatcher[];
  readonly stepMs: number;
  /** Undefined: values as they are. */
  readonly rateMs: number | undefined;
  /** Most series; 0 = no limit. */
  readonly limit: number;
}

export interface DeskSettings {
  readonly streams: readonly StreamDefinition[];
  readonly maxSeries: number;
  readonly queueSamples: number;
  readonly decodedBytes: number;
  readonly haLabels: { readonly cluster: string; readonly replica: string; readonly failoverMs: number } | undefined;
}

export type ProtocolVersion = '1.0' | '2.0';

/** A request to look at. */
export interface PassedRequest {
  readonly version: ProtocolVersion;
  /** Not changed by anyone until it was looked at. */
  readonly body: Uint8Array;
  readonly receivedMs: number;
}

/** What the desk of the thread that decodes is asked. */
export type ToDesk =
  | {
      readonly kind: 'configure';
      readonly settings: DeskSettings;
      /** Streams that are new know what comes from now on. */
      readonly nowMs: number;
    }
  | { readonly kind: 'requests'; readonly requests: readonly PassedRequest[] }
  | {
      /** Begins a read of [startMs, endMs]: what is older is let go, and what comes later for this span is late. */
      readonly kind: 'begin';
      readonly pipeline: string;
      readonly startMs: number;
      readonly endMs: number;
    }
  | { readonly kind: 'block'; readonly pipeline: string; readonly startMs: number; readonly steps: number };

/** Samples of a pipeline since the last report. */
export interface StreamTally {
  readonly pipeline: string;
  readonly matched: number;
  readonly late: number;
  readonly future: number;
  readonly replica: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly limit: number;
}

/** What became of requests, by how many: decoded as a version, or not. */
export type Outcomes = Readonly<Record<ProtocolVersion | 'malformed' | 'too_large', number>>;

export interface DeskReport {
  readonly kind: 'report';
  readonly outcomes: Outcomes;
  readonly samples: number;
  readonly series: number;
  readonly queueSamples: number;
  readonly busyMs: number;
  readonly tallies: readonly StreamTally[];
}

export interface Begun {
  readonly kind: 'begun';
  /** First instant of the grid whose samples are all known; Infinity when the pipeline has no stream. */
  readonly knownFromMs: number;
  /** First instant of the grid that has a sample; Infinity when none has. */
  readonly oldestMs: number;
  readonly series: number;
}

export interface StreamBlock {
  readonly kind: 'block';
  /** Labels of slots that were not told before, or that stand for another series now. */
  readonly told: readonly { readonly slot: number; readonly pairs: readonly string[] }[];
  /** Slot of each row; rows without a sample are left out. */
  readonly slots: Int32Array<ArrayBuffer>;
  /** Row-major, `steps` a row. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Finite ones. */
  readonly samples: number;
}

/** What comes back: one message for each, in order. */
export type FromDesk = DeskReport | Begun | StreamBlock;
