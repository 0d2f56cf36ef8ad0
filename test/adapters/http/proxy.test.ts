import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { proxyFor } from '../../../src/adapters/http/proxy.ts';
import { openHttpClient } from '../../../src/adapters/http.ts';
import type { HttpClientSettings } from '../../../src/settings/settings.ts';
import { certificate, certificatePath, httpSettings, serve, tlsSettings } from '../../support/loopback.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item[Symbol.asyncDispose]();
});

describe('which proxy', () => {
  const environment = {
    HTTP_PROXY: 'proxy:3128',
    https_proxy: 'http://tls-proxy:3128',
    NO_PROXY: 'internal, .sub.example, 10.0.0.0/8, 192.168.1.7, fd00::/8, host.example:9090, [fe80::1]:90',
  };
  it.each([
    ['http://example.com/', 'http://proxy:3128'],
    ['https://example.com/', 'http://tls-proxy:3128'],
    ['http://internal:9090/', undefined],
    ['http://a.internal/', undefined],
    ['http://notinternal/', 'http://proxy:3128'],
    ['http://a.sub.example/', undefined],
    ['http://sub.example/', 'http://proxy:3128'],
    ['http://10.20.30.40/', undefined],
    ['http://11.20.30.40/', 'http://proxy:3128'],
    ['http://192.168.1.7/', undefined],
    ['http://192.168.1.70/', 'http://proxy:3128'],
    ['http://[fd00::7]/', undefined],
    ['http://[fe80::1]:90/', undefined],
    ['http://[fe80::1]:91/', 'http://proxy:3128'],
    ['http://host.example:9090/', undefined],
    ['http://host.example/', 'http://proxy:3128'],
    ['http://localhost:9090/', undefined],
    ['http://127.0.0.1:9090/', undefined],
    ['http://[::1]:9090/', undefined],
  ])('%s by the environment: %s', (url, proxy) => {
    const settings = { proxyUrl: undefined, noProxy: undefined, proxyFromEnvironment: true };
    expect(proxyFor(new URL(url), settings, environment)).toBe(proxy);
  });

  it('no_proxy exempts from proxy_url, and a star exempts all', () => {
    const settings = { proxyUrl: 'http://p', noProxy: 'a', proxyFromEnvironment: false };
    expect(proxyFor(new URL('http://a'), settings, environment)).toBeUndefined();
    expect(proxyFor(new URL('http://b'), settings, environment)).toBe('http://p');
    expect(proxyFor(new URL('http://b'), { ...settings, noProxy: '*' }, environment)).toBeUndefined();
    expect(proxyFor(new URL('http://127.0.0.1'), { ...settings, noProxy: undefined }, environment)).toBe('http://p');
  });

  it('none without settings, whatever the environment says', () => {
    const settings = { proxyUrl: undefined, noProxy: undefined, proxyFromEnvironment: false };
    expect(proxyFor(new URL('http://example.com'), settings, environment)).toBeUndefined();
  });
});

/** A proxy that forwards absolute requests and tunnels CONNECT, and keeps what it was asked. */
async function startProxy(): Promise<{ url: string; asked: string[]; authorizations: unknown[] }> {
  const asked: string[] = [];
  const authorizations: unknown[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    response.end('by proxy');
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const [host, port] = request.url!.split(':');
    const upstream = connect(Number(port), host!, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [socket, upstream]) end.on('error', () => {});
    sockets.add(upstream).add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, authorizations };
}

async function textThrough(settings: Partial<HttpClientSettings>, url: string): Promise<string> {
  const client = openHttpClient(httpSettings(settings), { userAgent: 'openanomaly/test' });
  open.push(client);
  const answer = await client.request({ method: 'GET', url, timeoutMs: 30_000 }, new AbortController().signal);
  return answer.text(100);
}

describe('through a proxy', () => {
  it('asks for a plain URL in absolute form, with the credentials of the proxy URL', async () => {
    const proxy = await startProxy();
    const proxyUrl = proxy.url.replace('//', '//me:pass@');
    expect(await textThrough({ proxyUrl }, 'http://metrics.invalid/api?q=1')).toBe('by proxy');
    expect(proxy.asked).toEqual(['GET http://metrics.invalid/api?q=1']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me:pass').toString('base64')}`]);
  });

  it('tunnels TLS and verifies the far end', async () => {
    const proxy = await startProxy();
    const at = await serve((_, response) => void response.end('secure'), {
      cert: certificate('named.crt'),
      key: certificate('named.key'),
    });
    open.push(at);
    const tls = tlsSettings({ ca: { file: certificatePath('ca.crt') }, serverName: 'metrics.example' });
    expect(await textThrough({ proxyUrl: proxy.url, tls }, at.url)).toBe('secure');
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${at.port}`]);
    await expect(textThrough({ proxyUrl: proxy.url }, at.url)).rejects.toMatchObject({
      code: 'datasource_unavailable',
    });
  });
});
