import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ForecastBlock } from '../../src/forecast/forecast.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { ForecastRequest, ModelEngine } from '../../src/ports/model-engine.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { gaussian, randomOf } from '../support/random.ts';

const MINUTE_MS = 60_000;
const STEPS = 300;

/** An engine under test and the name by which requests ask for it. */
export interface EngineHarness {
  readonly engine: ModelEngine;
  readonly id: string;
}

/** A request about columns of 300 minutes; shorter ones are missing at the start. */
export function requestFor(id: string, columns: readonly ArrayLike<number>[], horizonSteps = 10): ForecastRequest {
  const values = new Float64Array(columns.length * STEPS).fill(Number.NaN);
  columns.forEach((column, s) => {
    values.set(column, (s + 1) * STEPS - column.length);
  });
  return {
    context: {
      labels: columns.map((_, s) => labelsFromRecord({ series: String(s) })),
      grid: { startMs: 1_700_000_040_000, stepMs: MINUTE_MS, steps: STEPS },
      values,
    },
    horizonSteps,
    engine: id,
    parameters: {},
    hints: columns.map(() => undefined),
  };
}

/** `count` series around 100, 200, 300 … */
export function noisyColumns(count: number): Float64Array[] {
  const random = randomOf(42);
  return Array.from({ length: count }, (_, s) =>
    Float64Array.from({ length: STEPS }, () => 100 * (s + 1) + gaussian(random)),
  );
}

/** The row of a series at a step. */
export function rowOf(block: ForecastBlock, series: number, step: number): Float64Array {
  const width = block.levels.length;
  return block.quantiles.subarray((series * block.steps + step) * width, (series * block.steps + step + 1) * width);
}

/** What every forecast engine must do. */
export function modelEngineContract(open: () => Promise<EngineHarness>): void {
  describe('model engine contract', () => {
    let harness: EngineHarness;
    const never = new AbortController().signal;
    beforeAll(async () => {
      harness = await open();
    });
    afterAll(async () => {
      await harness.engine[Symbol.asyncDispose]();
    });

    it('says what it looks at and what it answers', () => {
      expect(harness.engine.traits.levels).toEqual(QUANTILE_LEVELS);
      expect(harness.engine.traits.maxContextSteps).toBeGreaterThanOrEqual(STEPS);
    });

    it('answers rows for every series, in order, from the step after the context on', async () => {
      const request = requestFor(harness.id, noisyColumns(30), 7);
      const block = await harness.engine.forecast(request, never);
      expect(block.startMs).toBe(request.context.grid.startMs + STEPS * MINUTE_MS);
      expect(block).toMatchObject({ stepMs: MINUTE_MS, steps: 7, levels: QUANTILE_LEVELS });
      expect(block.quantiles).toHaveLength(30 * 7 * QUANTILE_LEVELS.length);
      expect(block.hints).toHaveLength(30);
      for (let s = 0; s < 30; s++) {
        for (let step = 0; step < 7; step++) {
          const row = rowOf(block, s, step);
          expect(Math.abs(row[6]! - 100 * (s + 1))).toBeLessThan(10);
          expect([...row]).toEqual([...row].sort((a, b) => a - b));
        }
      }
    });

    it('leaves the context as it was', async () => {
      const request = requestFor(harness.id, noisyColumns(3));
      const before = request.context.values.slice();
      await harness.engine.forecast(request, never);
      expect(request.context.values).toEqual(before);
    });

    it('answers NaN for a series without samples, and the others all the same', async () => {
      const [first, last] = noisyColumns(2);
      const block = await harness.engine.forecast(requestFor(harness.id, [first!, [], last!]), never);
      expect([...rowOf(block, 1, 0)].every(Number.isNaN)).toBe(true);
      for (const series of [0, 2]) expect([...rowOf(block, series, 9)].every(Number.isFinite)).toBe(true);
    });

    it('forecasts from two samples', async () => {
      const block = await harness.engine.forecast(requestFor(harness.id, [[5, 6]], 3), never);
      expect([...block.quantiles].every(Number.isFinite)).toBe(true);
    });

    it('answers nothing for no series', async () => {
      const block = await harness.engine.forecast(requestFor(harness.id, []), never);
      expect(block.quantiles).toHaveLength(0);
      expect(block.hints).toEqual([]);
    });

    it('takes its hints back, also after they were stored as JSON, and answers the same with them', async () => {
      const request = requestFor(harness.id, noisyColumns(4));
      const first = await harness.engine.forecast(request, never);
      const hints = JSON.parse(JSON.stringify(first.hints));
      const second = await harness.engine.forecast({ ...request, hints }, never);
      expect(second.hints).toEqual(first.hints);
      expect(second.quantiles).toEqual(first.quantiles);
    });

    it('rejects an engine it does not have, and parameters that engine does not take', async () => {
      const request = requestFor(harness.id, noisyColumns(1));
      const unknown = harness.engine.forecast({ ...request, engine: 'astrology' }, never);
      await expect(unknown).rejects.toMatchObject({ code: 'engine_unavailable' });
      const wrong = harness.engine.forecast({ ...request, parameters: { moon: 'full' } }, never);
      await expect(wrong).rejects.toMatchObject({ code: 'engine_unavailable' });
    });

    it('rejects with the reason of the signal, before and while it works', async () => {
      const reason = new Error('no longer wanted');
      const request = requestFor(harness.id, noisyColumns(20));
      await expect(harness.engine.forecast(request, AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      const running = harness.engine.forecast(request, controller.signal);
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
      await expect(harness.engine.forecast(request, never)).resolves.toBeDefined();
    });

    it('forecasts no more once it is closed', async () => {
      const { engine, id } = await open();
      await engine[Symbol.asyncDispose]();
      const late = engine.forecast(requestFor(id, noisyColumns(1)), never);
      await expect(late).rejects.toMatchObject({ code: 'shutting_down' });
    });
  });
}
