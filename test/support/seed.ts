import snappy from 'snappyjs';
import { WriteRequest } from './remote-write-proto.ts';

/** Ends a series, as a scrape that misses it does. */
export const STALE = 'stale';

export interface SeedSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Ascending in time. */
  readonly samples: readonly (readonly [timeMs: number, value: number | typeof STALE])[];
}

/** An empty Prometheus takes any history, as long as nothing comes an hour later than something newer. */
const SLICE_MS = 30 * 60_000;
const SAMPLES_PER_REQUEST = 20_000;

/** Stands for the marker while protobufjs encodes, as a JavaScript number need not keep the marker's bits. */
const MARKER_STAND_IN = -1.2345e-300;
const STAND_IN_BYTES = Buffer.from(new Float64Array([MARKER_STAND_IN]).buffer);
const MARKER_BYTES = Buffer.from(new BigUint64Array([0x7ff0000000000002n]).buffer);

/** Writes series into a server by remote write, in time order whatever the order of the list. `url` has no path. */
export async function seedSeries(url: string, series: readonly SeedSeries[]): Promise<void> {
  const places = series.map(() => 0);
  for (;;) {
    const heads = series.map(({ samples }, s) => samples[places[s]!]?.[0] ?? Number.POSITIVE_INFINITY);
    const sliceEndMs = heads.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) + SLICE_MS;
    if (sliceEndMs === Number.POSITIVE_INFINITY) return;
    let timeseries: object[] = [];
    let count = 0;
    for (const [s, { labels, samples }] of series.entries()) {
      const from = places[s]!;
      let to = from;
      while (to < samples.length && samples[to]![0] < sliceEndMs) to++;
      if (to === from) continue;
      places[s] = to;
      timeseries.push({ labels: sortedLabels(labels), samples: samples.slice(from, to).map(toSample) });
      count += to - from;
      if (count >= SAMPLES_PER_REQUEST) {
        await send(url, timeseries);
        timeseries = [];
        count = 0;
      }
    }
    if (count > 0) await send(url, timeseries);
  }
}

function sortedLabels(labels: SeedSeries['labels']): object[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));
}

function toSample([timestamp, value]: SeedSeries['samples'][number]): object {
  return { timestamp, value: value === STALE ? MARKER_STAND_IN : value };
}

async function send(url: string, timeseries: readonly object[]): Promise<void> {
  const message = Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish());
  for (let at = message.indexOf(STAND_IN_BYTES); at >= 0; at = message.indexOf(STAND_IN_BYTES, at))
    MARKER_BYTES.copy(message, at);
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: snappy.compress(message),
  });
  if (!response.ok) throw new Error(`${url} refused the seed: HTTP ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}
