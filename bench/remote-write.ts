import protobuf from 'protobufjs';
import snappy from 'snappyjs';
import { openRemoteWrite } from '../src/adapters/publisher/remote-write/remote-write.ts';
import { type Labels, labelsFromRecord } from '../src/series/labels.ts';
import { createTelemetry } from '../src/telemetry/metrics.ts';
import { ByteBuffer } from '../src/wire/remote-write/byte-buffer.ts';
import type { SampleColumns } from '../src/wire/remote-write/columns.ts';
import { LabelEncoder, legalPairs } from '../src/wire/remote-write/labels.ts';
import { encodeWriteRequest } from '../src/wire/remote-write/v1.ts';
import { RequestEncoder } from '../src/wire/remote-write/v2.ts';
import { nullLogger } from '../test/support/logger.ts';
import { remoteWriteSettings } from '../test/support/remote-write.ts';
import { type Bench, medianMsInTurns, type Suite } from './support/suite.ts';

const SERIES = 10_000;
const NOW_MS = 1_790_000_000_000;
const HELP = 'Distance of the scored sample from the expected value.';

/** Six labels a series, as an exporter on many hosts would have them. */
const LABELS: readonly Labels[] = Array.from({ length: SERIES }, (_, i) =>
  labelsFromRecord({
    cpu: String(i % 16),
    instance: `host-${Math.floor(i / 16)}.example.org:9100`,
    job: 'node_exporter',
    mode: i % 2 === 0 ? 'user' : 'system',
    pipeline: 'node_cpu_usage',
  }),
);

export const suite: Suite = {
  async run(bench) {
    const columns = columnsOf(LABELS);
    bench.progress('1.0');
    compareV1(bench, columns);
    bench.progress('2.0');
    compareV2(bench, columns);
    bench.progress('publishing');
    await measurePublishing(bench);
  },
};

function columnsOf(labels: readonly Labels[]): SampleColumns {
  const encoder = new LabelEncoder();
  return {
    series: labels.map((one) => ({ labelBytes: encoder.encode(pairsOf(one)), help: HELP })),
    timestampsMs: new Float64Array(SERIES).fill(NOW_MS),
    values: Float64Array.from(labels, (_, i) => 1 + Math.sin(i)),
    ended: new Uint8Array(SERIES),
  };
}

function pairsOf(labels: Labels): string[] {
  return legalPairs(['__name__', 'openanomaly_score', ...labels.pairs])!;
}

/** Both start from what their side keeps between requests: label bytes here, label objects there. */
function compareV1(bench: Bench, columns: SampleColumns): void {
  const type = load('remote-write-1.proto').lookupType('prometheus.WriteRequest');
  const labelObjects = LABELS.map((one) => toObjects(pairsOf(one)));
  const buffer = new ByteBuffer();
  const ours = () => {
    buffer.clear();
    encodeWriteRequest(columns, buffer);
    return snappy.compress(buffer.written());
  };
  const theirs = () => {
    const timeseries = labelObjects.map((labels, i) => ({
      labels,
      samples: [{ value: columns.values[i]!, timestamp: NOW_MS }],
    }));
    return snappy.compress(type.encode({ timeseries }).finish());
  };
  report(bench, '1.0', { ours, theirs, atMostMs: 8 });
  const encode = () => {
    buffer.clear();
    encodeWriteRequest(columns, buffer);
  };
  encode();
  const bytes = buffer.written();
  const compressOnly = medianMsInTurns(
    () => void encode(),
    () => void snappy.compress(bytes),
    { rounds: 30 },
  );
  bench.add({ name: '1.0: of that, encode', value: compressOnly.ours, unit: 'ms' });
  bench.add({ name: '1.0: of that, compress', value: compressOnly.alternative, unit: 'ms' });
}

function compareV2(bench: Bench, columns: SampleColumns): void {
  const type = load('remote-write-2.proto').lookupType('io.prometheus.write.v2.Request');
  const pairs = LABELS.map(pairsOf);
  const buffer = new ByteBuffer();
  const encoder = new RequestEncoder();
  const ours = () => {
    buffer.clear();
    encoder.encode(columns, buffer);
    return snappy.compress(buffer.written());
  };
  const theirs = () => snappy.compress(type.encode(requestObject(pairs, columns)).finish());
  report(bench, '2.0', { ours, theirs, atMostMs: 8 });
}

function report(
  bench: Bench,
  version: string,
  compare: { readonly ours: () => Uint8Array; readonly theirs: () => Uint8Array; readonly atMostMs: number },
): void {
  const { ours, theirs, atMostMs } = compare;
  if (Buffer.compare(ours(), theirs()) !== 0) throw new Error(`${version}: the bytes differ from those of protobufjs`);
  const ms = medianMsInTurns(
    () => void ours(),
    () => void theirs(),
    { rounds: 30 },
  );
  bench.add({
    name: `${version}: encode and compress ${SERIES} series`,
    value: ms.ours,
    unit: 'ms',
    baseline: ms.alternative,
    aim: { of: 'value', atMost: atMostMs },
  });
  bench.add({ name: `${version}: size on the wire`, value: ours().length / SERIES, unit: 'bytes/sample' });
}

/** What the thread that serves pays when a pipeline of this size publishes, and what the endpoint keeps of it. */
async function measurePublishing(bench: Bench): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const publisher = openRemoteWrite({
    // Nobody listens there: what is measured is taking the samples in, not sending them.
    settings: remoteWriteSettings({ url: 'http://127.0.0.1:9/', queue: { batchSendDeadlineMs: 60_000 } }),
    prefix: 'openanomaly',
    telemetry: createTelemetry(),
    logger: nullLogger,
  });
  const times: number[] = [];
  for (let minute = 0; minute < 6; minute++) {
    const startMs = performance.now();
    publisher.publish(evaluationAt(Date.now() - 600_000 + minute * 60_000));
    times.push(performance.now() - startMs);
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  bench.add({ name: `publish ${SERIES} series × 6 families, first time`, value: times[0]!, unit: 'ms' });
  bench.add({ name: `publish ${SERIES} series × 6 families, later`, value: Math.min(...times.slice(1)), unit: 'ms' });
  const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  bench.add({ name: 'memory per series, 6 samples of 6 families queued', value: held / SERIES, unit: 'bytes' });
  bench.add({ name: 'resident memory of the process', value: after.rss / 2 ** 20, unit: 'MiB' });
  await publisher.close(0);
}

function evaluationAt(timestampMs: number) {
  const column = Float64Array.from(LABELS, (_, i) => i);
  const view = new Uint8Array(LABELS.length);
  return {
    pipeline: 'node_cpu_usage',
    series: LABELS,
    timestampMs,
    steps: [
      {
        timestampMs,
        value: column,
        expected: column,
        lower: column,
        upper: column,
        score: column,
        anomaly: column,
        view,
      },
    ],
    views: ['forecast'],
    lookAhead: [],
    ended: [],
  };
}

function load(file: string): protobuf.Root {
  return protobuf.loadSync(`proto/${file}`);
}

function toObjects(pairs: readonly string[]): { name: string; value: string }[] {
  const objects = [];
  for (let i = 0; i < pairs.length; i += 2) objects.push({ name: pairs[i]!, value: pairs[i + 1]! });
  return objects;
}

/** A 2.0 request as a straightforward sender builds it: a table of symbols made anew each time. */
function requestObject(pairs: readonly (readonly string[])[], columns: SampleColumns): object {
  const symbols = [''];
  const refs = new Map<string, number>();
  const ref = (text: string) => {
    let known = refs.get(text);
    if (known === undefined) {
      known = symbols.push(text) - 1;
      refs.set(text, known);
    }
    return known;
  };
  const timeseries = pairs.map((labels, i) => ({
    labelsRefs: labels.map(ref),
    samples: [{ value: columns.values[i]!, timestamp: NOW_MS }],
    metadata: { type: 2, helpRef: ref(HELP) },
  }));
  return { symbols, timeseries };
}
