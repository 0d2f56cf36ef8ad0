import { PipelineRunner } from '../../src/evaluate/pipeline-runner.ts';
import type { TsdbClient } from '../../src/ports/tsdb-client.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { gridBetween } from '../../src/series/grid.ts';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { pipelineOf } from '../../test/support/pipelines.ts';
import type { Bench } from '../support/suite.ts';

/**
 * What scoring alone costs: a pipeline in `anomaly_only` over series that are made in this process, without a server and
 * without a page. The runner is the product's; of an evaluation, the time inside the technique is told apart.
 */
const SERIES = 100_000;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 2, 3, 12);
/** Minutes of past that the technique gets; enough for its tails to begin. */
const PAST_STEPS = 240;
const MEASURED = 10;
const LIMITS = { us: 1, bytes: 5000 };
/** Steps a piece, so that a piece is as large as a server's. */
const STEPS_PER_PIECE = 10;

export async function measureScoring(bench: Bench): Promise<void> {
  const anomaly = { ...pipelineOf().anomaly, technique: 'tail' };
  const pipeline = pipelineOf({ mode: 'anomaly_only', anomaly, labels: {}, queryOffsetMs: 0 });
  const runner = runnerOf(pipeline);
  bench.progress(`scoring: ${SERIES} series, first read`);
  globalThis.gc?.();
  const before = heldBytes();
  const read = await timed(() => runner.run('anomaly', START_MS));
  globalThis.gc?.();
  const held = heldBytes() - before;
  const inside = timeInside(runner);
  const evaluations: { wholeUs: number; insideUs: number }[] = [];
  for (let i = 1; i <= MEASURED; i++) {
    bench.progress(`scoring: evaluation ${i} of ${MEASURED}`);
    inside.us = 0;
    const wholeUs = await timed(() => runner.run('anomaly', START_MS + i * MINUTE_MS));
    evaluations.push({ wholeUs, insideUs: inside.us });
  }
  const { health, series, warmingUp, lastError } = runner.status();
  if (health !== 'ok' || series !== SERIES || warmingUp > 0)
    throw new Error(`${health}: ${series} series, ${warmingUp} warming up; ${lastError ?? ''}`);
  const label = `${SERIES.toLocaleString('en')} series, anomaly_only, tail`;
  const median = (of: (one: (typeof evaluations)[number]) => number) =>
    evaluations.map(of).sort((a, b) => a - b)[Math.floor(MEASURED / 2)]! / SERIES;
  bench.add({
    name: `scoring a sample, band included, ${label}`,
    value: median(({ insideUs }) => insideUs),
    unit: 'CPU-µs',
    aim: { of: 'value', atMost: LIMITS.us },
  });
  bench.add({
    name: `evaluation but for reading and publishing, ${label}`,
    value: median(({ wholeUs }) => wholeUs),
    unit: 'CPU-µs/series',
  });
  bench.add({ name: `learning a sample of the past, ${label}`, value: read / SERIES / PAST_STEPS, unit: 'CPU-µs' });
  bench.add({
    name: `memory of the technique, ${label}`,
    value: runner.state.scorer.bytes / SERIES,
    unit: 'bytes/series',
    aim: { of: 'value', atMost: LIMITS.bytes },
  });
  bench.add({ name: `memory of a pipeline, labels included, ${label}`, value: held / SERIES, unit: 'bytes/series' });
}

function runnerOf(pipeline: Pipeline): PipelineRunner {
  const logger = { log() {}, child: () => logger };
  const refuse = () => Promise.reject(new Error('no engine runs here'));
  const engine = { traits: { maxContextSteps: 0 }, forecast: refuse, async [Symbol.asyncDispose]() {} };
  const publisher = { publish() {}, remove() {}, async [Symbol.asyncDispose]() {} };
  return new PipelineRunner(pipeline, {
    file: 'bench',
    publisher,
    ports: {
      source: new MadeSeries(),
      engine: engine as never,
      telemetry: createTelemetry(),
      logger: logger as never,
      clock: { nowMs: () => START_MS },
      breathe: async () => {},
    },
  });
}

/** Adds up the CPU time spent in the scorer of a runner. */
function timeInside(runner: PipelineRunner): { us: number } {
  const spent = { us: 0 };
  const { scorer } = runner.state;
  const score = scorer.score.bind(scorer);
  scorer.score = (...args) => {
    const before = process.cpuUsage();
    score(...args);
    spent.us += cpuUsSince(before);
  };
  return spent;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return cpuUsSince(before);
}

function cpuUsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Daily waves with noise, made on demand; the past before the first evaluation is short. */
class MadeSeries implements TsdbClient {
  readonly #labels: Labels[] = Array.from({ length: SERIES }, (_, i) =>
    labelsFromRecord({ __name__: 'm', instance: `host-${i}`, job: 'bench' }),
  );

  async *queryRange(query: Parameters<TsdbClient['queryRange']>[0]): ReturnType<TsdbClient['queryRange']> {
    const from = Math.max(query.startMs, START_MS - PAST_STEPS * MINUTE_MS);
    const whole = gridBetween(from, query.endMs, query.stepMs);
    for (let first = 0; first < whole.steps; first += STEPS_PER_PIECE) {
      const steps = Math.min(STEPS_PER_PIECE, whole.steps - first);
      const grid = { startMs: whole.startMs + first * whole.stepMs, stepMs: whole.stepMs, steps };
      const values = new Float64Array(SERIES * steps);
      for (let s = 0; s < SERIES; s++)
        for (let i = 0; i < steps; i++) values[s * steps + i] = valueAt(s, Math.round(grid.startMs / MINUTE_MS) + i);
      yield {
        block: { labels: this.#labels, grid, values },
        samples: values.length,
        bytes: 0,
        histograms: 0,
        warnings: [],
      };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function valueAt(series: number, minute: number): number {
  const noise = Math.imul(series * 7919 + minute, 0x9e3779b1) >>> 20;
  return 100 + 40 * Math.sin((2 * Math.PI * minute) / 1440 + series) + noise / 400;
}
