import { createReadStream } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { GridCollector } from '../../src/adapters/tsdb/prometheus/grid-collector.ts';
import { gridBetween } from '../../src/series/grid.ts';
import { decodeAnswer } from '../../src/wire/prometheus-api.ts';
import { LabelCache } from '../../src/wire/prometheus-api-labels.ts';

/** What a process of its own found when it decoded a file of one answer. */
export interface DecodeResult {
  /** Of the first decoding, the compiler cold, reading from the page cache included. */
  readonly firstMs: number;
  /** Median of the later ones. */
  readonly laterMs: number;
  readonly peakBytes: number;
  readonly longestBlockMs: number;
  /** Of all samples, to show that both ways read the same. */
  readonly sum: number;
}

export interface DecodeTask {
  readonly way: 'ours' | 'JSON.parse';
  readonly file: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly rounds: number;
}

/** As much as a socket gives at once. */
const CHUNK_BYTES = 64 * 1024;

const labels = new LabelCache(100_000);

function chunksOf(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}

async function decodeOurs({ file, startMs, stepMs, steps }: DecodeTask): Promise<Float64Array> {
  const endMs = startMs + (steps - 1) * stepMs;
  const query = { query: '', startMs, endMs, stepMs, limit: 0, timeoutMs: 0 };
  const collector = new GridCollector(gridBetween(startMs, endMs, stepMs), query, Number.POSITIVE_INFINITY);
  const answer = await decodeAnswer(chunksOf(file), { labels, take: collector.take });
  return collector.piece(answer).block.values;
}

async function decodeByJson({ file, startMs, stepMs, steps }: DecodeTask): Promise<Float64Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(file)) chunks.push(chunk);
  const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  const values = new Float64Array(data.result.length * steps).fill(Number.NaN);
  data.result.forEach((series, s) => {
    for (const [seconds, text] of series.values)
      values[s * steps + Math.round((seconds * 1000 - startMs) / stepMs)] = Number(text);
  });
  return values;
}

const task = JSON.parse(process.argv[2] ?? '') as DecodeTask;
const decode = task.way === 'ours' ? decodeOurs : decodeByJson;
const delays = monitorEventLoopDelay({ resolution: 1 });
const times: number[] = [];
let sum = 0;
for (let round = 0; round < task.rounds; round++) {
  delays.enable();
  const start = performance.now();
  const values = await decode(task);
  times.push(performance.now() - start);
  // The monitor learns of a block when the loop turns again.
  await delay(10);
  delays.disable();
  sum = values.reduce((a, b) => a + b, 0);
}
const later = times.slice(1).sort((a, b) => a - b);
const result: DecodeResult = {
  firstMs: times[0]!,
  laterMs: later[Math.floor(later.length / 2)] ?? times[0]!,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  longestBlockMs: delays.max / 1e6,
  sum,
};
process.stdout.write(JSON.stringify(result));
