import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchForecast, forecastBatch, type ModelSource } from '../../../src/adapters/model/forecast-batch.ts';
import { ModelShelf } from '../../../src/adapters/model/onnx/model-shelf.ts';
import { OpenAnomalyError } from '../../../src/errors.ts';
import { CANDIDATE_IDS } from '../../../src/forecast/engines.ts';
import { QUANTILE_LEVELS } from '../../../src/forecast/quantile.ts';
import { gaussian, randomOf } from '../../support/random.ts';

const MINUTE_MS = 60_000;
const LEVELS = QUANTILE_LEVELS.length;
const ENGINES = ['auto', 'seasonal_naive', 'climatology', 'ets', 'openanomaly-tiny'];
const shelf = new ModelShelf();

interface Options {
  readonly horizonSteps?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly hints?: BatchForecast['hints'];
  readonly endMs?: number;
}

function forecast(engine: string, values: ArrayLike<number>, options: Options = {}): Promise<BatchForecast> {
  const steps = values.length;
  const endMs = options.endMs ?? 20_000 * MINUTE_MS;
  return forecastBatch(
    {
      series: 1,
      grid: { startMs: endMs - (steps - 1) * MINUTE_MS, stepMs: MINUTE_MS, steps },
      values: Float64Array.from(values),
      horizonSteps: options.horizonSteps ?? 15,
      engine,
      parameters: options.parameters ?? {},
      hints: options.hints ?? [undefined],
    },
    shelf,
  );
}

type Shape = (i: number, random: () => number) => number;

function series(length: number, shape: Shape): Float64Array {
  const random = randomOf(2024);
  return Float64Array.from({ length }, (_, i) => shape(i, random));
}

function quantile(result: BatchForecast, step: number, level: number): number {
  return result.quantiles[step * LEVELS + QUANTILE_LEVELS.indexOf(level)]!;
}

function expectRows(result: BatchForecast): void {
  for (let i = 0; i < result.quantiles.length; i++) {
    expect(Number.isFinite(result.quantiles[i])).toBe(true);
    if (i % LEVELS > 0) expect(result.quantiles[i]).toBeGreaterThanOrEqual(result.quantiles[i - 1]!);
  }
}

describe.each(ENGINES)('%s', (engine) => {
  it('answers whole numbers for counts, and multiples of a fraction for what goes by it', async () => {
    const counts = series(600, (i, random) => Math.floor(20 + 8 * Math.sin(i / 20) + 6 * random()));
    const whole = await forecast(engine, counts);
    expect(whole.quantiles.every(Number.isInteger)).toBe(true);
    const tenths = await forecast(
      engine,
      counts.map((count) => count / 10),
    );
    for (const level of tenths.quantiles) expect(Math.abs(10 * level - Math.round(10 * level))).toBeLessThan(1e-7);
    // A sample on an edge is within it, whatever rounding does to tenths.
    for (let i = 0; i < tenths.quantiles.length; i += LEVELS) {
      expect(tenths.quantiles[i]).toBeLessThanOrEqual(Math.round(10 * tenths.quantiles[i]!) / 10);
      expect(tenths.quantiles[i + LEVELS - 1]).toBeGreaterThanOrEqual(
        Math.round(10 * tenths.quantiles[i + LEVELS - 1]!) / 10,
      );
    }
    const shares = await forecast(
      engine,
      series(600, (_, random) => Math.max(0, Math.floor(12 * random()) - 6) / 10),
    );
    expect(Math.min(...shares.quantiles)).toBe(0);
  });

  it('answers ascending, finite rows for any context with a sample', async () => {
    const sample = fc.oneof(
      { weight: 5, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
      fc.constantFrom(0, 0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e15, -1e300, 1e-300),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(sample, { minLength: 1, maxLength: 150 }),
        fc.integer({ min: 1, max: 40 }),
        async (values, horizonSteps) => {
          fc.pre(values.some(Number.isFinite));
          expectRows(await forecast(engine, values, { horizonSteps }));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('answers NaN for a context without a finite sample', async () => {
    for (const values of [[], [Number.NaN], [Number.POSITIVE_INFINITY, Number.NaN]]) {
      expect((await forecast(engine, values)).quantiles.every(Number.isNaN)).toBe(true);
    }
  });

  it.each([0, 0.1, -3e9, 1e15, 1e-12, 1e-310, 1e300])('keeps a constant %d exactly', async (level) => {
    const { quantiles } = await forecast(
      engine,
      series(500, () => level),
    );
    expect(new Set(quantiles)).toEqual(new Set([level]));
  });

  it.each([1e-200, 1e-12, 1, 1e15, 1e200])('does not depend on the unit (%d)', async (unit) => {
    const shape: Shape = (i, random) => 20 + 5 * Math.sin((2 * Math.PI * i) / 48) + gaussian(random);
    const plain = (await forecast(engine, series(600, shape))).quantiles;
    const scaled = (
      await forecast(
        engine,
        series(600, shape).map((value) => value * unit),
      )
    ).quantiles;
    for (let i = 0; i < plain.length; i++) expect(scaled[i]! / unit / plain[i]!).toBeCloseTo(1, 9);
  });

  it('does not change when infinities are said to be missing', async () => {
    const noisy = series(400, (_, random) => 50 + gaussian(random));
    const at = (value: number) => noisy.map((other, i) => (i % 7 === 3 ? value : other));
    expect((await forecast(engine, at(Number.POSITIVE_INFINITY))).quantiles).toEqual(
      (await forecast(engine, at(Number.NaN))).quantiles,
    );
  });

  it('forecasts on after a gap at the end', async () => {
    const values = series(4000, (i, random) => (i < 1800 ? 50 + gaussian(random) : Number.NaN));
    const result = await forecast(engine, values);
    expectRows(result);
    expect(Math.abs(quantile(result, 14, 0.5) - 50)).toBeLessThan(5);
  });

  it('forecasts a rhythm through holes in its cycles', async () => {
    const rhythm = (i: number) => 100 + 50 * Math.sin((2 * Math.PI * i) / 60);
    const values = series(3000, (i) => (i % 500 < 100 ? Number.NaN : rhythm(i)));
    const result = await forecast(engine, values, { horizonSteps: 60 });
    for (let step = 0; step < 60; step++) {
      expect(Math.abs(quantile(result, step, 0.5) - rhythm(3000 + step))).toBeLessThan(10);
    }
  });

  it('rejects what it does not know', async () => {
    await expect(forecast(engine, [1, 2], { parameters: { moon: 1 } })).rejects.toThrow('has no parameter "moon"');
  });
});

describe('seasonal_naive', () => {
  it('repeats the last period it was told', async () => {
    const values = series(50, (i) => i);
    const result = await forecast('seasonal_naive', values, { horizonSteps: 12, parameters: { periods: ['5m'] } });
    const medians = Array.from({ length: 12 }, (_, step) => quantile(result, step, 0.5));
    expect(medians).toEqual([45, 46, 47, 48, 49, 45, 46, 47, 48, 49, 45, 46]);
  });

  it('takes the period before where a value is missing', async () => {
    const values = series(50, (i) => (i === 46 ? Number.NaN : i));
    const result = await forecast('seasonal_naive', values, { parameters: { periods: ['5m'] } });
    expect(quantile(result, 1, 0.5)).toBe(41);
  });
});

describe('climatology', () => {
  it('answers the quantiles of its window', async () => {
    const values = series(500, (i) => (i < 400 ? 1000 : i - 400));
    const result = await forecast('climatology', values, { parameters: { window: '99m', periods: [] } });
    QUANTILE_LEVELS.forEach((level) => {
      expect(quantile(result, 7, level)).toBeCloseTo(100 * level, 9);
    });
  });

  it('shifts them by the phase', async () => {
    const result = await forecast(
      'climatology',
      series(2000, (i, random) => 100 * (i % 40 < 20 ? 1 : 0) + gaussian(random)),
      {
        horizonSteps: 40,
      },
    );
    expect(Math.abs(quantile(result, 5, 0.5) - 100)).toBeLessThan(3);
    expect(Math.abs(quantile(result, 25, 0.5))).toBeLessThan(3);
  });
});

describe('ets', () => {
  it('follows a ramp for a while', async () => {
    const result = await forecast(
      'ets',
      series(600, (i, random) => 2 * i + gaussian(random)),
      { parameters: { periods: [] } },
    );
    expect(quantile(result, 0, 0.5)).toBeGreaterThan(1196);
    expect(Math.abs(quantile(result, 9, 0.5) - 2 * 609)).toBeLessThan(8);
  });

  it('widens with the lead where the series wanders', async () => {
    let level = 0;
    const result = await forecast(
      'ets',
      series(1700, (_, random) => (level += gaussian(random))),
      {
        horizonSteps: 60,
        parameters: { periods: [] },
      },
    );
    const width = (step: number) => quantile(result, step, 0.9) - quantile(result, step, 0.1);
    expect(width(59)).toBeGreaterThan(3 * width(0));
  });

  it('holds what it promises on noise', async () => {
    const random = randomOf(77);
    const noisy = Float64Array.from({ length: 1500 + 20_000 }, () => gaussian(random));
    const result = await forecast('ets', noisy.subarray(0, 1500));
    const future = noisy.subarray(1500);
    for (const [lower, upper, promise] of [
      [0.1, 0.9, 0.8],
      [0.05, 0.95, 0.9],
      [0.01, 0.99, 0.98],
    ] as const) {
      const low = quantile(result, 5, lower);
      const high = quantile(result, 5, upper);
      const inside = future.filter((value) => value >= low && value <= high).length / future.length;
      expect(Math.abs(inside - promise)).toBeLessThan(0.05);
    }
  });
});

describe('openanomaly-tiny', () => {
  const cycle: Shape = (i, random) => 50 + 20 * Math.sin((2 * Math.PI * i) / 90) + gaussian(random);

  it('follows a rhythm, in a band that fits its noise', async () => {
    const result = await forecast('openanomaly-tiny', series(3000, cycle), { horizonSteps: 90 });
    for (const step of [0, 40, 89]) {
      const truth = 50 + 20 * Math.sin((2 * Math.PI * (3000 + step)) / 90);
      expect(Math.abs(quantile(result, step, 0.5) - truth)).toBeLessThan(1);
      const width = quantile(result, step, 0.9) - quantile(result, step, 0.1);
      expect(width).toBeGreaterThan(1.5);
      expect(width).toBeLessThan(6);
    }
  });

  it('forecasts a batch as it forecasts each series alone', async () => {
    const random = randomOf(5);
    const columns = Array.from({ length: 21 }, (_, s) => series(1500, (i) => s * cycle(i, random)));
    const steps = 1500;
    const together = await forecastBatch(
      {
        series: columns.length,
        grid: { startMs: 0, stepMs: MINUTE_MS, steps },
        values: Float64Array.from(columns.flatMap((column) => [...column])),
        horizonSteps: 10,
        engine: 'openanomaly-tiny',
        parameters: {},
        hints: columns.map(() => undefined),
      },
      shelf,
    );
    for (const s of [0, 1, 20]) {
      const alone = await forecast('openanomaly-tiny', columns[s]!, { horizonSteps: 10 });
      const part = together.quantiles.subarray(s * 10 * LEVELS, (s + 1) * 10 * LEVELS);
      part.forEach((value, i) => {
        expect(value / (alone.quantiles[i]! || 1)).toBeCloseTo(alone.quantiles[i] === 0 ? 0 : 1, 4);
      });
    }
  });

  it('keeps its periods until they are old', async () => {
    const values = series(3000, cycle);
    const first = await forecast('openanomaly-tiny', values, { endMs: 1_000_000 * MINUTE_MS });
    expect(first.hints[0]!.periods[0]! % 90).toBe(0);
    const hints = [{ ...first.hints[0]!, periods: [77] }];
    const again = await forecast('openanomaly-tiny', values, { hints, endMs: 1_000_015 * MINUTE_MS });
    expect(again.hints).toEqual(hints);
  });
});

describe('without a model', () => {
  const none: ModelSource = {
    open: () => Promise.reject(new OpenAnomalyError('engine_unavailable', 'no model here')),
    openIfAvailable: async () => undefined,
  };
  const ask = (engine: string, parameters = {}) =>
    forecastBatch(
      {
        series: 1,
        grid: { startMs: 0, stepMs: MINUTE_MS, steps: 400 },
        values: series(400, (_, random) => 5 + gaussian(random)),
        horizonSteps: 15,
        engine,
        parameters,
        hints: [undefined],
      },
      none,
    );

  it('auto weighs the others', async () => {
    const { quantiles, hints } = await ask('auto');
    expect(quantiles.every(Number.isFinite)).toBe(true);
    expect(hints[0]!.weights).toHaveLength(3);
  });

  it.each([
    ['openanomaly-tiny', {}],
    ['auto', { candidates: ['openanomaly-tiny'] }],
  ])('%s with %j fails', async (engine, parameters) => {
    await expect(ask(engine, parameters)).rejects.toMatchObject({ code: 'engine_unavailable' });
  });
});

describe('auto', () => {
  const daily: Shape = (i, random) => 100 + 40 * Math.sin((2 * Math.PI * i) / 1440) + gaussian(random);

  it('finds the day and forecasts along it', async () => {
    const result = await forecast('auto', series(10_080, daily), { horizonSteps: 60 });
    expect(result.hints[0]!.periods[0]! % 1440).toBe(0);
    for (const step of [0, 30, 59]) {
      const truth = 100 + 40 * Math.sin((2 * Math.PI * (10_080 + step)) / 1440);
      expect(Math.abs(quantile(result, step, 0.5) - truth)).toBeLessThan(1.5);
      expect(quantile(result, step, 0.99) - quantile(result, step, 0.01)).toBeLessThan(10);
    }
  });

  it.each<[string, number, Shape]>([
    ['a spike', 4, (i, random) => (i === 1990 ? 500 : 0) + gaussian(random)],
    ['half an hour of incident, hours ago', 4, (i, random) => (i > 1500 && i <= 1530 ? 500 : 0) + gaussian(random)],
    ['a level shift a day ago', 4, (i, random) => (i < 600 ? 100 : 0) + gaussian(random)],
    ['a level shift six hours ago', 4, (i, random) => (i < 1640 ? 100 : 0) + gaussian(random)],
  ])('is neither pulled off nor opened by %s', async (_, most, shape) => {
    const result = await forecast('auto', series(2000, shape));
    for (const step of [0, 7, 14]) {
      expect(Math.abs(quantile(result, step, 0.5))).toBeLessThan(1);
      expect(quantile(result, step, 0.99)).toBeLessThan(most);
      expect(quantile(result, step, 0.01)).toBeGreaterThan(-most);
    }
  });

  it('keeps zero-inflated counts at zero below, and open above', async () => {
    const result = await forecast(
      'auto',
      series(3000, (_, random) => (random() < 0.9 ? 0 : Math.ceil(5 * random()))),
    );
    expect(quantile(result, 10, 0.01)).toBe(0);
    expect(quantile(result, 10, 0.5)).toBe(0);
    expect(quantile(result, 10, 0.99)).toBeGreaterThanOrEqual(3);
  });

  it('gives each engine a share, which sum to one, and names the largest', async () => {
    const [hint] = (await forecast('auto', series(3000, daily))).hints;
    expect(hint!.weights!.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 12);
    expect(CANDIDATE_IDS).toContain(hint!.engine);
    const only = await forecast('auto', series(3000, daily), { parameters: { candidates: ['climatology'] } });
    expect(only.hints[0]!.engine).toBe('climatology');
  });

  it('takes the engine that fits', async () => {
    let level = 0;
    const wandering = await forecast(
      'auto',
      series(3000, (_, random) => (level += gaussian(random))),
    );
    expect(wandering.hints[0]!.engine).toBe('ets');
  });

  it('looks at a series again only when the hint is old', async () => {
    const values = series(5000, daily);
    const first = await forecast('auto', values, { endMs: 1_000_000 * MINUTE_MS });
    const again = async (afterMinutes: number) =>
      (await forecast('auto', values, { hints: first.hints, endMs: (1_000_000 + afterMinutes) * MINUTE_MS })).hints[0]!;
    // What the calendar remembers goes on with every sample; what was found by looking stays.
    const found = { ...first.hints[0]!, memory: expect.anything() };
    expect(await again(15)).toEqual(found);
    expect(await again(180)).toEqual(found);
    expect((await again(361)).checkedMs).toBeGreaterThan(first.hints[0]!.checkedMs);
    expect((await again(-5)).checkedMs).toBeLessThan(first.hints[0]!.checkedMs);
  });

  it('looks at a young series soon again', async () => {
    const young = await forecast('auto', series(30, daily), { endMs: 1_000_000 * MINUTE_MS });
    const later = await forecast('auto', series(90, daily), { hints: young.hints, endMs: 1_000_060 * MINUTE_MS });
    expect(later.hints[0]!.checkedMs).toBeGreaterThan(young.hints[0]!.checkedMs);
  });

  it('does not take over the hint of another engine or of other candidates', async () => {
    const values = series(3000, daily);
    const [ofEts] = (await forecast('ets', values)).hints;
    expect((await forecast('auto', values, { hints: [ofEts!] })).hints[0]!.weights).toBeDefined();
    const [ofAuto] = (await forecast('auto', values)).hints;
    expect((await forecast('ets', values, { hints: [ofAuto!] })).hints[0]!.weights).toBeUndefined();
    const parameters = { candidates: ['ets'] };
    const narrowed = await forecast('auto', values, { hints: [ofAuto!], parameters });
    expect(narrowed.hints[0]!.engine).toBe('ets');
  });
});
