import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPrometheus, type TestServer } from '../test/support/servers.ts';
import { measureScoring } from './hotpath/scoring.ts';
import { cpuMs, residentBytes, untilIdle } from './support/process-stats.ts';
import { seedGauge } from './support/seeder.ts';
import { Sidecar } from './support/sidecar.ts';
import type { Bench, Suite } from './support/suite.ts';

/**
 * A sidecar beside a real Prometheus: what the first read costs, what a series costs in memory, and what one evaluation
 * of the steady state costs per series, ours and the server's.
 *
 * Memory and first read are taken at a step of a minute. For the steady state a minute is pressed into five seconds:
 * samples lie in the server before they are due, and the evaluations follow them with an offset, so that the server
 * does nothing but answer. The alternative then runs on the same server: recording rules that keep mean, deviation and
 * band.
 */
export const suite: Suite = {
  options: { only: '`scoring`: leave out what needs a Prometheus' },
  async run(bench) {
    await measureScoring(bench);
    if (bench.options['only'] === 'scoring') return;
    const idle = await measureEmpty(bench);
    const few = await withSidecar(bench, { series: 10, contextSteps: 200, stepMs: MINUTE_MS }, ({ sidecar }) =>
      sidecar.heldBytes(),
    );
    for (const size of [
      { series: 1000, contextSteps: 10_080 },
      { series: 10_000, contextSteps: 2016 },
    ]) {
      await measureContexts(bench, { ...size, stepMs: MINUTE_MS }, { idle, fewHeldBytes: few });
      await measureSteadyState(bench, { series: size.series, contextSteps: RULE_WINDOW_STEPS, stepMs: FAST_MS }, idle);
    }
  },
};

const MINUTE_MS = 60_000;
const FAST_MS = 5000;
/** Samples that are there ahead of the first evaluation: seeding, first read and measurement must fit in. */
const AHEAD_MS = 20 * MINUTE_MS;
const MEASURED_EVALUATIONS = 12;
const MEASURED_RULE_EVALUATIONS = 6;
/** 26 hours of minutes, as rule sets for anomaly bands take. */
const RULE_WINDOW_STEPS = 1560;
const RULES = 5;
const PER_SERIES = 'CPU-ms/series';

interface Size {
  readonly series: number;
  readonly contextSteps: number;
  readonly stepMs: number;
}

/** A process without series: the CPU time of its start, and what it burns while nothing happens. */
interface Idle {
  readonly startMs: number;
  readonly cpuMsPerSecond: number;
}

interface Pair {
  readonly sidecar: Sidecar;
  readonly server: TestServer;
  /** CPU time of the server before the sidecar asked for anything. */
  readonly serverBeforeMs: number;
}

async function measureEmpty(bench: Bench): Promise<Idle> {
  bench.progress('no series');
  const server = await startPrometheus();
  const sidecar = await Sidecar.start(server.url, 'groups: []\n');
  try {
    await delay(5000);
    const startMs = cpuMs(sidecar.pid);
    const seconds = 20;
    await delay(seconds * 1000);
    const cpuMsPerSecond = (cpuMs(sidecar.pid) - startMs) / seconds;
    bench.add({
      name: 'resident memory, 0 series',
      value: residentBytes(sidecar.pid) / 1e6,
      unit: 'MB',
      aim: { of: 'value', atMost: 90 },
    });
    bench.add({ name: 'idle process', value: cpuMsPerSecond, unit: 'CPU-ms/s' });
    return { startMs, cpuMsPerSecond };
  } finally {
    await sidecar.stop();
    await server.stop();
  }
}

async function measureContexts(bench: Bench, size: Size, about: { idle: Idle; fewHeldBytes: number }): Promise<void> {
  const { series, contextSteps } = size;
  const label = `${labelOf(size)} x ${contextSteps} steps`;
  await withSidecar(bench, size, async ({ sidecar, server, serverBeforeMs }) => {
    const ownMs = cpuMs(sidecar.pid) - about.idle.startMs;
    const serverMs = cpuMs(server.pid) - serverBeforeMs;
    const rss = residentBytes(sidecar.pid);
    bench.add({ name: `first read and forecasts, ours, ${label}`, value: ownMs / series, unit: PER_SERIES });
    bench.add({ name: `first read, server, ${label}`, value: serverMs / series, unit: PER_SERIES });
    bench.add({ name: `resident memory, ${label}`, value: rss / 1e6, unit: 'MB' });
    // Against a process that has evaluated a few series: that one has compiled the same code.
    const held = (await sidecar.heldBytes()) - about.fewHeldBytes;
    bench.add({
      name: `memory per series, ${contextSteps} steps`,
      value: held / series / 1e3,
      unit: 'KB/series',
      ...(contextSteps === 10_080 && { aim: { of: 'value', atMost: 45 } }),
    });
  });
}

async function measureSteadyState(bench: Bench, size: Size, idle: Idle): Promise<void> {
  const label = labelOf(size);
  await withSidecar(bench, size, async ({ sidecar, server }) => {
    await untilCalm(sidecar);
    bench.progress(`${label}: ${MEASURED_EVALUATIONS} evaluations`);
    const own = await measureEvaluations({ sidecar, server }, size, idle);
    await sidecar.stop();
    bench.progress(`${label}: ${MEASURED_RULE_EVALUATIONS} evaluations of recording rules`);
    const rules = await measureRules(server, size);
    bench.add({
      name: `evaluation, ours, ${label}`,
      value: own.sidecar,
      unit: PER_SERIES,
      aim: { of: 'value', atMost: 0.02 },
    });
    bench.add({ name: `evaluation, server, ${label}`, value: own.server, unit: PER_SERIES });
    bench.add({
      name: `evaluation, both, against ${RULES} recording rules, ${label}`,
      value: own.sidecar + own.server,
      unit: PER_SERIES,
      baseline: rules,
    });
  });
}

/** A seeded server and a sidecar that has made its first evaluation of it. */
async function withSidecar<T>(bench: Bench, size: Size, measure: (pair: Pair) => Promise<T>): Promise<T> {
  const label = labelOf(size);
  const server = await startPrometheus();
  let sidecar: Sidecar | undefined;
  try {
    await seed(bench, server, size);
    const serverBeforeMs = cpuMs(server.pid);
    bench.progress(`${label}: first read and forecast`);
    sidecar = await Sidecar.start(server.url, rulesOf(size));
    await sidecar.untilScored(size.series);
    return await measure({ sidecar, server, serverBeforeMs });
  } catch (error) {
    process.stderr.write(sidecar?.log ?? '');
    throw error;
  } finally {
    await sidecar?.stop();
    await server.stop();
  }
}

async function seed(bench: Bench, server: TestServer, size: Size): Promise<void> {
  const { series, contextSteps, stepMs } = size;
  const endMs = Math.floor(Date.now() / stepMs) * stepMs;
  const steps = contextSteps + AHEAD_MS / stepMs + 60;
  const plan = { name: 'bench_load', series, startMs: endMs - (steps - 1) * stepMs, stepMs, steps, valueAt };
  const label = labelOf(size);
  await seedGauge(server.url, plan, (share) => bench.progress(`${label}: seeding, ${Math.round(100 * share)} %`));
  bench.progress(`${label}: waiting until the server has put its samples away`);
  await untilIdle(server.pid);
}

const EVALUATIONS = 'openanomaly_evaluations_total{group="bench",task="anomaly"}';
const MISSED = 'openanomaly_evaluations_missed_total{group="bench",task="anomaly"}';
const SCORED = 'openanomaly_samples_scored_total{pipeline="bench"}';

async function measureEvaluations({ sidecar, server }: Omit<Pair, 'serverBeforeMs'>, size: Size, idle: Idle) {
  const measuredMs = MEASURED_EVALUATIONS * size.stepMs;
  const before = await sidecar.metrics();
  await delay(1000);
  const ownStart = cpuMs(sidecar.pid);
  const serverStart = cpuMs(server.pid);
  await delay(measuredMs);
  const ownMs = cpuMs(sidecar.pid) - ownStart - (idle.cpuMsPerSecond * measuredMs) / 1000;
  const serverMs = cpuMs(server.pid) - serverStart;
  const after = await sidecar.metrics();
  const evaluations = after(EVALUATIONS) - before(EVALUATIONS);
  if (Math.abs(evaluations - MEASURED_EVALUATIONS) > 1 || after(MISSED) !== before(MISSED)) {
    throw new Error(`${evaluations} evaluations in the time of ${MEASURED_EVALUATIONS}, missed: ${after(MISSED)}`);
  }
  if (!(after(SCORED) - before(SCORED) >= 0.9 * size.series * evaluations)) {
    throw new Error('the evaluations that were measured did not score every series');
  }
  const perSeries = size.series * MEASURED_EVALUATIONS;
  return { sidecar: Math.max(0, ownMs) / perSeries, server: serverMs / perSeries };
}

async function measureRules(server: TestServer, { series, stepMs }: Size): Promise<number> {
  const file = join(server.dataDir, 'bench.rules.yml');
  writeFileSync(file, recordingRules(stepMs));
  writeFileSync(join(server.dataDir, 'prometheus.yml'), `rule_files: ['${file}']\n`);
  const reload = await fetch(`${server.url}/-/reload`, { method: 'POST' });
  if (!reload.ok) throw new Error(`reload: ${await reload.text()}`);
  await delay(2 * stepMs);
  const startMs = cpuMs(server.pid);
  await delay(MEASURED_RULE_EVALUATIONS * stepMs);
  const usedMs = cpuMs(server.pid) - startMs;
  const answer = await fetch(`${server.url}/api/v1/query?query=count(bench_upper)`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  if (Number(data.result[0]?.value[1]) !== series) throw new Error('the recording rules did not cover every series');
  return usedMs / (series * MEASURED_RULE_EVALUATIONS);
}

function recordingRules(stepMs: number): string {
  const past = `offset ${AHEAD_MS / 1000}s`;
  const window = `[${(RULE_WINDOW_STEPS * stepMs) / 1000}s] ${past}`;
  return `
groups:
  - name: bench
    interval: ${stepMs / 1000}s
    rules:
      - {record: bench_average, expr: 'avg_over_time(bench_load${window})'}
      - {record: bench_deviation, expr: 'stddev_over_time(bench_load${window})'}
      - {record: bench_upper, expr: 'bench_average + 3 * bench_deviation'}
      - {record: bench_lower, expr: 'bench_average - 3 * bench_deviation'}
      - {record: bench_anomaly, expr: '(bench_load ${past} > bench_upper) or (bench_load ${past} < bench_lower)'}
`;
}

/** One forecast, at the first start, is all that is made. With so rare a schedule paths reach twice the horizon: as many steps as of an hour of minutes each quarter. */
function rulesOf({ contextSteps, stepMs }: Size): string {
  return `
groups:
  - name: bench
    interval: ${stepMs / 1000}s
    query_offset: ${AHEAD_MS / 1000}s
    pipelines:
      - name: bench
        query: bench_load
        step: ${stepMs / 1000}s
        context_window: ${(contextSteps * stepMs) / 1000}s
        prediction_horizon: ${(38 * stepMs) / 1000}s
        forecast_schedule: '0 0 1 1 *'
        model: {id: climatology}
`;
}

/** Lets go by what comes with the first forecast: two quiet stretches say that it is over. */
async function untilCalm(sidecar: Sidecar): Promise<void> {
  for (let calm = 0, i = 0; calm < 2 && i < 12; i++) {
    const before = cpuMs(sidecar.pid);
    await delay(FAST_MS);
    calm = cpuMs(sidecar.pid) - before < FAST_MS / 4 ? calm + 1 : 0;
  }
}

function labelOf({ series }: Size): string {
  return `${series.toLocaleString('en')} series`;
}

/** A daily wave (of minutes that are steps), a phase of its own, and noise that is the same in every run. */
function valueAt(series: number, step: number): number {
  const noise = Math.imul(series * 7919 + step, 0x9e3779b1) >>> 20;
  return Math.round(10_000 + 4000 * Math.sin((2 * Math.PI * step) / 1440 + series) + noise / 4) / 100;
}
