import { afterEach, describe, expect, it } from 'vitest';
import { type ConfiguredStreams, openSampleStreams } from '../../../src/adapters/receive/sample-streams.ts';
import { OpenAnomalyError } from '../../../src/errors.ts';
import type { RangeQuery, TsdbClient } from '../../../src/ports/tsdb-client.ts';
import type { Pipeline } from '../../../src/rules/pipeline.ts';
import { parseSelector } from '../../../src/rules/selector.ts';
import { labelsFromRecord } from '../../../src/series/labels.ts';
import type { ProxySettings } from '../../../src/settings/settings.ts';
import { createTelemetry } from '../../../src/telemetry/metrics.ts';
import { joinPieces, piecesOf, tsdbClientContract } from '../../contract/tsdb-client.ts';
import { FakeClock } from '../../support/clock.ts';
import { FunctionSource } from '../../support/function-source.ts';
import { collectingLogger } from '../../support/logger.ts';
import { pipelineOf } from '../../support/pipelines.ts';
import { metricOf, proxySettings, V1_HEADERS, V2_HEADERS } from '../../support/proxy.ts';
import type { PlainSample } from '../../support/remote-write-proto.ts';
import { packV1, packV2 } from '../../support/write-requests.ts';

/** `npm test` builds first, since threads run compiled code. */
const COMPILED_WORKER = new URL('../../../dist/adapters/receive/decode/worker.js', import.meta.url);
const MORTAL_WORKER = new URL('./mortal-worker.mjs', import.meta.url);
const DEADLY = Uint8Array.of(255);
const MINUTE_MS = 60_000;
const START_MS = 1_790_000_040_000;
const TAKEN = { status: 204, headers: {}, body: [] };
const never = new AbortController().signal;

const opened: ConfiguredStreams[] = [];
afterEach(async () => {
  for (const streams of opened.splice(0)) await streams[Symbol.asyncDispose]();
});

function streamPipeline(selector: string, changes: Partial<Pipeline> = {}): Pipeline {
  const stream = { matchers: parseSelector(selector)!, rateMs: undefined };
  return pipelineOf({ query: selector, stream, ...changes });
}

async function open({
  pipelines = [streamPipeline('m')],
  proxy = {} as Partial<ProxySettings>,
  workerUrl = COMPILED_WORKER,
} = {}) {
  const telemetry = createTelemetry();
  const logger = collectingLogger();
  const clock = new FakeClock(START_MS);
  const streams = openSampleStreams({ workerUrl, telemetry, clock, logger });
  opened.push(streams);
  const settings = proxySettings('http://receiver', proxy);
  await streams.configure(settings, pipelines);
  return {
    streams,
    clock,
    logger,
    settings,
    metric: (name: string, labels: Readonly<Record<string, string>> = {}) => metricOf(telemetry, name, labels),
    send: (samples: readonly PlainSample[]) =>
      streams.look({ headers: V1_HEADERS, body: packV1(samples), answer: TAKEN }),
  };
}

function sample(labels: string, value: number, minute: number): PlainSample {
  return { pairs: labels.split(' '), value, timestampMs: START_MS + minute * MINUTE_MS };
}

function query(from: number, to: number, changes: Partial<RangeQuery> = {}): RangeQuery {
  return {
    query: 'm',
    startMs: START_MS + from * MINUTE_MS,
    endMs: START_MS + to * MINUTE_MS,
    stepMs: MINUTE_MS,
    limit: 0,
    timeoutMs: 10_000,
    ...changes,
  };
}

/** What a read answers, by label text. */
async function read(client: TsdbClient, what: RangeQuery): Promise<Record<string, number[]>> {
  const pieces = await piecesOf(client, what);
  const names = new Map(pieces.flatMap(({ block }) => block.labels.map(({ key, pairs }) => [key, pairs.join(' ')])));
  return Object.fromEntries([...joinPieces(pieces, what)].map(([key, row]) => [names.get(key)!, [...row]]));
}

const nothingBefore = () => undefined;

describe('a stream', () => {
  /** Reads go back and forth in the contract, and a stream forgets: then the past takes its place. */
  tsdbClientContract(async () => {
    const pipelines = [streamPipeline('m', { name: 'p' }), streamPipeline('none', { name: 'q' })];
    const { streams, send } = await open({ pipelines });
    opened.length = 0;
    const rows = new Map([1, 2].map((a) => [`${a}`, [a, Number.NaN, 3 * a, 4 * a, 5 * a]]));
    const past = new FunctionSource(new Map());
    for (const [instance, values] of rows) {
      send(values.map((value, i) => sample(`__name__ m instance ${instance}`, value, i)));
      past.series.set(instance, (timeMs) => values[(timeMs - START_MS) / MINUTE_MS] ?? Number.NaN);
    }
    const refusing = new FunctionSource(new Map());
    refusing.failure = new OpenAnomalyError('query_rejected', 'no query');
    const sources = new Map([
      ['m', streams.source('p', () => past)],
      ['none', streams.source('q', nothingBefore)],
    ]);
    const other = streams.source('other', () => refusing);
    return {
      client: {
        queryRange: (what, signal) => (sources.get(what.query) ?? other).queryRange(what, signal),
        async [Symbol.asyncDispose]() {},
      },
      query: 'm',
      startMs: START_MS,
      stepMs: MINUTE_MS,
      steps: 5,
      expected: [...rows].map(([instance, values]) => ({ labels: { __name__: 'm', instance }, values })),
      emptyQuery: 'none',
      [Symbol.asyncDispose]: () => streams[Symbol.asyncDispose](),
    };
  });

  it('gives what was sent before the read, exactly', async () => {
    const { streams, send, metric } = await open();
    const source = streams.source('p', nothingBefore);
    send([sample('__name__ m a 1', 0.1 + 0.2, 0), sample('__name__ n a 1', 5, 0)]);
    streams.look({
      headers: V2_HEADERS,
      body: packV2([sample('__name__ m a 2', 7, 1)]),
      answer: { ...TAKEN, headers: { 'x-prometheus-remote-write-samples-written': '1' } },
    });
    expect(await read(source, query(0, 1))).toEqual({
      '__name__ m a 1': [0.1 + 0.2, Number.NaN],
      '__name__ m a 2': [Number.NaN, 7],
    });
    expect(await metric('requests_decoded_total', { version: '1.0' })).toBe(1);
    expect(await metric('requests_decoded_total', { version: '2.0' })).toBe(1);
    expect(await metric('samples_decoded_total')).toBe(3);
    expect(await metric('samples_matched_total', { pipeline: 'p' })).toBe(2);
    expect(await metric('series')).toBe(3);
  });

  it('has rates without a metric name, as a data source has them', async () => {
    const stream = { matchers: parseSelector('m')!, rateMs: 2 * MINUTE_MS };
    const { streams, send } = await open({ pipelines: [pipelineOf({ stream })] });
    send([0, 1, 2, 3].map((minute) => sample('__name__ m a 1', 60 * minute, minute)));
    expect(await read(streams.source('p', nothingBefore), query(3, 3))).toEqual({ 'a 1': [1] });
  });

  it('rejects above the limit, as every source does', async () => {
    const { streams, send } = await open({ pipelines: [streamPipeline('m', { limit: 1 })] });
    send([sample('__name__ m a 1', 1, 0), sample('__name__ m a 2', 2, 0)]);
    const reading = read(streams.source('p', nothingBefore), query(0, 1, { limit: 1 }));
    await expect(reading).rejects.toMatchObject({ code: 'series_limit' });
  });

  it.each([
    ['refused', V1_HEADERS, { ...TAKEN, status: 400 }],
    ['refused', V1_HEADERS, { ...TAKEN, status: 503 }],
    ['refused', V2_HEADERS, TAKEN],
    ['encoding', { ...V1_HEADERS, 'content-encoding': 'zstd' }, TAKEN],
    ['type', { ...V1_HEADERS, 'content-type': 'application/json' }, TAKEN],
    ['type', { ...V1_HEADERS, 'content-type': 'application/x-protobuf;proto=some.Other' }, TAKEN],
  ])('does not look at what is %s', async (reason, headers, answer) => {
    const { streams, metric } = await open();
    streams.look({ headers, body: packV1([sample('__name__ m', 1, 0)]), answer });
    expect(await metric('requests_skipped_total', { reason })).toBe(1);
    expect(await read(streams.source('p', nothingBefore), query(0, 1))).toEqual({});
  });

  it('drops the oldest requests that wait, counted, beyond its bytes', async () => {
    const body = packV1([sample('__name__ m a 1', 1, 0)]);
    const proxy = { queue: { bytes: 3 * body.length, samples: 1000 } };
    const { streams, send, metric, clock } = await open({ proxy });
    clock.advance(40 * MINUTE_MS);
    for (let i = 0; i < 40; i++) send([sample('__name__ m a 1', i, i)]);
    const { '__name__ m a 1': values = [] } = await read(streams.source('p', nothingBefore), query(0, 39));
    const kept = values.filter(Number.isFinite);
    expect(kept.slice(-3)).toEqual([37, 38, 39]);
    expect(await metric('requests_skipped_total', { reason: 'dropped' })).toBe(40 - kept.length);
    expect(kept.length).toBeLessThan(40);
  });
});

describe('the past of a stream', () => {
  /** Minutes since the start, far below zero. */
  const past = new FunctionSource(new Map([['1', (timeMs) => (timeMs - START_MS) / MINUTE_MS - 1000]]));

  it('is read up to where the stream knows everything, and no farther', async () => {
    const { streams, send, clock } = await open();
    clock.setTo(START_MS + 9 * MINUTE_MS);
    send([0, 1, 2, 3].map((minute) => sample('__name__ m instance 1', minute, minute)));
    const source = streams.source('p', () => past);
    expect(await read(source, query(-2, 3))).toEqual({ '__name__ m instance 1': [-1002, -1001, -1000, 1, 2, 3] });
    expect(await read(source, query(2, 3))).toEqual({ '__name__ m instance 1': [2, 3] });
  });

  it('is missing where there is no data source', async () => {
    const { streams, send } = await open();
    send([0, 1].map((minute) => sample('__name__ m instance 1', minute, minute)));
    expect(await read(streams.source('p', nothingBefore), query(-2, 1))).toEqual({
      '__name__ m instance 1': [Number.NaN, Number.NaN, 0, 1],
    });
  });

  it('is all there is without a proxy', async () => {
    const { streams } = await open();
    await streams.configure(undefined, []);
    expect(
      await read(
        streams.source('p', () => past),
        query(-1, 0),
      ),
    ).toEqual({ '__name__ m instance 1': [-1001, -1000] });
  });

  it('has the series of a pair without their replica, as the stream has', async () => {
    const minutes = (timeMs: number) => (timeMs - START_MS) / MINUTE_MS;
    const both = new FunctionSource(
      new Map([
        ['a', (timeMs) => (timeMs < START_MS ? minutes(timeMs) : Number.NaN)],
        ['b', minutes],
      ]),
    );
    const twice: TsdbClient = {
      narrows: () => true,
      async *queryRange(what, signal) {
        for await (const piece of both.queryRange(what, signal)) {
          const labels = piece.block.labels.map(({ pairs }) =>
            labelsFromRecord({ __name__: 'm', cluster: 'eu', __replica__: pairs[3]! }),
          );
          yield { ...piece, block: { ...piece.block, labels } };
        }
      },
      async [Symbol.asyncDispose]() {},
    };
    const haLabels = { cluster: 'cluster', replica: '__replica__', failoverMs: 30_000 };
    const { streams, send } = await open({ proxy: { haLabels } });
    send([sample('__name__ m __replica__ a cluster eu', 9, 1)]);
    const source = streams.source('p', () => twice);
    expect(source.narrows?.('m')).toBe(false);
    expect(await read(source, query(-1, 1))).toEqual({ '__name__ m cluster eu': [-1, 0, 9] });
  });
});

describe('a thread that dies', () => {
  it('is followed by another, which reads from the past what it missed; reads that wait come again', async () => {
    const { streams, send, metric, logger, clock } = await open({ workerUrl: MORTAL_WORKER });
    const past = new FunctionSource(new Map([['1', (timeMs) => -(timeMs - START_MS) / MINUTE_MS]]));
    const source = streams.source('p', () => past);
    send([sample('__name__ m instance 1', 1, 1)]);
    expect(await read(source, query(0, 1))).toEqual({ '__name__ m instance 1': [-0, 1] });
    clock.setTo(START_MS + 2 * MINUTE_MS);
    streams.look({ headers: V1_HEADERS, body: DEADLY, answer: TAKEN });
    const waiting = read(source, query(1, 3));
    expect(await waiting).toEqual({ '__name__ m instance 1': [-1, -2, Number.NaN] });
    expect(await metric('decoder_restarts_total')).toBe(1);
    expect(await metric('requests_skipped_total', { reason: 'dropped' })).toBe(1);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    send([sample('__name__ m instance 1', 4, 4), sample('__name__ m instance 2', 5, 4)]);
    expect(await read(source, query(4, 4))).toEqual({ '__name__ m instance 1': [4], '__name__ m instance 2': [5] });
  });
});

describe('the end', () => {
  it('tells whoever reads; what comes later is nobody’s affair', async () => {
    const { streams, send } = await open();
    const reading = read(streams.source('p', nothingBefore), query(0, 1));
    await streams[Symbol.asyncDispose]();
    await expect(reading).rejects.toMatchObject({ code: 'shutting_down' });
    send([sample('__name__ m', 1, 0)]);
  });

  it('of a read is its deadline, or its signal', async () => {
    const { streams } = await open();
    const source = streams.source('p', nothingBefore);
    await expect(piecesOf(source, query(0, 1, { timeoutMs: 0 }), never)).rejects.toMatchObject({
      code: 'stream_unavailable',
    });
    const leaving = new AbortController();
    const reading = piecesOf(source, query(0, 1), leaving.signal);
    const reason = new OpenAnomalyError('shutting_down', 'enough');
    leaving.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });
});
