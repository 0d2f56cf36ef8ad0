import { Agent } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/http/server.ts';
import type { PageFormat } from '../../src/wire/exposition.ts';
import { gzipPieces, PagePiece } from '../../src/wire/exposition-gzip.ts';
import { collectingLogger } from '../support/logger.ts';
import { ask, type Overrides, openServer } from './serve.ts';

const opened: HttpServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server[Symbol.asyncDispose]();
});

async function open(overrides?: Overrides): Promise<HttpServer> {
  const server = await openServer(overrides);
  opened.push(server);
  return server;
}

describe('probes', () => {
  it('answer in plain text, HEAD without a body', async () => {
    const server = await open();
    const healthy = await ask(server, '/-/healthy');
    expect([healthy.status, healthy.text]).toEqual([200, 'OpenAnomaly is Healthy.\n']);
    expect(healthy.headers['content-type']).toBe('text/plain; charset=utf-8');
    const ready = await ask(server, '/-/ready');
    expect([ready.status, ready.text]).toEqual([200, 'OpenAnomaly is Ready.\n']);
    const head = await ask(server, '/-/healthy', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '24']);
  });

  it('say 503 until the process is ready, and stay healthy', async () => {
    let isReady = false;
    const server = await open({ isReady: () => isReady });
    const early = await ask(server, '/-/ready');
    expect([early.status, early.text]).toEqual([503, 'Service Unavailable\n']);
    expect((await ask(server, '/-/healthy')).status).toBe(200);
    isReady = true;
    expect((await ask(server, '/-/ready')).status).toBe(200);
  });
});

describe('the metrics path', () => {
  const page = {
    async page(format: PageFormat, encoding: 'identity' | 'gzip') {
      const pieces = [new PagePiece(Buffer.from(`format ${format}\n`)), new PagePiece(Buffer.alloc(100_000, 'x\n'))];
      return encoding === 'gzip' ? gzipPieces(pieces) : pieces.map((piece) => piece.text);
    },
  };
  const whole = (format: PageFormat) => `format ${format}\n${'x\n'.repeat(50_000)}`;

  it('sends text 0.0.4 unless OpenMetrics is preferred', async () => {
    const server = await open({ page });
    const text = await ask(server, '/metrics');
    expect(text.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.headers['content-encoding']).toBeUndefined();
    expect(text.headers['content-length']).toBe(String(whole('text').length));
    expect(text.text).toBe(whole('text'));
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    const openmetrics = await ask(server, '/metrics?x=1', { headers: { accept } });
    expect(openmetrics.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(openmetrics.text).toBe(whole('openmetrics'));
  });

  it('compresses only when asked', async () => {
    const server = await open({ page });
    const gzipped = await ask(server, '/metrics', { headers: { 'accept-encoding': 'gzip' } });
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzipped.body).toString()).toBe(whole('text'));
    expect(gzipped.body.length).toBeLessThan(5_000);
  });

  it('answers HEAD with the length and no body', async () => {
    const server = await open({ page });
    const head = await ask(server, '/metrics', { method: 'HEAD' });
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, '100012']);
  });

  it('answers 500 rather than half a page', async () => {
    const logger = collectingLogger();
    const server = await open({ logger, page: { page: () => Promise.reject(new Error('out of memory')) } });
    const answer = await ask(server, '/metrics');
    expect(answer.status).toBe(500);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(logger.lines.map((line) => line.fields['err'])).toEqual(['out of memory']);
  });

  it('can have another name, the root included', async () => {
    const named = await open({ settings: { telemetryPath: '/probe' } });
    expect((await ask(named, '/probe')).text).toContain('oa_score{a="2"} 2');
    expect((await ask(named, '/metrics')).status).toBe(404);
    const root = await open({ settings: { telemetryPath: '/' } });
    expect((await ask(root, '/')).text).toContain('oa_score');
  });
});

describe('reload', () => {
  const settings = { enableLifecycle: true };

  it.each(['POST', 'PUT'])('runs on %s and says nothing', async (method) => {
    let reloads = 0;
    const server = await open({ settings, reload: async () => void reloads++ });
    const answer = await ask(server, '/-/reload', { method });
    expect([answer.status, answer.text, reloads]).toEqual([200, '', 1]);
  });

  it('answers 500 with every line of the reason', async () => {
    const server = await open({
      settings,
      reload: () => Promise.reject(new Error('a.yaml: 1:2: no\na.yaml: 3:4: no')),
    });
    const answer = await ask(server, '/-/reload', { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([
      500,
      'The configuration was not reloaded: a.yaml: 1:2: no\na.yaml: 3:4: no\n',
    ]);
  });

  it('refuses GET, even where it is switched off', async () => {
    for (const enableLifecycle of [true, false]) {
      const server = await open({
        settings: { enableLifecycle },
        reload: () => Promise.reject(new Error('was called')),
      });
      const answer = await ask(server, '/-/reload');
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST, PUT']);
    }
  });

  it('is off without the flag', async () => {
    const server = await open({ reload: () => Promise.reject(new Error('was called')) });
    const answer = await ask(server, '/-/reload', { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('--web.enable-lifecycle')]);
  });

  it('takes no orders from pages of other sites', async () => {
    const server = await open({ settings, reload: () => Promise.reject(new Error('was called')) });
    const from = (site: string) => ask(server, '/-/reload', { method: 'POST', headers: { 'sec-fetch-site': site } });
    expect((await from('cross-site')).status).toBe(403);
    expect((await from('same-origin')).text).toContain('was called');
  });
});

describe('quit', () => {
  it('answers first, then ends', async () => {
    let quit = () => {};
    const quitting = new Promise<void>((resolve) => {
      quit = resolve;
    });
    const server = await open({ settings: { enableLifecycle: true }, quit });
    const answer = await ask(server, '/-/quit', { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([200, 'Stopping. Goodbye!\n']);
    await quitting;
  });

  it('is off without the flag and by GET', async () => {
    const quit = () => {
      throw new Error('was called');
    };
    expect((await ask(await open({ quit }), '/-/quit', { method: 'POST' })).status).toBe(403);
    expect((await ask(await open({ quit, settings: { enableLifecycle: true } }), '/-/quit')).status).toBe(405);
  });
});

describe('paths', () => {
  it('are unknown unless they are known', async () => {
    const server = await open();
    for (const path of ['/nothing', '/metrics/', '//metrics', '/-/']) {
      const answer = await ask(server, path);
      expect([path, answer.status, answer.text]).toEqual([path, 404, 'Not found.\n']);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
    expect((await ask(server, '/metrics', { method: 'DELETE' })).status).toBe(405);
  });

  it('begin with the route prefix, and the root leads there', async () => {
    const server = await open({ settings: { routePrefix: '/anomaly/' } });
    expect((await ask(server, '/anomaly/-/healthy')).status).toBe(200);
    expect((await ask(server, '/anomaly/metrics')).status).toBe(200);
    expect((await ask(server, '/metrics')).status).toBe(404);
    for (const path of ['/', '/anomaly']) {
      const answer = await ask(server, path);
      expect([answer.status, answer.headers['location']]).toEqual([302, '/anomaly/']);
    }
    expect((await ask(server, '/anomaly/')).text).toContain('href="/anomaly/metrics"');
  });

  it('are linked as browsers see them, behind a proxy that cuts them', async () => {
    const server = await open({ settings: { externalUrl: 'https://example.org/tools/anomaly/' } });
    expect((await ask(server, '/')).text).toContain('href="/tools/anomaly/metrics"');
  });

  it('may come with a scheme and a host, as proxies send them', async () => {
    const server = await open();
    const text = await raw(
      server,
      'GET http://elsewhere/-/healthy HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a request that fails inside', () => {
  it('is a 500 and a line in the log; the server goes on', async () => {
    const logger = collectingLogger();
    const status = () => {
      throw new Error('broken status');
    };
    const server = await open({ logger, status });
    const answer = await ask(server, '/');
    expect([answer.status, answer.text]).toEqual([500, 'Internal error; see the log.\n']);
    expect(logger.lines).toEqual([
      { level: 'error', message: 'request failed', fields: { path: '/', err: 'broken status' } },
    ]);
    expect((await ask(server, '/-/healthy')).status).toBe(200);
  });
});

describe('listening', () => {
  it('happens on every address, with the ports the system chose', async () => {
    const server = await open({ settings: { listenAddresses: ['127.0.0.1:0', 'localhost:0', ':0'] } });
    expect(server.addresses).toHaveLength(3);
    expect(server.addresses[0]).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(server.addresses[2]).toMatch(/^(\[::\]|0\.0\.0\.0):[1-9]\d*$/);
    for (const address of server.addresses) {
      const port = address.slice(address.lastIndexOf(':') + 1);
      expect((await fetch(`http://localhost:${port}/-/healthy`)).status).toBe(200);
    }
  });

  it('happens on no address when one is taken', async () => {
    const server = await open();
    const taken = server.addresses[0]!;
    const error = openServer({ settings: { listenAddresses: ['127.0.0.1:0', taken] } });
    await expect(error).rejects.toMatchObject({ code: 'listen_failed', message: expect.stringContaining(taken) });
  });

  it('wants addresses that are some', async () => {
    const error = openServer({ settings: { listenAddresses: ['127.0.0.1'] } });
    await expect(error).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('"127.0.0.1"'),
    });
  });
});

describe('closing', () => {
  it('does not wait for connections that are kept for a next request', async () => {
    const server = await open();
    const agent = new Agent({ keepAlive: true });
    await ask(server, '/-/healthy', { agent });
    await server[Symbol.asyncDispose]();
    await expect(ask(server, '/-/healthy')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    agent.destroy();
  });

  it('finishes an answer that is under way, to its last byte', async () => {
    const body = Buffer.alloc(30_000_000, 'x');
    const server = await open({ page: { page: async () => [body] } });
    const [, port] = server.addresses[0]!.split(':');
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    // The head has come, so the answer was handed over; most of it is still on this side of the connection.
    await new Promise((resolve) => socket.once('readable', resolve));
    const closed = server[Symbol.asyncDispose]();
    let received = 0;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    await closed;
    expect(received).toBeGreaterThan(body.length);
  });

  it('cuts what does not end before the deadline', async () => {
    const server = await open({ page: { page: () => new Promise(() => {}) }, closeTimeoutMs: 20 });
    const answer = ask(server, '/metrics').catch((error: NodeJS.ErrnoException) => error.code);
    await ask(server, '/-/healthy');
    await server[Symbol.asyncDispose]();
    expect(await answer).toBe('ECONNRESET');
  });

  it('happens once, however often it is asked for', async () => {
    const server = await open();
    const first = server[Symbol.asyncDispose]();
    expect(server[Symbol.asyncDispose]()).toBe(first);
    await first;
  });
});

function raw(server: HttpServer, request: string): Promise<string> {
  const [, port] = server.addresses[0]!.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.once('end', () => resolve(text));
    socket.once('error', reject);
  });
}
