import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPrometheus, type TestServer } from '../test/support/servers.ts';
import { cpuMs, residentBytes, untilIdle } from './support/process-stats.ts';
import { seedGauge } from './support/seeder.ts';
import { Sidecar } from './support/sidecar.ts';
import type { Bench, Suite } from './support/suite.ts';

/**
 * The steady state beside a real Prometheus: what one evaluation costs per series, ours and the server's, and what a
 * series costs in memory. A minute of life is pressed into five seconds (step and interval are 5s); samples lie in the
 * server before they are due, and the evaluations follow them with an offset, so that the server does nothing but
 * answer. The alternative runs on the same server afterwards: recording rules that keep mean, deviation and band.
 */
export const suite: Suite = {
  async run(bench) {
    const idle = await measureEmpty(bench);
    await measureSeries(bench, { series: 1000, contextSteps: 10_080, idle });
    await measureSeries(bench, { series: 10_000, contextSteps: 2016, idle });
  },
};

const STEP_MS = 5000;
/** Samples that are there ahead of the first evaluation: seeding, first read and measurement must fit in. */
const AHEAD_MS = 20 * 60_000;
const MEASURED_EVALUATIONS = 12;
const FIRST_LIMIT_MS = 3 * 60_000;
/** 26 hours of minutes, as rule sets for anomaly bands take. */
const RULE_WINDOW_STEPS = 1560;
const RULES = 5;

interface Idle {
  readonly startMs: number;
  readonly cpuMsPerSecond: number;
  readonly heldBytes: number;
}

interface Size {
  readonly series: number;
  readonly contextSteps: number;
  readonly idle: Idle;
}

/** The process without a series: its memory, its start and what it burns while nothing happens. */
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
    bench.add({ name: 'CPU of the idle process', value: cpuMsPerSecond, unit: 'CPU-ms/s' });
    return { startMs, cpuMsPerSecond, heldBytes: await sidecar.heldBytes() };
  } finally {
    await sidecar.stop();
    await server.stop();
  }
}

async function measureSeries(bench: Bench, size: Size): Promise<void> {
  const { series, contextSteps } = size;
  const label = `${series.toLocaleString('en')} series`;
  const server = await startPrometheus();
  try {
    const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
    const steps = contextSteps + AHEAD_MS / STEP_MS + 60;
    const plan = {
      name: 'bench_load',
      series,
      startMs: endMs - (steps - 1) * STEP_MS,
      stepMs: STEP_MS,
      steps,
      valueAt,
    };
    await seedGauge(server.url, plan, (share) => bench.progress(`${label}: seeding, ${Math.round(100 * share)} %`));
    bench.progress(`${label}: waiting until the server has put its samples away`);
    await untilIdle(server.pid);
    const ours = await measureOurs(bench, { server, size, label });
    const rules = await measureRules(bench, { server, series, label });
    const perEvaluation = 'CPU-ms/series';
    bench.add({
      name: `evaluation, ours, ${label}`,
      value: ours.own,
      unit: perEvaluation,
      aim: { of: 'value', atMost: 0.02 },
    });
    bench.add({ name: `evaluation, server, ${label}`, value: ours.server, unit: perEvaluation });
    bench.add({
      name: `evaluation, both, against ${RULES} recording rules, ${label}`,
      value: ours.own + ours.server,
      unit: perEvaluation,
      baseline: rules,
    });
  } finally {
    await server.stop();
  }
}

interface Setting {
  readonly server: TestServer;
  readonly size: Size;
  readonly label: string;
}

async function measureOurs(bench: Bench, { server, size, label }: Setting): Promise<{ own: number; server: number }> {
  const { series, contextSteps, idle } = size;
  const serverBefore = cpuMs(server.pid);
  const sidecar = await Sidecar.start(server.url, rulesOf(contextSteps));
  try {
    bench.progress(`${label}: first read and forecast`);
    await untilScored(sidecar, series);
    bench.add({
      name: `first read and forecasts, ours, ${label} x ${contextSteps} steps`,
      value: (cpuMs(sidecar.pid) - idle.startMs) / series,
      unit: 'CPU-ms/series',
    });
    bench.add({
      name: `first read, server, ${label} x ${contextSteps} steps`,
      value: (cpuMs(server.pid) - serverBefore) / series,
      unit: 'CPU-ms/series',
    });
    await untilIdleBut(sidecar);
    bench.progress(`${label}: ${MEASURED_EVALUATIONS} evaluations`);
    const own = await measureSteady(sidecar, server, size);
    bench.add({
      name: `resident memory, ${label} x ${contextSteps} steps`,
      value: residentBytes(sidecar.pid) / 1e6,
      unit: 'MB',
    });
    bench.add({
      name: `memory per series, ${contextSteps} steps`,
      value: ((await sidecar.heldBytes()) - idle.heldBytes) / series / 1e3,
      unit: 'KB/series',
      ...(contextSteps === 10_080 ? { aim: { of: 'value', atMost: 45 } } : {}),
    });
    return own;
  } catch (error) {
    process.stderr.write(sidecar.log);
    throw error;
  } finally {
    await sidecar.stop();
  }
}

const EVALUATIONS = 'openanomaly_evaluations_total{group="bench",task="anomaly"}';
const MISSED = 'openanomaly_evaluations_missed_total{group="bench",task="anomaly"}';

async function measureSteady(sidecar: Sidecar, server: TestServer, { series, idle }: Size) {
  const before = await sidecar.metrics();
  await delay(1000);
  const ownStart = cpuMs(sidecar.pid);
  const serverStart = cpuMs(server.pid);
  await delay(MEASURED_EVALUATIONS * STEP_MS);
  const ownMs = cpuMs(sidecar.pid) - ownStart - (idle.cpuMsPerSecond * MEASURED_EVALUATIONS * STEP_MS) / 1000;
  const serverMs = cpuMs(server.pid) - serverStart;
  const after = await sidecar.metrics();
  const evaluations = after(EVALUATIONS) - before(EVALUATIONS);
  if (Math.abs(evaluations - MEASURED_EVALUATIONS) > 1 || after(MISSED) > before(MISSED)) {
    throw new Error(`${evaluations} evaluations in the time of ${MEASURED_EVALUATIONS}, missed: ${after(MISSED)}`);
  }
  if (
    !(
      after('openanomaly_samples_scored_total') - before('openanomaly_samples_scored_total') >=
      0.9 * series * evaluations
    )
  ) {
    throw new Error('the evaluations that were measured did not score every series');
  }
  const perSeries = series * MEASURED_EVALUATIONS;
  return { own: Math.max(0, ownMs) / perSeries, server: serverMs / perSeries };
}

async function measureRules(
  bench: Bench,
  about: { server: TestServer; series: number; label: string },
): Promise<number> {
  const { server, series, label } = about;
  bench.progress(`${label}: recording rules`);
  const file = join(server.dataDir, 'bench.rules.yml');
  writeFileSync(file, recordingRules());
  writeFileSync(join(server.dataDir, 'prometheus.yml'), `rule_files: ['${file}']\n`);
  const reload = await fetch(`${server.url}/-/reload`, { method: 'POST' });
  if (!reload.ok) throw new Error(`reload: ${await reload.text()}`);
  await delay(2 * STEP_MS);
  const startMs = cpuMs(server.pid);
  await delay(MEASURED_EVALUATIONS * STEP_MS);
  const usedMs = cpuMs(server.pid) - startMs;
  const answer = await fetch(`${server.url}/api/v1/query?query=count(bench_upper)`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  if (Number(data.result[0]?.value[1]) !== series) throw new Error('the recording rules did not cover every series');
  return usedMs / (series * MEASURED_EVALUATIONS);
}

function recordingRules(): string {
  const past = `offset ${AHEAD_MS / 1000}s`;
  const window = `[${(RULE_WINDOW_STEPS * STEP_MS) / 1000}s] ${past}`;
  return `
groups:
  - name: bench
    interval: ${STEP_MS / 1000}s
    rules:
      - {record: bench_average, expr: 'avg_over_time(bench_load${window})'}
      - {record: bench_deviation, expr: 'stddev_over_time(bench_load${window})'}
      - {record: bench_upper, expr: 'bench_average + 3 * bench_deviation'}
      - {record: bench_lower, expr: 'bench_average - 3 * bench_deviation'}
      - {record: bench_anomaly, expr: '(bench_load ${past} > bench_upper) or (bench_load ${past} < bench_lower)'}
`;
}

/** The forecast is made once, at the first start; its 60 steps are what an hour is at a step of a minute. */
function rulesOf(contextSteps: number): string {
  return `
groups:
  - name: bench
    interval: ${STEP_MS / 1000}s
    query_offset: ${AHEAD_MS / 1000}s
    pipelines:
      - name: bench
        query: bench_load
        step: ${STEP_MS / 1000}s
        context_window: ${(contextSteps * STEP_MS) / 1000}s
        prediction_horizon: ${(60 * STEP_MS) / 1000}s
        forecast_schedule: '0 0 1 1 *'
        model: {id: climatology}
`;
}

async function untilScored(sidecar: Sidecar, series: number): Promise<void> {
  const deadline = performance.now() + FIRST_LIMIT_MS;
  while (performance.now() < deadline) {
    await delay(2000);
    const metric = await sidecar.metrics();
    const held = metric('openanomaly_pipeline_series{pipeline="bench"}');
    const warming = metric('openanomaly_pipeline_series_warming_up{pipeline="bench"}');
    if (held === series && warming === 0) return;
  }
  throw new Error('the first evaluation did not end in time');
}

/** Lets go by what comes with the first forecast; two calm evaluations say that it is over. */
async function untilIdleBut(sidecar: Sidecar): Promise<void> {
  for (let calm = 0, i = 0; calm < 2 && i < 12; i++) {
    const before = cpuMs(sidecar.pid);
    await delay(STEP_MS);
    calm = cpuMs(sidecar.pid) - before < STEP_MS / 4 ? calm + 1 : 0;
  }
}

/** A daily wave (of minutes that are steps), a phase of its own, and noise that is the same in every run. */
function valueAt(series: number, step: number): number {
  const noise = Math.imul(series * 7919 + step, 0x9e3779b1) >>> 20;
  return Math.round(10_000 + 4000 * Math.sin((2 * Math.PI * step) / 1440 + series) + noise / 4) / 100;
}
