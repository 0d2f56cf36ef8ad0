import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scheduler, Slot, TaskRun } from '../../src/ports/scheduler.ts';

/** A scheduler under test and the time it lives in. `advance` returns once all that became due has been started. */
export interface SchedulerHarness {
  readonly scheduler: Scheduler;
  nowMs(): number;
  advance(byMs: number): Promise<void>;
}

const MINUTE_MS = 60_000;

export function everyMinute(pipeline: string, task: Slot['task'] = 'anomaly', phaseMs = 0): Slot {
  return { pipeline, task, when: { kind: 'interval', everyMs: MINUTE_MS, phaseMs } };
}

/** What every scheduler must do, wherever its slots are kept. `open` starts at 2026-11-20T10:00:30Z. */
export function schedulerContract(open: () => Promise<SchedulerHarness>): void {
  describe('scheduler contract', () => {
    let harness: SchedulerHarness;
    let runs: TaskRun[];
    let missed: TaskRun[];
    let execute: (run: TaskRun) => Promise<void>;
    const startMs = Date.UTC(2026, 10, 20, 10, 0, 30);
    const at = (...offsetsMs: number[]) => offsetsMs.map((offsetMs) => startMs + offsetMs);
    const times = (pipeline: string) => runs.filter((run) => run.pipeline === pipeline).map((run) => run.timestampMs);

    beforeEach(async () => {
      harness = await open();
      runs = [];
      missed = [];
      execute = async () => {};
      harness.scheduler.run(
        (run) => {
          runs.push(run);
          return execute(run);
        },
        (run) => void missed.push(run),
      );
    });
    afterEach(async () => {
      await harness.scheduler[Symbol.asyncDispose]();
    });

    it('runs interval slots at their phase, not at the start', async () => {
      expect(harness.nowMs()).toBe(startMs);
      await harness.scheduler.replace([everyMinute('a', 'anomaly', 45_000)]);
      await harness.advance(14_000);
      expect(runs).toEqual([]);
      await harness.advance(2 * MINUTE_MS);
      expect(runs).toEqual([
        { pipeline: 'a', task: 'anomaly', timestampMs: startMs + 15_000 },
        { pipeline: 'a', task: 'anomaly', timestampMs: startMs + 75_000 },
      ]);
    });

    it('runs cron slots in their time zone', async () => {
      const cron = (pipeline: string, expression: string, timezone: string): Slot => ({
        pipeline,
        task: 'forecast',
        when: { kind: 'cron', expression, timezone },
      });
      await harness.scheduler.replace([
        cron('quarters', '*/15 * * * *', 'UTC'),
        cron('kathmandu', '0 16 * * *', 'Asia/Kathmandu'),
        cron('hourly', '@hourly', 'UTC'),
        cron('seconds', '50 0 10 * * *', 'UTC'),
      ]);
      await harness.advance(60 * MINUTE_MS);
      expect(times('quarters')).toEqual([15, 30, 45, 60].map((minute) => startMs - 30_000 + minute * MINUTE_MS));
      expect(times('kathmandu')).toEqual(at(14.5 * MINUTE_MS));
      expect(times('hourly')).toEqual(at(59.5 * MINUTE_MS));
      expect(times('seconds')).toEqual(at(20_000));
    });

    it('never runs a task of a pipeline twice at once and tells what it dropped', async () => {
      const release: (() => void)[] = [];
      execute = () => new Promise((resolve) => release.push(resolve));
      await harness.scheduler.replace([everyMinute('a'), everyMinute('b')]);
      await harness.advance(2 * MINUTE_MS);
      expect(runs.map((run) => run.pipeline).sort()).toEqual(['a', 'b']);
      expect(missed.map((run) => [run.pipeline, run.timestampMs]).sort()).toEqual([
        ['a', startMs + 90_000],
        ['b', startMs + 90_000],
      ]);
      for (const end of release) end();
      await harness.advance(MINUTE_MS);
      expect(times('a')).toEqual(at(30_000, 150_000));
      for (const end of release) end();
    });

    it('runs the tasks of one pipeline beside each other', async () => {
      const release: (() => void)[] = [];
      execute = () => new Promise((resolve) => release.push(resolve));
      await harness.scheduler.replace([everyMinute('a', 'anomaly'), everyMinute('a', 'forecast')]);
      await harness.advance(MINUTE_MS);
      expect(runs.map((run) => run.task).sort()).toEqual(['anomaly', 'forecast']);
      expect(missed).toEqual([]);
      for (const end of release) end();
    });

    it('goes on after a task that failed', async () => {
      execute = async () => {
        throw new Error('no data');
      };
      await harness.scheduler.replace([everyMinute('a')]);
      await harness.advance(3 * MINUTE_MS);
      expect(runs).toHaveLength(3);
      expect(missed).toEqual([]);
    });

    it('replaces the plan: kept slots keep their rhythm, new ones come, others end', async () => {
      await harness.scheduler.replace([everyMinute('kept', 'anomaly', 10_000), everyMinute('gone')]);
      await harness.advance(MINUTE_MS);
      await harness.scheduler.replace([everyMinute('kept', 'anomaly', 10_000), everyMinute('new', 'anomaly', 20_000)]);
      await harness.advance(MINUTE_MS);
      expect(times('kept')).toEqual(at(40_000, 100_000));
      expect(times('gone')).toEqual(at(30_000));
      expect(times('new')).toEqual(at(110_000));
    });

    it('refuses a plan with a cron expression that does not exist, and keeps the old one', async () => {
      await harness.scheduler.replace([everyMinute('a')]);
      const broken: Slot = {
        pipeline: 'b',
        task: 'forecast',
        when: { kind: 'cron', expression: '61 * * * *', timezone: 'UTC' },
      };
      await expect(harness.scheduler.replace([broken])).rejects.toMatchObject({ code: 'config_invalid' });
      await harness.advance(MINUTE_MS);
      expect(times('a')).toEqual(at(30_000));
    });

    it('ends when what runs has ended, and starts nothing any more', async () => {
      let end = () => {};
      execute = () =>
        new Promise((resolve) => {
          end = resolve;
        });
      await harness.scheduler.replace([everyMinute('a'), everyMinute('b', 'anomaly', 20_000)]);
      await harness.advance(35_000);
      let ended = false;
      const closing = harness.scheduler[Symbol.asyncDispose]().then(() => {
        ended = true;
      });
      await harness.advance(5 * MINUTE_MS);
      expect(ended).toBe(false);
      end();
      await closing;
      expect(runs).toHaveLength(1);
    });
  });
}
