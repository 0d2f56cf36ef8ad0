import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import snappy from 'snappyjs';
import { ByteBuffer } from '../src/wire/remote-write/byte-buffer.ts';
import { LabelEncoder } from '../src/wire/remote-write/labels.ts';
import { encodeWriteRequest } from '../src/wire/remote-write/v1.ts';
import { startPrometheus } from '../test/support/servers.ts';
import { cpuMs, residentBytes } from './support/process-stats.ts';
import { Sidecar } from './support/sidecar.ts';
import { type Bench, quantile, type Suite } from './support/suite.ts';
import type { WriteRole } from './support/write-child.ts';

const SERIES = 100_000;
const FEWEST_SAMPLES = 500;
/** What Prometheus 2.42 puts into one request at most, and 3.16. */
const SAMPLES_PER_REQUEST = [FEWEST_SAMPLES, 2000];
/** Requests that a sender has under way, as Prometheus has shards. */
const CONCURRENT = 8;
const ROUNDS = 30;
/**
 * Before that, for the series to be made everywhere and for the compiler: it is done after some ten thousand requests,
 * and senders and receivers run for weeks.
 */
const WARM_UP_ROUNDS = 60;
/** Before requests of another size. */
const FURTHER_WARM_UP_ROUNDS = 5;
/** Requests of each way in a turn of the latency measurement, one at a time. */
const LATENCY_REQUESTS = 100;

/** What is left to look at after the last answer of a round takes less; its processor time counts. */
const AFTERWARDS_MS = 100;

const DECODER_BUSY = 'openanomaly_proxy_decoder_busy_seconds_total';

/** Of the three ways, in turn: what comes at intervals, as collections of the receiver's memory, is not to meet one way only. */
const ORDERS = [
  [0, 1, 2],
  [1, 0, 2],
  [2, 0, 1],
  [0, 2, 1],
  [1, 2, 0],
  [2, 1, 0],
] as const;

/** One series in ten is looked at. */
const RULES = `
groups:
  - name: bench
    pipelines:
      - {name: bench, selector: 'bench_requests{mode="m0"}', step: 15s, mode: anomaly_only, anomaly: {technique: z_score}}
`;

interface Way {
  readonly name: string;
  readonly url: string;
  readonly agent: Agent;
}

export const suite: Suite = {
  async run(bench) {
    const series = seriesOf();
    await compareThroughput(bench, series);
    await compareLatency(bench, series);
  },
};

/** Six labels a series, as an exporter on many hosts would have them. */
function seriesOf() {
  const encoder = new LabelEncoder();
  return Array.from({ length: SERIES }, (_, i) => ({
    help: '',
    labelBytes: encoder.encode([
      ...['__name__', 'bench_requests', 'cpu', String(i % 16), 'instance', `host-${i >> 4}.example.org:9100`],
      ...['job', 'node_exporter', 'mode', `m${i % 10}`, 'zone', `eu-west-${i % 3}`],
    ]),
  }));
}

type Series = ReturnType<typeof seriesOf>;

/** One sample of every series at an instant, in requests. */
function requestsAt(series: Series, timestampMs: number, samples: number): Uint8Array[] {
  const buffer = new ByteBuffer();
  const bodies: Uint8Array[] = [];
  for (let from = 0; from < series.length; from += samples) {
    const part = series.slice(from, from + samples);
    buffer.clear();
    encodeWriteRequest(
      {
        series: part,
        timestampsMs: new Float64Array(part.length).fill(timestampMs),
        values: Float64Array.from(part, (_, i) => Math.sin(i + timestampMs)),
        ended: new Uint8Array(part.length),
      },
      buffer,
    );
    bodies.push(snappy.compress(buffer.written()));
  }
  return bodies;
}

/** Against a real Prometheus: it is what a sender waits for. All ways lead to the same one. */
async function compareThroughput(bench: Bench, series: Series): Promise<void> {
  bench.progress('starting Prometheus');
  const receiver = await startPrometheus();
  const ours = await startOurs(`${receiver.url}/api/v1/write`);
  const copy = await startChild('copy', `${receiver.url}/api/v1/write`);
  const ways = waysOf(`${receiver.url}/api/v1/write`, copy.url, `${ours.url}/api/v1/write`);
  const pids: Readonly<Record<string, number>> = { copy: copy.child.pid!, ours: ours.pid };
  let timestampMs = Date.now() - 600_000;
  let rounds = 0;
  const sendRound = async (samples: number, doing: string): Promise<Spent[]> => {
    const spent: Spent[] = [];
    for (const at of ORDERS[rounds++ % ORDERS.length]!) {
      const way = ways[at]!;
      bench.progress(`throughput, ${samples} samples a request, ${doing}, ${way.name}`);
      const bodies = requestsAt(series, timestampMs, samples);
      timestampMs += 1000;
      const pid = pids[way.name];
      const cpuBeforeMs = pid === undefined ? 0 : cpuMs(pid);
      const startedMs = performance.now();
      await sendAll(way, bodies);
      const wallMs = performance.now() - startedMs;
      if (pid !== undefined) await delay(AFTERWARDS_MS);
      spent.push({ way: way.name, wallMs, cpuMs: pid === undefined ? 0 : cpuMs(pid) - cpuBeforeMs });
    }
    // Somebody scrapes us all the time; what V8 has compiled for one kind of request only, it throws away at the first of
    // another.
    await ours.metrics();
    return spent;
  };
  try {
    let warmUpRounds = WARM_UP_ROUNDS;
    for (const samples of SAMPLES_PER_REQUEST) {
      for (let round = 1; round <= warmUpRounds; round++)
        await sendRound(samples, `warming up ${round} of ${warmUpRounds}`);
      warmUpRounds = FURTHER_WARM_UP_ROUNDS;
      const before = await ours.metrics();
      const spent: Spent[] = [];
      for (let round = 1; round <= ROUNDS; round++)
        spent.push(...(await sendRound(samples, `round ${round} of ${ROUNDS}`)));
      const after = await ours.metrics();
      reportThroughput(bench, samples, { spent, lookingMs: 1000 * (after(DECODER_BUSY) - before(DECODER_BUSY)) });
    }
    const metric = await ours.metrics();
    bench.add({
      name: 'requests not looked at',
      value: metric('openanomaly_proxy_requests_skipped_total{reason="dropped"}'),
      unit: '',
    });
    bench.add({ name: 'series remembered', value: metric('openanomaly_proxy_series'), unit: '' });
    bench.add({ name: `resident memory at ${SERIES} series`, value: residentBytes(ours.pid) / 2 ** 20, unit: 'MiB' });
  } finally {
    for (const { agent } of ways) agent.destroy();
    copy.child.disconnect();
    await ours.stop();
    await receiver.stop();
  }
}

/** One round of one way. */
interface Spent {
  readonly way: string;
  readonly wallMs: number;
  /** Processor time of the process in between. */
  readonly cpuMs: number;
}

function reportThroughput(
  bench: Bench,
  samples: number,
  { spent, lookingMs }: { readonly spent: readonly Spent[]; readonly lookingMs: number },
): void {
  const of = (way: string) => spent.filter((one) => one.way === way);
  const median = (way: string) =>
    quantile(
      of(way).map(({ wallMs }) => wallMs),
      0.5,
    );
  const perSample = (ms: number) => (1000 * ms) / (ROUNDS * SERIES);
  const cpuPerSample = (way: string) => perSample(of(way).reduce((sum, one) => sum + one.cpuMs, 0));
  const direct = median('direct');
  const what = `${SERIES} samples to Prometheus, ${samples} a request`;
  bench.add({
    name: `${what}, a proxy that copies bytes; baseline direct`,
    value: median('copy'),
    unit: 'ms',
    baseline: direct,
  });
  bench.add({
    name: `${what}, through us; baseline direct`,
    value: median('ours'),
    unit: 'ms',
    baseline: direct,
    // Four fifths of the throughput.
    aim: { of: 'ratio', atMost: 1.25 },
  });
  bench.add({ name: 'that is, through us', value: SERIES / (median('ours') / 1000), unit: 'samples/s' });
  bench.add({
    name: 'our processor time; baseline copying',
    value: cpuPerSample('ours'),
    unit: 'µs/sample',
    baseline: cpuPerSample('copy'),
  });
  bench.add({ name: 'looking at samples, time', value: perSample(lookingMs), unit: 'µs/sample' });
}

/** Against a receiver that does nothing, so that all there is to see is what is between. */
async function compareLatency(bench: Bench, series: Series): Promise<void> {
  const receiver = await startChild('receiver');
  const ours = await startOurs(receiver.url);
  const copy = await startChild('copy', receiver.url);
  const ways = waysOf(receiver.url, copy.url, `${ours.url}/api/v1/write`);
  const times: Record<string, number[]> = {};
  const bodies = requestsAt(series.slice(0, FEWEST_SAMPLES * LATENCY_REQUESTS), Date.now(), FEWEST_SAMPLES);
  try {
    for (let round = 1; round <= 2 * ROUNDS; round++) {
      const isWarm = round > ROUNDS;
      for (const way of ways) {
        bench.progress(
          `latency, ${isWarm ? 'round' : 'warming up'} ${round - (isWarm ? ROUNDS : 0)} of ${ROUNDS}, ${way.name}`,
        );
        for (const body of bodies) {
          const startedMs = performance.now();
          await send(way, body);
          if (!isWarm) continue;
          if (times[way.name] === undefined) times[way.name] = [];
          times[way.name]!.push(performance.now() - startedMs);
        }
      }
    }
  } finally {
    for (const { agent } of ways) agent.destroy();
    copy.child.disconnect();
    receiver.child.disconnect();
    await ours.stop();
  }
  for (const [level, name] of [
    [0.5, 'median'],
    [0.99, 'p99'],
  ] as const) {
    const direct = quantile(times['direct']!, level);
    const aim = level === 0.99 ? { aim: { of: 'value', atMost: 10 } as const } : {};
    bench.add({
      name: `added to a request of ${FEWEST_SAMPLES} samples, ${name}`,
      value: quantile(times['ours']!, level) - direct,
      unit: 'ms',
      baseline: quantile(times['copy']!, level) - direct,
      ...aim,
    });
  }
}

function waysOf(direct: string, copy: string, ours: string): Way[] {
  return Object.entries({ direct, copy, ours }).map(([name, url]) => ({
    name,
    url,
    agent: new Agent({ keepAlive: true, maxSockets: CONCURRENT }),
  }));
}

async function sendAll(way: Way, bodies: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const sendSome = async () => {
    while (next < bodies.length) await send(way, bodies[next++]!);
  };
  await Promise.all(Array.from({ length: CONCURRENT }, sendSome));
}

function send({ url, agent, name }: Way, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'content-length': body.length,
      'x-prometheus-remote-write-version': '0.1.0',
    };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 204) resolve();
        else reject(new Error(`${name} answered ${answer.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function startOurs(target: string): Promise<Sidecar> {
  // Nobody answers there: the stream begins without a past.
  return Sidecar.start('http://127.0.0.1:9', RULES, `proxy: {url: '${target}'}\n`);
}

async function startChild(
  ...args: [WriteRole, string?]
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const path = fileURLToPath(new URL(`support/write-child${extname(import.meta.url)}`, import.meta.url));
  const child = fork(path, args as string[]);
  const [port] = (await once(child, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}/`, child };
}
