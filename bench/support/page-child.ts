import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { openWorkerPool } from '../../src/adapters/model/worker-pool.ts';
import { createMetricsPage } from '../../src/adapters/publisher/metrics-page.ts';
import { openHttpServer } from '../../src/http/server.ts';
import type { Logger } from '../../src/ports/logger.ts';
import { type Evaluation, FAMILIES } from '../../src/ports/publisher.ts';
import { labelsToRecord } from '../../src/series/labels.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { evaluationOf, PIPELINES, SERIES_OF } from './page-shape.ts';

/**
 * A process that publishes 100,000 lines and serves them, ours or with a prom-client gauge a family. It does what it is
 * told over IPC and answers how long that took.
 */
export type Order = { readonly kind: 'publish' | 'page' | 'collect' | 'load' };
export type Reply = { readonly port: number } | { readonly ms: number; readonly longestBlockMs: number };

/** Under load every pipeline is evaluated once in this time. */
const EVALUATE_ALL_MS = 6_000;

const silent: Logger = { log() {}, child: () => silent };

interface Subject {
  publish(evaluation: Evaluation): Promise<void>;
  page(): Promise<unknown>;
  listen(): Promise<number>;
}

function ours(): Subject {
  const page = createMetricsPage({ prefix: 'openanomaly', telemetry: createTelemetry(), logger: silent });
  return {
    publish: async (evaluation) => page.publish(evaluation),
    page: () => page.page('text'),
    async listen() {
      const server = await openHttpServer({
        settings: {
          listenAddresses: ['127.0.0.1:0'],
          webConfigFile: undefined,
          externalUrl: undefined,
          routePrefix: '/',
          telemetryPath: '/metrics',
          enableLifecycle: false,
          enableAdminApi: false,
        },
        page,
        status: () => [],
        info: { version: 'bench', startedMs: 0 },
        isReady: () => true,
        reload: async () => {},
        quit: () => {},
        logger: silent,
      });
      return Number(server.addresses[0]!.split(':')[1]);
    },
  };
}

function promClient(): Subject {
  const registry = new Registry();
  const labelNames = Object.keys(labelsToRecord(SERIES_OF[0]![0]!));
  const gauges = new Map(
    FAMILIES.map((family) => {
      const withHorizon = family.startsWith('forecast') ? [...labelNames, 'horizon'] : labelNames;
      const name = `openanomaly_${family}`;
      return [family, new Gauge({ name, help: name, labelNames: withHorizon, registers: [registry] })];
    }),
  );
  const answer: RequestListener = async (_, response) => {
    const text = await registry.metrics();
    response
      .writeHead(200, { 'Content-Type': registry.contentType, 'Content-Length': Buffer.byteLength(text) })
      .end(text);
  };
  return {
    async publish({ series, steps, lookAhead }) {
      series.forEach((labels, s) => {
        const record = labelsToRecord(labels);
        for (const family of ['value', 'expected', 'lower', 'upper', 'score', 'anomaly'] as const)
          gauges.get(family)!.set(record, steps[0]![family][s]!);
        for (const { horizon, expected, lower, upper } of lookAhead) {
          gauges.get('forecast')!.set({ ...record, horizon }, expected[s]!);
          gauges.get('forecast_lower')!.set({ ...record, horizon }, lower[s]!);
          gauges.get('forecast_upper')!.set({ ...record, horizon }, upper[s]!);
        }
      });
    },
    page: () => registry.metrics(),
    async listen() {
      const server = createServer(answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    },
  };
}

/** Every core forecasts, and the pipelines are evaluated in turn, until the process ends. */
async function load(subject: Subject): Promise<void> {
  const engine = openWorkerPool({
    count: 2,
    queueBatches: 8,
    batchSeries: 64,
    workerUrl: new URL('../../src/adapters/model/worker.js', import.meta.url),
    telemetry: createTelemetry(),
    logger: silent,
  });
  await engine.warm();
  const steps = 2016;
  const labels = SERIES_OF[0]!.slice(0, 256);
  const values = Float64Array.from({ length: labels.length * steps }, (_, i) => Math.sin(i / 45) * 10 + (i % 17));
  const context = { labels, grid: { startMs: 0, stepMs: 60_000, steps }, values };
  const request = { context, horizonSteps: 60, engine: 'auto', parameters: {}, hints: labels.map(() => undefined) };
  const { signal } = new AbortController();
  const forecastForever = async () => {
    for (;;) await engine.forecast(request, signal);
  };
  const evaluateForever = async () => {
    for (let i = 0; ; i++) {
      await subject.publish(evaluationOf(i % PIPELINES));
      await delay(EVALUATE_ALL_MS / PIPELINES);
    }
  };
  void Promise.all([forecastForever(), forecastForever(), evaluateForever()]).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
}

/** Runs some work and watches how long the event loop was not served meanwhile. */
async function timed(work: () => Promise<unknown>): Promise<Reply> {
  let longestBlockMs = 0;
  let isDone = false;
  const watch = (async () => {
    for (let before = performance.now(); !isDone; ) {
      await breathe();
      const now = performance.now();
      longestBlockMs = Math.max(longestBlockMs, now - before);
      before = now;
    }
  })();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  isDone = true;
  await watch;
  return { ms, longestBlockMs };
}

async function obey(order: Order, subject: Subject): Promise<Reply> {
  switch (order.kind) {
    case 'publish': {
      const evaluations = SERIES_OF.map((_, pipeline) => evaluationOf(pipeline));
      return timed(async () => {
        for (const evaluation of evaluations) await subject.publish(evaluation);
      });
    }
    case 'page':
      return timed(() => subject.page());
    case 'collect':
      return timed(async () => globalThis.gc?.());
    case 'load':
      return timed(() => load(subject));
  }
}

const subject = process.argv[2] === 'prom-client' ? promClient() : ours();
process.on('message', (order: Order) => {
  void obey(order, subject).then((reply) => process.send!(reply));
});
process.once('disconnect', () => process.exit());
process.send!({ port: await subject.listen() });
