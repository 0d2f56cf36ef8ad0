import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { HttpClientSettings } from '../../src/settings/settings.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A scripted HTTP server, for answers that no real server gives on demand. */
export interface Loopback extends AsyncDisposable {
  /** `http(s)://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** What was asked, in order. */
  readonly seen: SeenRequest[];
}

/** The answer function is given the request with its body read. */
export type Script = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

export async function serve(script: Script, tls?: TlsOptions): Promise<Loopback> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const entry = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(entry);
    await script(entry, response);
  };
  const server = tls === undefined ? createServer(listener) : (createTlsServer(tls, listener) as unknown as Server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    server,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The default block: no credentials, system CAs, no proxy. */
export function httpSettings(overrides: Partial<HttpClientSettings> = {}): HttpClientSettings {
  return {
    basicAuth: undefined,
    authorization: undefined,
    oauth2: undefined,
    followRedirects: true,
    tls: tlsSettings(),
    proxyUrl: undefined,
    noProxy: undefined,
    proxyFromEnvironment: false,
    headers: {},
    ...overrides,
  };
}

export function tlsSettings(overrides: Partial<HttpClientSettings['tls']> = {}): HttpClientSettings['tls'] {
  return {
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: undefined,
    insecureSkipVerify: false,
    minVersion: undefined,
    maxVersion: undefined,
    ...overrides,
  };
}

/** Path of a file in test/support/certificates. */
export function certificatePath(name: string): string {
  return fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
}

export function certificate(name: string): string {
  return readFileSync(certificatePath(name), 'utf8');
}
