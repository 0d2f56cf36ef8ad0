import { randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { httpSettings } from '../support/loopback.ts';
import { freePort } from '../support/ports.ts';
import { openProxy, post, proxySettings, startUpstream, V1_HEADERS, V2_HEADERS } from '../support/proxy.ts';
import type { Answer } from './serve.ts';
import { PASSWORD_HASHES, WebFiles } from './web-files.ts';

const BODY = randomBytes(100_000);

/** An answer without what frames it on its connection, which is each connection's own affair. */
function endToEnd({ headers, ...answer }: Answer): Answer {
  const { connection: _, 'content-length': __, 'transfer-encoding': ___, 'keep-alive': ____, ...rest } = headers;
  return { ...answer, headers: rest };
}

/** Tells when a condition holds, without a bound of its own. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(2);
}

describe('what a sender sends', () => {
  it('goes on with its bytes, its query and its end-to-end headers', async () => {
    await using upstream = await startUpstream((response) => void response.writeHead(204).end());
    await using proxy = await openProxy(proxySettings(upstream.url));
    const headers = {
      ...V2_HEADERS,
      'x-scope-orgid': 'tenant-7',
      authorization: 'Bearer of-the-sender',
      'retry-attempt': '3',
      'x-hop': 'mine',
      connection: 'close, X-Hop',
    };
    const answer = await post(`${proxy.url}?extra_label=a=b`, BODY, headers);
    expect(answer.status).toBe(204);
    const [seen] = upstream.seen;
    expect(seen?.body.equals(BODY)).toBe(true);
    expect(seen?.target).toBe('/receive?extra_label=a=b');
    const { connection: _, 'x-hop': __, ...endToEnd } = headers;
    expect(seen?.headers).toMatchObject(endToEnd);
    expect(seen?.headers).not.toHaveProperty('x-hop');
    expect(seen?.headers['content-length']).toBe(String(BODY.length));
  });

  it('may come in chunks, be empty, or be anything at all', async () => {
    await using upstream = await startUpstream((response) => void response.writeHead(400).end('snappy: corrupt input'));
    await using proxy = await openProxy(proxySettings(upstream.url));
    expect((await post(proxy.url, Buffer.alloc(0))).text).toBe('snappy: corrupt input');
    expect((await post(proxy.url, BODY, { 'transfer-encoding': 'chunked' })).status).toBe(400);
    expect(upstream.seen.map(({ body }) => body.length)).toEqual([0, BODY.length]);
  });

  it('gets the headers of the settings, in the place of its own', async () => {
    await using upstream = await startUpstream((response) => void response.writeHead(204).end());
    const http = httpSettings({
      authorization: { type: 'Bearer', credentials: { value: 'ours' } },
      headers: { 'X-Extra': { values: ['long form'], secrets: [], files: [] } },
    });
    await using proxy = await openProxy(proxySettings(upstream.url, { headers: { 'X-Scope-OrgID': 'ours' }, http }));
    const sent = { ...V1_HEADERS, authorization: 'Bearer theirs', 'x-scope-orgid': 'theirs', 'x-extra': 'theirs' };
    await post(proxy.url, BODY, sent);
    expect(upstream.seen[0]?.headers).toMatchObject({
      ...V1_HEADERS,
      authorization: 'Bearer ours',
      'x-scope-orgid': 'ours',
      'x-extra': 'long form',
    });
  });

  it('keeps a password for our own server to us', async () => {
    await using upstream = await startUpstream((response) => void response.writeHead(204).end());
    using files = new WebFiles('basic_auth_users:', `  anna: '${PASSWORD_HASHES['2b']}'`);
    const settings = { webConfigFile: files.file };
    await using proxy = await openProxy(proxySettings(upstream.url), { server: { settings } });
    const authorization = `Basic ${Buffer.from('anna:secret').toString('base64')}`;
    expect((await post(proxy.url, BODY)).status).toBe(401);
    expect((await post(proxy.url, BODY, { authorization })).status).toBe(204);
    expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe('what the receiver answers', () => {
  it.each([
    [
      200,
      { 'x-prometheus-remote-write-samples-written': '3', 'x-prometheus-remote-write-histograms-written': '0' },
      '',
    ],
    [204, { 'x-prometheus-remote-write-exemplars-written': '1' }, ''],
    [400, { 'content-type': 'text/plain; charset=utf-8' }, 'out of order sample\n'],
    [415, {}, 'not accepted'],
    [429, { 'retry-after': '17' }, 'slow down'],
    [500, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 'boom'],
    [503, { 'x-anything': 'é' }, '{"a":1}'],
  ])('%s comes back as it came', async (status, headers, body) => {
    const all = { ...headers, date: 'Mon, 01 Jan 2024 00:00:00 GMT' };
    await using upstream = await startUpstream((response) => void response.writeHead(status, all).end(body));
    await using proxy = await openProxy(proxySettings(upstream.url));
    const direct = await post(upstream.url, BODY, V1_HEADERS);
    const through = await post(proxy.url, BODY, V1_HEADERS);
    expect(endToEnd(through)).toEqual(endToEnd(direct));
    expect(await proxy.metric('requests_forwarded_total', { code: String(status) })).toBe(1);
  });

  it('is waited for: nothing is acknowledged before', async () => {
    let release = () => {};
    const stored = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using upstream = await startUpstream(async (response) => {
      await stored;
      response.writeHead(204).end();
    });
    await using proxy = await openProxy(proxySettings(upstream.url));
    let isAnswered = false;
    const answer = post(proxy.url, BODY, V1_HEADERS).then((result) => {
      isAnswered = true;
      return result;
    });
    await until(() => upstream.seen.length === 1);
    await delay(20);
    expect(isAnswered).toBe(false);
    release();
    expect((await answer).status).toBe(204);
  });

  it('is 502 when there is nobody, 504 when it takes too long: both are tried again by senders', async () => {
    await using nobody = await openProxy(proxySettings(`http://127.0.0.1:${await freePort()}/`));
    const refused = await post(nobody.url, BODY);
    expect(refused.status).toBe(502);
    expect(refused.text).toContain('proxy_unavailable');
    await using silent = await startUpstream(() => {});
    await using proxy = await openProxy(proxySettings(silent.url, { timeoutMs: 50 }));
    expect((await post(proxy.url, BODY)).status).toBe(504);
    expect(await proxy.metric('requests_rejected_total', { reason: 'timeout' })).toBe(1);
  });

  it('may send on to another place: the bytes go there too, credentials only to the same host', async () => {
    await using moved = await startUpstream((response) => void response.writeHead(204).end());
    const away = moved.url.replace('127.0.0.1', 'localhost');
    await using upstream = await startUpstream(
      (response) => void response.writeHead(307, { location: away }).end('over there'),
    );
    const http = httpSettings({ authorization: { type: 'Bearer', credentials: { value: 'ours' } } });
    await using proxy = await openProxy(proxySettings(upstream.url, { http }));
    const answer = await post(proxy.url, BODY, V1_HEADERS);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(moved.seen[0]?.body.equals(BODY)).toBe(true);
    expect([upstream.seen[0], moved.seen[0]].map((seen) => seen?.headers.authorization)).toEqual([
      'Bearer ours',
      undefined,
    ]);
  });

  it('is handed on when looking at the samples throws', async () => {
    await using upstream = await startUpstream((response) => void response.writeHead(204).end());
    const look = () => {
      throw new Error('broken');
    };
    await using proxy = await openProxy(proxySettings(upstream.url), { look });
    expect((await post(proxy.url, BODY)).status).toBe(204);
  });
});

describe('bounds', () => {
  const limits = { bodyBytes: 1000, decodedBytes: 1000, requestsInFlight: 2, bytesInFlight: 1500 };

  it.each([{}, { 'transfer-encoding': 'chunked' }])(
    'refuse a body that is too large with 413 (%o)',
    async (headers) => {
      await using upstream = await startUpstream((response) => void response.writeHead(204).end());
      await using proxy = await openProxy(proxySettings(upstream.url, { limits }));
      expect((await post(proxy.url, BODY, headers)).status).toBe(413);
      expect((await post(proxy.url, BODY.subarray(0, 1000), headers)).status).toBe(204);
      expect(upstream.seen).toHaveLength(1);
      expect(await proxy.metric('requests_rejected_total', { reason: 'too_large' })).toBe(1);
    },
  );

  it.each([
    ['requests', 10, 2, 'too_many_requests'],
    ['bytes', 800, 1, 'too_many_bytes'],
  ])('send senders away for a moment when too many %s are under way', async (_, size, fit, reason) => {
    const waiting: (() => void)[] = [];
    await using upstream = await startUpstream((response) => void waiting.push(() => response.writeHead(204).end()));
    await using proxy = await openProxy(proxySettings(upstream.url, { limits }));
    const taken = Array.from({ length: fit }, () => post(proxy.url, BODY.subarray(0, size)));
    await until(() => waiting.length === fit);
    const refused = await post(proxy.url, BODY.subarray(0, size));
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('1');
    expect(await proxy.metric('requests_rejected_total', { reason })).toBe(1);
    expect(await proxy.metric('in_flight_bytes')).toBe(size * fit);
    for (const answer of waiting) answer();
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual(taken.map(() => 204));
    const room = post(proxy.url, BODY.subarray(0, size));
    await until(() => waiting.length === fit + 1);
    waiting.at(-1)!();
    expect((await room).status).toBe(204);
    expect(await proxy.metric('in_flight_bytes')).toBe(0);
  });

  it('let go of a request whose sender is gone, before and after it was sent on', async () => {
    let answers = 0;
    await using upstream = await startUpstream((response) => void response.once('close', () => answers++));
    await using proxy = await openProxy(proxySettings(upstream.url, { limits: { ...limits, bodyBytes: 1 << 20 } }));
    const leave = new AbortController();
    const lost = post(proxy.url, Buffer.alloc(100), {}, leave.signal);
    await until(() => upstream.seen.length === 1);
    leave.abort();
    await expect(lost).rejects.toThrow();
    await until(() => answers === 1);
    const { port } = new URL(proxy.url);
    const half = createConnection(Number(port), '127.0.0.1', () => {
      half.write('POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhalf', () => half.destroy());
    });
    await until(async () => (await proxy.metric('requests_rejected_total', { reason: 'hung_up' })) === 2);
    expect(await proxy.metric('requests_in_flight')).toBe(0);
    expect(await proxy.metric('in_flight_bytes')).toBe(0);
  });
});

it('answers POST only, below the route prefix, and 404 without a receiver', async () => {
  await using upstream = await startUpstream((response) => void response.writeHead(204).end());
  await using proxy = await openProxy(proxySettings(upstream.url), { server: { settings: { routePrefix: '/oa' } } });
  const prefixed = proxy.url.replace('/api', '/oa/api');
  expect((await fetch(prefixed)).status).toBe(405);
  expect((await post(prefixed, BODY)).status).toBe(204);
  expect((await post(proxy.url, BODY)).status).toBe(404);
});
