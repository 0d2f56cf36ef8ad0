import { readFileSync } from 'node:fs';
import { initSync, MSTL } from '@bsull/augurs/mstl';
import { type Batch, forecastBatch } from '../../src/adapters/model/forecast-batch.ts';
import { ModelShelf } from '../../src/adapters/model/onnx/model-shelf.ts';
import { onnxSessions } from '../../src/adapters/model/onnx/session.ts';
import type { SeriesHint } from '../../src/forecast/forecast.ts';
import { residentBytes } from './process-stats.ts';

/**
 * A process that forecasts the same series in one way. Times and growth are those of a thread of the product's pool: features, the
 * network, rows, with the periods known from before unless the way says otherwise.
 */
export type ModelWay =
  | 'onnxruntime-node'
  | 'onnxruntime-web'
  | 'onnxruntime-node, short periods'
  | 'augurs'
  | 'first look'
  | 'auto'
  | 'auto, first look';

export interface ModelTask {
  readonly way: ModelWay;
  /** Series at once. */
  readonly batches: readonly number[];
  /** Runs of each batch size; the quickest counts, since whatever else the machine does can only add. */
  readonly rounds: number;
}

export interface ModelResult {
  /** Processor time a series, one for each batch size: of one core, whatever else the machine does. */
  readonly msPerSeries: readonly number[];
  /** What the process grew by when the session was opened and had run. */
  readonly grewBytes: number;
  /** Of the medians of the last run, to show that two ways forecast the same. */
  readonly sum: number;
}

const STEP_MS = 300_000;
/** A week at five minutes. */
const STEPS = 2016;
const HORIZON_STEPS = 60;
const PERIODS = [288, 12];
/** As if the day had not been found: old patches go through the network as few tokens. */
const SHORT_PERIODS = [12];
const LEVELS = 13;

type Runtime = typeof import('onnxruntime-node');

/** A day, an hour and noise; no two alike. */
function seriesOf(count: number): Float64Array {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
    return state / 2 ** 31;
  };
  const values = new Float64Array(count * STEPS);
  for (let i = 0; i < values.length; i++) {
    const t = i % STEPS;
    const day = Math.sin((2 * Math.PI * (t + (i % 97))) / 288);
    const hour = t % 12 < 3 ? 2 : 0;
    values[i] = 100 + 20 * day + 5 * hour + 4 * (random() + random() - 1);
  }
  return values;
}

function batchOf(count: number, engine: string, hints: Batch['hints']): Batch {
  return {
    series: count,
    grid: { startMs: 0, stepMs: STEP_MS, steps: STEPS },
    values: seriesOf(count),
    horizonSteps: HORIZON_STEPS,
    engine,
    parameters: {},
    hints,
  };
}

function knownPeriods(count: number, periods: readonly number[]): SeriesHint[] {
  const checkedMs = (STEPS - 1) * STEP_MS;
  return Array.from({ length: count }, () => ({ engine: 'openanomaly-tiny', periods, checkedMs }));
}

type Forecast = () => Promise<Float64Array>;

/** Makes what is measured for a number of series. */
async function forecasterOf(way: ModelWay): Promise<(count: number) => Promise<Forecast>> {
  if (way === 'augurs') return async (count) => augursOf(count);
  const importWeb = async () => (await import('onnxruntime-web')) as unknown as Runtime;
  const shelf = new ModelShelf(way === 'onnxruntime-web' ? { openSession: onnxSessions(importWeb) } : {});
  const engine = way.startsWith('auto') ? 'auto' : 'openanomaly-tiny';
  const periods = way.endsWith('short periods') ? SHORT_PERIODS : PERIODS;
  return async (count) => {
    const none = Array.from({ length: count }, () => undefined);
    let batch = batchOf(count, engine, way.startsWith('onnx') ? knownPeriods(count, periods) : none);
    if (way === 'auto') batch = { ...batch, hints: (await forecastBatch(batch, shelf)).hints };
    return async () => (await forecastBatch(batch, shelf)).quantiles;
  };
}

/** What a TypeScript user would otherwise take: a seasonal-trend decomposition with exponential smoothing in WASM. */
function augursOf(count: number): Forecast {
  const url = new URL('./mstl_bg.wasm', import.meta.resolve('@bsull/augurs/mstl'));
  initSync({ module: readFileSync(url) });
  const values = seriesOf(count);
  return async () => {
    const medians = new Float64Array(count * HORIZON_STEPS);
    for (let s = 0; s < count; s++) {
      const model = MSTL.ets([288], { impute: true });
      model.fit(values.subarray(s * STEPS, (s + 1) * STEPS));
      medians.set(model.predict(HORIZON_STEPS, 0.95).point, s * HORIZON_STEPS);
      model.free();
    }
    return medians;
  };
}

/** Mean of the medians. */
function meanOf(answer: Float64Array, width: number): number {
  const medians = answer.filter((_, i) => i % width === width >> 1);
  return medians.reduce((total, value) => total + value, 0) / medians.length;
}

function heldBytes(): number {
  globalThis.gc?.();
  return residentBytes(process.pid);
}

async function measure({ way, batches, rounds }: ModelTask): Promise<ModelResult> {
  const prepare = await forecasterOf(way);
  // What series and code need stays out of the growth: everything but the session has run before.
  const statistical = { open: () => Promise.reject(new Error('none')), openIfAvailable: async () => undefined };
  for (const count of batches)
    await forecastBatch(batchOf(count, 'climatology', knownPeriods(count, PERIODS)), statistical);
  const before = heldBytes();
  const msPerSeries: number[] = [];
  let sum = 0;
  for (const count of batches) {
    const forecast = await prepare(count);
    const times: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const start = process.cpuUsage();
      const answer = await forecast();
      const { user, system } = process.cpuUsage(start);
      if (round >= 0) times.push((user + system) / 1000 / count);
      sum = meanOf(answer, way === 'augurs' ? 1 : LEVELS);
    }
    msPerSeries.push(Math.min(...times));
  }
  return { msPerSeries, grewBytes: heldBytes() - before, sum };
}

process.stdout.write(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as ModelTask)));
