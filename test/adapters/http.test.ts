import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpClient, type HttpRequest, openHttpClient } from '../../src/adapters/http.ts';
import type { HttpClientSettings } from '../../src/settings/settings.ts';
import { httpSettings, type Loopback, type Script, serve } from '../support/loopback.ts';
import { freePort } from '../support/ports.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item[Symbol.asyncDispose]();
});

async function server(script: Script): Promise<Loopback> {
  const loopback = await serve(script);
  open.push(loopback);
  return loopback;
}

function client(overrides: Partial<HttpClientSettings> = {}): HttpClient {
  const opened = openHttpClient(httpSettings(overrides), { userAgent: 'openanomaly/test' });
  open.push(opened);
  return opened;
}

async function secretFile(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'openanomaly-http-'));
  open.push({ [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) });
  await writeFile(join(dir, 'secret'), text);
  return join(dir, 'secret');
}

const never = new AbortController().signal;
const get = (url: string): HttpRequest => ({ method: 'GET', url, timeoutMs: 30_000 });

describe('a request', () => {
  it('carries method, path, body, its headers and our name, and does not ask for gzip', async () => {
    const at = await server((_, response) => void response.setHeader('x-twice', ['a', 'b']).writeHead(404).end('gone'));
    const answer = await client().request(
      { method: 'POST', url: `${at.url}/a/b?c=d`, headers: { 'x-one': '1' }, body: 'é', timeoutMs: 30_000 },
      never,
    );
    expect(answer.status).toBe(404);
    expect(answer.headers['x-twice']).toBe('a, b');
    expect(await answer.text(100)).toBe('gone');
    const seen = at.seen[0]!;
    expect(seen).toMatchObject({ method: 'POST', path: '/a/b?c=d', body: 'é' });
    expect(seen.headers).toMatchObject({ 'x-one': '1', 'user-agent': 'openanomaly/test', 'content-length': '2' });
    expect(seen.headers['accept-encoding']).toBeUndefined();
    expect(seen.headers['authorization']).toBeUndefined();
  });

  it('streams its answer', async () => {
    const at = await server(async (_, response) => {
      for (let i = 0; i < 50; i++) response.write(Buffer.alloc(10_000, i));
      response.end();
    });
    const answer = await client().request(get(at.url), never);
    let bytes = 0;
    for await (const chunk of answer.body) bytes += chunk.length;
    expect(bytes).toBe(500_000);
  });

  it('cuts a text at its limit', async () => {
    const at = await server((_, response) => void response.end('x'.repeat(1_000_000)));
    const answer = await client().request(get(at.url), never);
    expect(await answer.text(10)).toBe('xxxxxxxxxx');
  });

  it('serves again on the connection of a discarded answer', async () => {
    const at = await server((_, response) => void response.end('x'.repeat(1000)));
    let connections = 0;
    at.server.on('connection', () => {
      connections++;
    });
    const ours = client();
    (await ours.request(get(at.url), never)).discard();
    // The discarded body is read in the background; the connection is free when the second answer is due at the latest.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await (await ours.request(get(at.url), never)).text(10_000);
    expect(connections).toBe(1);
  });
});

describe('credentials', () => {
  it.each<[string, Partial<HttpClientSettings>, string]>([
    [
      'basic_auth',
      { basicAuth: { username: { value: 'u' }, password: { value: 'p:ö' } } },
      `Basic ${Buffer.from('u:p:ö').toString('base64')}`,
    ],
    ['authorization', { authorization: { type: 'Token', credentials: { value: 'abc' } } }, 'Token abc'],
  ])('%s', async (_, settings, header) => {
    const at = await server((_request, response) => void response.end());
    await (await client(settings).request(get(at.url), never)).text(1);
    expect(at.seen[0]!.headers['authorization']).toBe(header);
  });

  it('takes user and password from the URL', async () => {
    const at = await server((_, response) => void response.end());
    await (await client().request(get(at.url.replace('//', '//me:p%40ss@')), never)).text(1);
    expect(at.seen[0]!.headers['authorization']).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('reads secret files at each use', async () => {
    const at = await server((_, response) => void response.end());
    const file = await secretFile('one\n');
    const ours = client({ authorization: { type: 'Bearer', credentials: { file } } });
    await (await ours.request(get(at.url), never)).text(1);
    await writeFile(file, 'two\n');
    await (await ours.request(get(at.url), never)).text(1);
    expect(at.seen.map(({ headers }) => headers['authorization'])).toEqual(['Bearer one', 'Bearer two']);
    await rm(file);
    await expect(ours.request(get(at.url), never)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining(file),
    });
    expect(at.seen).toHaveLength(2);
  });

  it('adds the headers of the block, with several values and values from files', async () => {
    const at = await server((_, response) => void response.end());
    const file = await secretFile('from-file');
    const ours = client({
      headers: {
        'X-Scope-OrgID': { values: ['team'], secrets: [], files: [] },
        'X-Many': { values: ['a'], secrets: ['b'], files: [file] },
      },
    });
    await (await ours.request(get(at.url), never)).text(1);
    expect(at.seen[0]!.headers).toMatchObject({ 'x-scope-orgid': 'team', 'x-many': 'a, b, from-file' });
  });
});

describe('redirects', () => {
  it('keeps method and body, except after 303', async () => {
    const at = await server((request, response) => {
      const status = Number(request.path.slice(1));
      if (status > 0) response.writeHead(status, { location: '/end' }).end('moved');
      else response.end('here');
    });
    const ours = client();
    for (const status of [301, 302, 303, 307, 308]) {
      const request = { method: 'POST', url: `${at.url}/${status}`, body: 'b', timeoutMs: 30_000 } as const;
      expect(await (await ours.request(request, never)).text(10)).toBe('here');
    }
    const ends = at.seen.filter(({ path }) => path === '/end').map(({ method, body }) => `${method} ${body}`);
    expect(ends).toEqual(['POST b', 'POST b', 'GET ', 'POST b', 'POST b']);
  });

  it('does not send credentials to another host', async () => {
    const other = await server((_, response) => void response.end());
    const at = await server((_, response) => {
      response.writeHead(307, { location: other.url.replace('127.0.0.1', 'localhost') }).end();
    });
    const ours = client({
      authorization: { type: 'Bearer', credentials: { value: 'secret' } },
      headers: { 'x-key': { values: [], secrets: ['secret'], files: [] } },
    });
    await (await ours.request(get(at.url), never)).text(1);
    expect(JSON.stringify(at.seen[0])).toContain('secret');
    expect(other.seen).toHaveLength(1);
    expect(JSON.stringify(other.seen[0])).not.toContain('secret');
  });

  it('gives up in a circle', async () => {
    const at = await server((_, response) => void response.writeHead(302, { location: '/' }).end());
    await expect(client().request(get(at.url), never)).rejects.toThrow(/redirects more than 10 times/);
    expect(at.seen).toHaveLength(11);
  });

  it('answers the redirect itself where the block says so', async () => {
    const at = await server((_, response) => void response.writeHead(302, { location: '/x' }).end());
    const answer = await client({ followRedirects: false }).request(get(at.url), never);
    answer.discard();
    expect(answer.status).toBe(302);
  });
});

describe('no answer', () => {
  it('nobody listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}/x?secret=1`;
    await expect(client().request(get(url), never)).rejects.toMatchObject({
      code: 'datasource_unavailable',
      message: expect.stringMatching(/^cannot reach http:\/\/127\.0\.0\.1:\d+: nothing listens there.*ECONNREFUSED\)$/),
    });
  });

  it('an unknown host', async () => {
    await expect(client().request(get('http://no-such-host.invalid/'), never)).rejects.toThrow(
      /cannot reach http:\/\/no-such-host\.invalid:80: .*\b(DNS)\b.*\((ENOTFOUND|EAI_AGAIN)\)/,
    );
  });

  it('something that is not HTTP', async () => {
    const raw = createServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .end('SSH-2.0-x\r\n'),
    );
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    open.push({ [Symbol.asyncDispose]: () => new Promise((resolve) => raw.close(() => resolve())) });
    const { port } = raw.address() as { port: number };
    await expect(client().request(get(`http://127.0.0.1:${port}`), never)).rejects.toThrow(/does not answer in HTTP/);
  });

  it('a body that breaks off', async () => {
    const at = await server((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    const answer = await client().request(get(at.url), never);
    await expect(answer.text(1000)).rejects.toMatchObject({ code: 'datasource_unavailable' });
  });

  it('the deadline, before the head and inside the body, with the codes of the owner', async () => {
    const at = await server((request, response) => {
      if (request.path === '/body') response.writeHead(200).write('half');
    });
    const codes = {
      unavailable: 'remote_write_unavailable',
      timeout: 'remote_write_unavailable',
      auth: 'remote_write_refused',
    } as const;
    const ours = openHttpClient(httpSettings(), { userAgent: 'x', codes });
    open.push(ours);
    const timeout = { code: 'remote_write_unavailable', message: expect.stringContaining('within 0.1 s') };
    await expect(ours.request({ ...get(at.url), timeoutMs: 100 }, never)).rejects.toMatchObject(timeout);
    const answer = await ours.request({ ...get(`${at.url}/body`), timeoutMs: 100 }, never);
    await expect(answer.text(1000)).rejects.toMatchObject(timeout);
  });

  it('the caller gave up: before, while waiting, and inside the body', async () => {
    const at = await server((request, response) => {
      if (request.path === '/body') response.writeHead(200).write('half');
    });
    const ours = client();
    const reason = new Error('enough');
    await expect(ours.request(get(at.url), AbortSignal.abort(reason))).rejects.toBe(reason);

    const waiting = new AbortController();
    at.server.once('request', () => waiting.abort(reason));
    await expect(ours.request(get(at.url), waiting.signal)).rejects.toBe(reason);

    const reading = new AbortController();
    const answer = await ours.request(get(`${at.url}/body`), reading.signal);
    setTimeout(() => reading.abort(reason), 10);
    await expect(answer.text(1000)).rejects.toBe(reason);
  });
});
