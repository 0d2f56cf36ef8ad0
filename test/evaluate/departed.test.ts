import { describe, expect, it } from 'vitest';
import { DepartedSet } from '../../src/evaluate/departed.ts';
import { labelValue } from '../../src/series/labels.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

const DAY_MS = 1440 * MINUTE_MS;
const memory = new Uint8Array(100);

describe('series that ended', () => {
  it('are known once, for a week', () => {
    const departed = new DepartedSet(10_000);
    departed.keep('a', { memory, leftMs: 0 });
    departed.keep('b', { memory, leftMs: 6 * DAY_MS });
    expect(departed.take('a')).toEqual({ memory, leftMs: 0 });
    expect(departed.take('a')).toBeUndefined();
    departed.keep('a', { memory, leftMs: 6 * DAY_MS });
    departed.keep('c', { memory, leftMs: 13 * DAY_MS + 1 });
    expect(departed.take('b')).toBeUndefined();
    expect(departed.bytes).toBe(100);
  });

  it('are bounded in number, the oldest going first', () => {
    const departed = new DepartedSet(10_000);
    for (let i = 0; i < 10_001; i++) departed.keep(String(i), { memory, leftMs: i });
    expect(departed.take('0')).toBeUndefined();
    expect(departed.bytes).toBe(1_000_000);
    expect(departed.take('1')).toBeDefined();
  });

  it.each(['tail', 'z_score'])(
    'are scored by %s at once when they come back, as if they had never ended',
    async (technique) => {
      const isGone = (timeMs: number) => timeMs > NOON_MS && timeMs <= NOON_MS + 6 * MINUTE_MS;
      const back = NOON_MS + 7 * MINUTE_MS;
      const value = (timeMs: number) => (timeMs === back + MINUTE_MS ? 500 : noisy(timeMs));
      const gone = (timeMs: number) => (isGone(timeMs) ? Number.NaN : value(timeMs));
      const scores: number[][] = [];
      for (const everyMinutes of [1, 10]) {
        const series = new Map([
          ['gone', gone],
          ['stays', noisy],
        ]);
        const { runner, evaluations } = harness(series, {
          mode: 'anomaly_only',
          anomaly: { ...harness(series).pipeline.anomaly, technique },
        });
        for (let minute = 0; minute <= 10; minute += everyMinutes)
          await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
        const steps = evaluations.flatMap((evaluation) => evaluation.steps.map((step) => ({ evaluation, step })));
        const after = steps.filter(({ step }) => step.timestampMs >= back);
        scores.push(after.map(({ evaluation, step }) => published(evaluation, 'gone', step).score!));
        // Evaluated each minute it ends in between, after ten minutes it has never been gone.
        expect(evaluations.flatMap(({ ended }) => ended)).toHaveLength(everyMinutes === 1 ? 1 : 0);
      }
      expect(scores[0]).toHaveLength(4);
      expect(scores[0]).toEqual(scores[1]);
      expect(scores[0]![1]).toBeGreaterThan(1);
    },
  );

  it.each(['anomaly_only', 'forecast_and_anomaly'] as const)(
    'are scored up to their end, however many steps one evaluation takes up (%s)',
    async (mode) => {
      const lastMs = NOON_MS + 3 * MINUTE_MS;
      const until = (timeMs: number) => (timeMs > lastMs ? Number.NaN : timeMs === lastMs ? 500 : noisy(timeMs));
      const scores: number[][] = [];
      const endings: string[] = [];
      for (const everyMinutes of [1, 10]) {
        const series = new Map([
          ['leaves', until],
          ['stays', noisy],
          ['visits', (timeMs: number) => (timeMs > NOON_MS ? until(timeMs) : Number.NaN)],
        ]);
        const { runner, evaluations } = harness(series, { mode });
        for (let minute = 0; minute <= 20; minute += everyMinutes)
          await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
        const at = (instance: string) =>
          evaluations
            .flatMap((evaluation) => [...(evaluation.farewell ? [evaluation.farewell] : []), evaluation])
            .flatMap((said) => said.steps.map((step) => published(said, instance, step).score))
            .filter((score) => score !== undefined && Number.isFinite(score)) as number[];
        scores.push(at('leaves'), at('stays'));
        endings.push(evaluations.flatMap(({ ended }) => ended.map((labels) => labelValue(labels, 'instance'))).join());
        const ending = evaluations.find(({ ended }) => ended.length > 0)!;
        expect(ending.series.map((labels) => labelValue(labels, 'instance'))).toEqual(['stays']);
        expect(ending.farewell === undefined).toBe(everyMinutes === 1);
        expect(runner.status().series).toBe(1);
      }
      const [leavesEachMinute, staysEachMinute, leaves, stays] = scores;
      expect(leaves!.slice(-3)).toEqual(leavesEachMinute!.slice(-3));
      expect(leaves!.at(-1)).toBeGreaterThan(1);
      expect(stays!.slice(-20)).toEqual(staysEachMinute!.slice(-20));
      expect(endings).toEqual(['leaves,visits', 'leaves,visits']);
    },
  );

  it.each([
    ['tail', 'anomaly_only'],
    ['z_score', 'anomaly_only'],
    ['tail', 'forecast_and_anomaly'],
  ] as const)('are scored by %s in the end even if they are gone most of the time (%s)', async (technique, mode) => {
    // Five minutes in half an hour: each visit is shorter than a warm-up.
    const isThere = (timeMs: number) => ((timeMs / MINUTE_MS) % 30) + 1 <= 5;
    const series = new Map([
      ['visits', (timeMs: number) => (timeMs > NOON_MS && isThere(timeMs) ? noisy(timeMs) : Number.NaN)],
      ['stays', noisy],
    ]);
    const { runner, evaluations } = harness(series, {
      mode,
      anomaly: { ...harness(series).pipeline.anomaly, technique },
    });
    let scored = 0;
    for (let minute = 0; minute <= 24 * 60; minute++) {
      await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
      const evaluation = evaluations.at(-1)!;
      scored += evaluation.steps.filter((step) => Number.isFinite(published(evaluation, 'visits', step).score)).length;
    }
    expect(scored).toBeGreaterThan(100);
  });
});
