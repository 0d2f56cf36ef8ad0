import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openInProcessScheduler } from '../../../src/adapters/scheduler/in-process.ts';
import type { TaskRun } from '../../../src/ports/scheduler.ts';
import { everyMinute, schedulerContract } from '../../contract/scheduler.ts';
import { FakeClock } from '../../support/clock.ts';
import { collectingLogger, nullLogger } from '../../support/logger.ts';

const START_MS = Date.UTC(2026, 10, 20, 10, 0, 30);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

schedulerContract(async () => ({
  scheduler: openInProcessScheduler({ clock: { nowMs: () => Date.now() }, logger: nullLogger }),
  nowMs: () => Date.now(),
  advance: async (byMs) => {
    await vi.advanceTimersByTimeAsync(byMs);
  },
}));

describe('in-process scheduler', () => {
  /** The wall clock stands still until told, while timers run on: a suspended machine and a clock that is set. */
  function openApart() {
    const clock = new FakeClock(START_MS);
    const logger = collectingLogger();
    const scheduler = openInProcessScheduler({ clock, logger });
    const runs: number[] = [];
    const missed: TaskRun[] = [];
    scheduler.run(
      async (run) => void runs.push(run.timestampMs),
      (run) => void missed.push(run),
    );
    return { clock, logger, scheduler, runs, missed };
  }

  it('runs once after a suspension, at the newest slot, and tells the rest as missed', async () => {
    const { clock, scheduler, runs, missed } = openApart();
    await scheduler.replace([everyMinute('a')]);
    clock.advance(8 * HOUR_MS);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(runs).toEqual([START_MS - 30_000 + 8 * HOUR_MS]);
    expect(missed).toHaveLength(8 * 60 - 1);
    expect(missed[0]).toEqual({ pipeline: 'a', task: 'anomaly', timestampMs: START_MS + 30_000 });
    await scheduler[Symbol.asyncDispose]();
  });

  it('bounds what it tells after a very long one, and still runs at the newest slot', async () => {
    const { clock, scheduler, runs, missed } = openApart();
    await scheduler.replace([{ ...everyMinute('a'), when: { kind: 'interval', everyMs: 1000, phaseMs: 250 } }]);
    clock.advance(30 * 24 * HOUR_MS);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(runs[0]).toBe(START_MS + 30 * 24 * HOUR_MS - 750);
    expect(missed).toHaveLength(1000);
    await scheduler[Symbol.asyncDispose]();
  });

  it('plans anew when the clock is set back, instead of waiting for the old time to come again', async () => {
    const { clock, scheduler, runs, missed } = openApart();
    await scheduler.replace([everyMinute('a')]);
    clock.advance(30_000);
    await vi.advanceTimersByTimeAsync(30_000);
    clock.advance(-HOUR_MS);
    await vi.advanceTimersByTimeAsync(30_000);
    clock.advance(MINUTE_MS);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(runs).toEqual([START_MS + 30_000, START_MS + 90_000 - HOUR_MS]);
    expect(missed).toEqual([]);
    await scheduler[Symbol.asyncDispose]();
  });

  it('does not repeat a slot when the clock is nudged back by less than its own slack', async () => {
    const { clock, scheduler, runs } = openApart();
    await scheduler.replace([everyMinute('a')]);
    clock.setTo(START_MS + 30_001);
    await vi.advanceTimersByTimeAsync(30_000);
    clock.setTo(START_MS + 29_000);
    await vi.advanceTimersByTimeAsync(30_000);
    clock.setTo(START_MS + 31_000);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(runs).toEqual([START_MS + 30_000]);
    await scheduler[Symbol.asyncDispose]();
  });

  it('logs a task that failed, with its name', async () => {
    const { clock, logger, scheduler } = openApart();
    scheduler.run(
      () => {
        throw new Error('thrown before any promise');
      },
      () => {},
    );
    await scheduler.replace([everyMinute('a')]);
    for (let i = 0; i < 2; i++) {
      clock.advance(MINUTE_MS);
      await vi.advanceTimersByTimeAsync(MINUTE_MS);
    }
    expect(logger.lines).toHaveLength(2);
    expect(logger.lines[0]).toMatchObject({ level: 'error', fields: { pipeline: 'a', task: 'anomaly' } });
    await scheduler[Symbol.asyncDispose]();
  });

  it('leaves no timer behind', async () => {
    const { scheduler } = openApart();
    await scheduler.replace([everyMinute('a')]);
    expect(vi.getTimerCount()).toBe(1);
    await scheduler[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses a plan before it knows what to run', async () => {
    const scheduler = openInProcessScheduler({ clock: new FakeClock(START_MS), logger: nullLogger });
    await expect(scheduler.replace([])).rejects.toThrow('run()');
  });
});
