/** `look_ahead` moves what was forecast on with the clock, where no evaluation comes by that does. */
export type TaskKind = 'forecast' | 'anomaly' | 'look_ahead';

/** When a task of a pipeline runs: every `everyMs` at a phase of its own, or by cron. */
export interface Slot {
  readonly pipeline: string;
  readonly task: TaskKind;
  readonly when:
    | {
        readonly kind: 'interval';
        readonly everyMs: number /** 0 ≤ phaseMs < everyMs, spreads groups */;
        readonly phaseMs: number;
      }
    | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string };
}

/** Names, not closures: (pipeline, task, evaluation timestamp) is all a task needs. */
export interface TaskRun {
  readonly pipeline: string;
  readonly task: TaskKind;
  readonly timestampMs: number;
}

export interface Scheduler extends AsyncDisposable {
  /** Replaces the whole plan. Slots that are in both plans keep their rhythm. */
  replace(plan: readonly Slot[]): Promise<void>;
  /**
   * Calls `execute` at each slot, never twice at once for the same (pipeline, task): a slot that comes while the last
   * is still running is dropped and `missed` told. Set once, before the first `replace`.
   */
  run(execute: (run: TaskRun) => Promise<void>, missed: (run: TaskRun) => void): void;
  /** Ends: no new slots; resolves when what is running has finished. */
  [Symbol.asyncDispose](): Promise<void>;
}
