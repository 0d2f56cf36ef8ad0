import { forecastBatch } from '../src/adapters/model/forecast-batch.ts';
import { ModelShelf } from '../src/adapters/model/onnx/model-shelf.ts';
import { rowOfDay } from '../src/forecast/calendar/days.ts';
import { learn } from '../src/forecast/calendar/learn.ts';
import { forecast } from '../src/forecast/calendar/path.ts';
import { type CalendarMemory, calendarMemory, calendarShape } from '../src/forecast/calendar/shape.ts';
import { calendarTimes } from '../src/forecast/calendar/times.ts';
import { QUANTILE_LEVELS } from '../src/forecast/quantile.ts';
import { zoneOffset } from '../src/series/zone.ts';
import type { Bench, Suite } from './support/suite.ts';

/**
 * The online engine: what a sample costs to learn, a path to make, and a series to keep. Two local zones, since a clock
 * that changes costs a look at its rules. What stands beside it is the engine `ets` on a week of context.
 */
export const suite: Suite = {
  async run(bench) {
    const shape = calendarShape(MINUTE_MS);
    bench.add({
      name: 'memory of a series, beside a week of context',
      value: shape.bytes,
      unit: 'bytes',
      baseline: WEEK_STEPS * Float32Array.BYTES_PER_ELEMENT,
      aim: { of: 'value', atMost: 8000 },
    });
    for (const timezone of ['UTC', 'Europe/Berlin']) measureLearning(bench, timezone);
    await measurePaths(bench);
  },
};

const MINUTE_MS = 60_000;
const WEEK_STEPS = 10_080;
const HORIZON_STEPS = 75;
const SERIES = 40;
const ROUNDS = 15;
const START_MS = Date.UTC(2026, 2, 23);

/** Processor time of the quickest of some rounds: whatever else the machine does can only add. */
function quickestMs(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuMs();
    work();
    least = Math.min(least, cpuMs() - start);
  }
  return least;
}

function measureLearning(bench: Bench, timezone: string): void {
  bench.progress(`learning, ${timezone}`);
  const shape = calendarShape(MINUTE_MS);
  const place = { offset: zoneOffset(timezone), row: rowOfDay([]) };
  const weekMs = quickestMs(() =>
    learnWeek(calendarMemory(shape), 0, calendarTimes(shape, place, START_MS, WEEK_STEPS)),
  );
  bench.add({
    name: `learning a sample of one series' week, ${timezone}`,
    value: (1000 * weekMs) / WEEK_STEPS,
    unit: 'µs',
    aim: { of: 'value', atMost: 2 },
  });
  // As the product learns: an instant of many series.
  const memories = Array.from({ length: SERIES }, (_, s) => {
    const memory = calendarMemory(shape);
    learnWeek(memory, s, calendarTimes(shape, place, START_MS, WEEK_STEPS));
    return memory;
  });
  let at = START_MS + WEEK_STEPS * MINUTE_MS;
  const instants = 200;
  const ms = quickestMs(() => {
    for (let i = 0; i < instants; i++, at += MINUTE_MS) {
      const times = calendarTimes(shape, place, at, 1);
      for (let s = 0; s < SERIES; s++) learn(shape, memories[s]!, times, 0, valueAt(s, at / MINUTE_MS));
    }
  });
  bench.add({
    name: `learning a sample, instant by instant, ${timezone}`,
    value: (1000 * ms) / (instants * SERIES),
    unit: 'µs',
    aim: { of: 'value', atMost: 2 },
  });
}

async function measurePaths(bench: Bench): Promise<void> {
  bench.progress('paths');
  const shape = calendarShape(MINUTE_MS);
  const place = { offset: zoneOffset('UTC'), row: rowOfDay([]) };
  const memory = calendarMemory(shape);
  learnWeek(memory, 0, calendarTimes(shape, place, START_MS, WEEK_STEPS));
  const ahead = calendarTimes(shape, place, START_MS + WEEK_STEPS * MINUTE_MS, HORIZON_STEPS);
  const target = new Float64Array(HORIZON_STEPS * QUANTILE_LEVELS.length);
  const paths = 200;
  const ms = quickestMs(() => {
    for (let i = 0; i < paths; i++) forecast(shape, memory, ahead, target);
  });
  bench.add({
    name: `a path of ${HORIZON_STEPS} steps, beside ets`,
    value: (1000 * ms) / paths,
    unit: 'µs',
    baseline: 1000 * (await etsMs()),
    aim: { of: 'value', atMost: 100 },
  });
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds that the engine `ets` takes for the same path, its periods known. */
async function etsMs(): Promise<number> {
  const values = Float64Array.from({ length: WEEK_STEPS }, (_, i) => valueAt(0, START_MS / MINUTE_MS + i));
  const batch = {
    series: 1,
    grid: { startMs: START_MS, stepMs: MINUTE_MS, steps: WEEK_STEPS },
    values,
    horizonSteps: HORIZON_STEPS,
    engine: 'ets',
    parameters: { periods: ['1d'] },
    hints: [undefined],
  };
  const shelf = new ModelShelf();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuMs();
    await forecastBatch(batch, shelf);
    least = Math.min(least, cpuMs() - start);
  }
  return least;
}

function learnWeek(memory: CalendarMemory, series: number, times: ReturnType<typeof calendarTimes>): void {
  const shape = calendarShape(MINUTE_MS);
  for (let i = 0; i < times.steps; i++) learn(shape, memory, times, i, valueAt(series, times.firstStep + i));
}

/** A day, an hour and noise that is the same in every run. */
function valueAt(series: number, step: number): number {
  const noise = Math.imul(series * 7919 + step, 0x9e3779b1) >>> 20;
  return 100 + 20 * Math.sin((2 * Math.PI * step) / 1440) + (step % 60 < 3 ? 15 : 0) + noise / 1000;
}
