import { describeError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Scheduler, Slot, TaskRun } from '../../ports/scheduler.ts';
import { type SlotTimes, slotTimes, timesKey } from './slot-times.ts';

/** The longest sleep: a clock that is set, or a machine that was suspended, is noticed at the next look. */
const LONGEST_SLEEP_MS = 30_000;
/** Below this a backward move of the clock is waited out; beyond it the clock was set and the plan starts anew. */
const CLOCK_SET_BACK_MS = 5_000;
/** Most slots of one entry that are told as missed at once; after a weekend of suspension more would be no news. */
const MOST_MISSED_TOLD = 1_000;

interface Entry {
  readonly slot: Slot;
  readonly times: SlotTimes;
  nextMs: number;
}

/** Slots of this process, from one timer. Needs no server and no other process; keeps nothing over a restart. */
export function openInProcessScheduler(options: { readonly clock: Clock; readonly logger: Logger }): Scheduler {
  return new InProcessScheduler(options.clock, options.logger);
}

class InProcessScheduler implements Scheduler {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #running = new Map<string, Promise<void>>();
  #entries = new Map<string, Entry>();
  #execute: ((run: TaskRun) => Promise<void>) | undefined;
  #missed: (run: TaskRun) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  run(execute: (run: TaskRun) => Promise<void>, missed: (run: TaskRun) => void): void {
    this.#execute = execute;
    this.#missed = missed;
  }

  async replace(plan: readonly Slot[]): Promise<void> {
    if (this.#execute === undefined) throw new Error('run() comes before the first replace()');
    if (this.#closed) return;
    const nowMs = this.#clock.nowMs();
    const timesByKey = new Map<string, SlotTimes>();
    const entries = new Map<string, Entry>();
    for (const slot of plan) {
      const when = timesKey(slot.when);
      const key = JSON.stringify([slot.pipeline, slot.task, when]);
      const kept = this.#entries.get(key);
      const times = kept?.times ?? timesByKey.get(when) ?? slotTimes(slot.when);
      timesByKey.set(when, times);
      entries.set(key, kept ?? { slot, times, nextMs: times.nextAfter(nowMs) });
    }
    this.#entries = entries;
    this.#arm(nowMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#entries.clear();
    await Promise.all(this.#running.values());
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    const wasSetBack = nowMs < this.#lastLookMs - CLOCK_SET_BACK_MS;
    for (const entry of this.#entries.values()) {
      if (wasSetBack) entry.nextMs = entry.times.nextAfter(nowMs);
      else if (entry.nextMs <= nowMs) this.#runNewest(entry, nowMs);
    }
    this.#arm(nowMs);
  }

  /** Runs the newest slot that is due. Older ones were slept over: evaluating them now would tell nothing new. */
  #runNewest(entry: Entry, nowMs: number): void {
    const { slot, times } = entry;
    const runAt = (timestampMs: number): TaskRun => ({ pipeline: slot.pipeline, task: slot.task, timestampMs });
    let dueMs = entry.nextMs;
    let nextMs = times.nextAfter(dueMs);
    for (let told = 0; nextMs <= nowMs; told++) {
      if (told < MOST_MISSED_TOLD) this.#missed(runAt(dueMs));
      else nextMs = Math.max(nextMs, newestBefore(times, nowMs, nextMs - dueMs));
      dueMs = nextMs;
      nextMs = times.nextAfter(dueMs);
    }
    entry.nextMs = nextMs;
    this.#start(runAt(dueMs));
  }

  #start(run: TaskRun): void {
    const key = JSON.stringify([run.pipeline, run.task]);
    if (this.#running.has(key)) {
      this.#missed(run);
      return;
    }
    this.#running.set(key, this.#runToEnd(run, key));
  }

  async #runToEnd(run: TaskRun, key: string): Promise<void> {
    // Lets the caller note the run first: a task that ends at once must not be noted after its end.
    await null;
    try {
      await this.#execute?.(run);
    } catch (error) {
      const { pipeline, task } = run;
      this.#logger.log('error', 'task failed', { pipeline, task, err: describeError(error) });
    } finally {
      this.#running.delete(key);
    }
  }

  /** Waits for the earliest slot by the clock, from where it stands now: delays never add up. */
  #arm(nowMs: number): void {
    clearTimeout(this.#timer);
    this.#lastLookMs = nowMs;
    if (this.#entries.size === 0 || this.#closed) return;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) earliestMs = Math.min(earliestMs, entry.nextMs);
    const sleepMs = Math.min(Math.max(1, earliestMs - nowMs), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#look(), sleepMs);
    // Slots alone are no reason to live: the server keeps the process up, and a command that is done may leave.
    this.#timer.unref();
  }
}

/** A slot close before an instant, found by looking one distance between slots back; −Infinity when none is there. */
function newestBefore(times: SlotTimes, nowMs: number, distanceMs: number): number {
  const foundMs = times.nextAfter(nowMs - distanceMs);
  return foundMs <= nowMs ? foundMs : Number.NEGATIVE_INFINITY;
}
