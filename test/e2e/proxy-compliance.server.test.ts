import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenProxy, openProxy, post, proxySettings, V1_HEADERS, V2_HEADERS } from '../support/proxy.ts';
import type { PlainSample } from '../support/remote-write-proto.ts';
import { startPrometheus, startVictoriaMetrics, type TestServer } from '../support/servers.ts';
import { packV1, packV2 } from '../support/write-requests.ts';
import { eventually } from './process.ts';

/**
 * What a receiver must do with good and bad requests, asked of a real server by itself and of another one of its kind
 * through the proxy: answers and stored samples are the same.
 */
const NOW_MS = Math.floor(Date.now() / 1000) * 1000 - 60_000;
const at = (seconds: number) => NOW_MS + seconds * 1000;
const GARBAGE = Uint8Array.from({ length: 40 }, (_, i) => (i * 37) % 256);

function one(series: string, value: number, seconds: number): PlainSample {
  return { pairs: ['__name__', 'compliance', 'series', series], value, timestampMs: at(seconds) };
}

interface Case {
  readonly name: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

function samplesOf(pack: typeof packV1, version: string, headers: Case['headers']): Case[] {
  const of = (name: string, samples: readonly PlainSample[], more = {}): Case => {
    return { name: `${version} ${name}`, body: pack(samples), headers: { ...headers, ...more } };
  };
  const v = version;
  return [
    of('a good one', [one(`${v}a`, 1, 0), one(`${v}b`, 2, 0)]),
    of('the same again', [one(`${v}a`, 1, 0)]),
    of('another value at the same time', [one(`${v}a`, 5, 0)]),
    of('a series of good and bad ones', [one(`${v}c`, 1, 0), one(`${v}a`, 1, -30), one(`${v}d`, 1, 0)]),
    of('a later one', [one(`${v}a`, 3, 10)]),
    of('one that is too old', [one(`${v}e`, 1, -40 * 86_400)]),
    of('no number', [one(`${v}f`, Number.NaN, 0)]),
    of('an infinite one', [one(`${v}g`, Number.POSITIVE_INFINITY, 0)]),
    of('labels out of order', [{ ...one(`${v}h`, 1, 0), pairs: ['series', `${v}h`, '__name__', 'compliance'] }]),
    of('a label twice', [{ ...one(`${v}i`, 1, 0), pairs: ['__name__', 'compliance', 'a', '1', 'a', '2'] }]),
    of('an empty label value', [
      { ...one(`${v}j`, 1, 0), pairs: ['__name__', 'compliance', 'series', `${v}j`, 'z', ''] },
    ]),
    of('no name', [{ ...one(`${v}k`, 1, 0), pairs: ['series', `${v}k`] }]),
    of('no labels', [{ ...one('', 1, 0), pairs: [] }]),
    of('nothing', []),
    of('a wrong encoding', [one(`${v}l`, 1, 0)], { 'content-encoding': 'gzip' }),
    of('an unknown message', [one(`${v}m`, 1, 0)], { 'content-type': 'application/x-protobuf;proto=some.Other' }),
    of('an unknown type', [one(`${v}n`, 1, 0)], { 'content-type': 'application/json' }),
    of('no version', [one(`${v}o`, 1, 0)], { 'x-prometheus-remote-write-version': '' }),
    { name: `${version} an empty body`, body: new Uint8Array(0), headers },
    { name: `${version} garbage`, body: GARBAGE, headers },
    { name: `${version} garbage that is not packed`, body: pack([]).slice(0, 1), headers },
  ];
}

const cases = [
  ...samplesOf(packV1, '1.0', V1_HEADERS),
  ...samplesOf(packV2, '2.0', V2_HEADERS),
  { name: '2.0 under the type of 1.0', body: packV2([one('x', 1, 0)]), headers: V1_HEADERS },
  { name: '1.0 under the type of 2.0', body: packV1([one('y', 1, 0)]), headers: V2_HEADERS },
];

/** Requests name the one who asks in some answers, and answers have a date. */
function comparable(answer: Awaited<ReturnType<typeof post>>) {
  const {
    date: _,
    connection: __,
    'content-length': ___,
    'transfer-encoding': ____,
    'x-server-hostname': _____,
    ...headers
  } = answer.headers;
  return {
    status: answer.status,
    headers,
    text: answer.text.replaceAll(/127\.0\.0\.1:\d+/g, 'sender').replaceAll(/in \d+ seconds/g, 'in time'),
  };
}

async function stored(server: TestServer): Promise<string> {
  const form = new URLSearchParams({
    query: '{series!=""}[20m]',
    time: String(NOW_MS / 1000 + 30),
    latency_offset: '1ms',
  });
  const { data } = (await (await fetch(`${server.url}/api/v1/query?${form}`)).json()) as {
    data: { result: { metric: object; values: object[] }[] };
  };
  const rows = data.result.map(({ metric, values }) => JSON.stringify([Object.entries(metric).sort(), values]));
  return rows.sort().join('\n');
}

describe.each([
  ['Prometheus', startPrometheus],
  ['VictoriaMetrics', startVictoriaMetrics],
] as const)('%s through the proxy', (_, start) => {
  let direct: TestServer;
  let behind: TestServer;
  let proxy: OpenProxy;
  beforeAll(async () => {
    [direct, behind] = await Promise.all([start(), start()]);
    proxy = await openProxy(proxySettings(`${behind.url}/api/v1/write`));
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await Promise.all([direct.stop(), behind.stop()]);
  });

  test.each(cases)('answers as by itself: $name', async ({ body, headers }) => {
    const byItself = await post(`${direct.url}/api/v1/write`, body, headers);
    const through = await post(proxy.url, body, headers);
    expect(comparable(through)).toEqual(comparable(byItself));
  });

  test('has stored the same, and something at all', async () => {
    await eventually('the same is stored', async () => {
      const [one, other] = await Promise.all([stored(direct), stored(behind)]);
      return one === other && one.split('\n').length > 4 ? one : undefined;
    });
  });
});
