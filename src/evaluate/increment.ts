import type { Pipeline } from '../rules/pipeline.ts';
import type { ReadResult } from './read-task.ts';

export interface Work {
  readonly pipeline: Pipeline;
  readonly timestampMs: number;
}

/** What was read, and which of the living series are new in it. */
export interface Reading {
  readonly read: ReadResult;
  readonly newcomers: readonly number[];
  /** Whether the contexts hold what there was of them before. */
  readonly hasPast: boolean;
}
