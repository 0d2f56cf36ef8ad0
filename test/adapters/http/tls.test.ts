import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpClient, openHttpClient } from '../../../src/adapters/http.ts';
import type { HttpClientSettings } from '../../../src/settings/settings.ts';
import { certificate, certificatePath, httpSettings, serve, tlsSettings } from '../../support/loopback.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item[Symbol.asyncDispose]();
});

async function tlsServer(name: string, options: TlsOptions = {}) {
  const at = await serve((_, response) => void response.end('secure'), {
    cert: certificate(`${name}.crt`),
    key: certificate(`${name}.key`),
    ...options,
  });
  open.push(at);
  return at;
}

function client(tls: Partial<HttpClientSettings['tls']>): HttpClient {
  const opened = openHttpClient(httpSettings({ tls: tlsSettings(tls) }), { userAgent: 'openanomaly/test' });
  open.push(opened);
  return opened;
}

async function textFrom(ours: HttpClient, url: string): Promise<string> {
  const answer = await ours.request({ method: 'GET', url, timeoutMs: 30_000 }, new AbortController().signal);
  return answer.text(100);
}

const ca = { file: certificatePath('ca.crt') };

describe('TLS', () => {
  it('trusts the CA of the block', async () => {
    const at = await tlsServer('server');
    expect(await textFrom(client({ ca }), at.url)).toBe('secure');
    expect(await textFrom(client({ ca: { value: certificate('ca.crt') } }), at.url)).toBe('secure');
  });

  it.each<[string, string, Partial<HttpClientSettings['tls']>, RegExp]>([
    ['a CA unknown here', 'server', {}, /from a CA unknown here.*tls_config\.ca_file/],
    ['another CA', 'server', { ca: { file: certificatePath('other-ca.crt') } }, /from a CA unknown here/],
    ['a certificate for another name', 'named', { ca }, /for another name; set tls_config\.server_name/],
    ['a refused version', 'server', { ca, maxVersion: 'TLS12' }, /TLS version|handshake/],
  ])('refuses %s', async (_, name, tls, message) => {
    const at = await tlsServer(name, { minVersion: 'TLSv1.3' });
    await expect(textFrom(client(tls), at.url)).rejects.toMatchObject({
      code: 'datasource_unavailable',
      message: expect.stringMatching(message),
    });
  });

  it('checks and sends server_name in place of the host', async () => {
    const names: unknown[] = [];
    const at = await tlsServer('named');
    at.server.on('secureConnection', (socket: TLSSocket & { servername?: unknown }) => names.push(socket.servername));
    expect(await textFrom(client({ ca, serverName: 'metrics.example' }), at.url)).toBe('secure');
    expect(names).toEqual(['metrics.example']);
  });

  it('skips verification only when told', async () => {
    const at = await tlsServer('named');
    expect(await textFrom(client({ insecureSkipVerify: true }), at.url)).toBe('secure');
  });

  it('keeps to the versions of the block', async () => {
    const at = await tlsServer('server');
    const versions: unknown[] = [];
    at.server.on('secureConnection', (socket: TLSSocket) => versions.push(socket.getProtocol()));
    await textFrom(client({ ca, maxVersion: 'TLS12' }), at.url);
    await textFrom(client({ ca, minVersion: 'TLS13' }), at.url);
    expect(versions).toEqual(['TLSv1.2', 'TLSv1.3']);
  });

  it('shows the client certificate, and says so when one is wanted', async () => {
    const at = await tlsServer('server', { requestCert: true, rejectUnauthorized: true, ca: certificate('ca.crt') });
    const cert = { file: certificatePath('client.crt') };
    const key = { file: certificatePath('client.key') };
    expect(await textFrom(client({ ca, cert, key }), at.url)).toBe('secure');
    await expect(textFrom(client({ ca }), at.url)).rejects.toMatchObject({ code: 'datasource_unavailable' });
  });

  it('takes a certificate file that changed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'openanomaly-tls-'));
    open.push({ [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) });
    const file = join(dir, 'ca.crt');
    await copyFile(certificatePath('other-ca.crt'), file);
    const at = await tlsServer('server');
    const ours = client({ ca: { file } });
    await expect(textFrom(ours, at.url)).rejects.toThrow(/CA unknown/);
    await copyFile(certificatePath('ca.crt'), file);
    expect(await textFrom(ours, at.url)).toBe('secure');
    await copyFile(certificatePath('other-ca.crt'), file);
    await expect(textFrom(ours, at.url)).rejects.toThrow(/CA unknown/);
  });

  it('says that a port speaks plain HTTP', async () => {
    const plain = await serve((_, response) => void response.end());
    open.push(plain);
    await expect(textFrom(client({}), plain.url.replace('http:', 'https:'))).rejects.toThrow(
      /should the URL start with http:/,
    );
  });
});
