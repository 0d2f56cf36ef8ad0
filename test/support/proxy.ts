import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openForwarder } from '../../src/adapters/receive/forwarder.ts';
import { Receive } from '../../src/http/receive.ts';
import type { SampleStreams } from '../../src/ports/sample-streams.ts';
import type { ProxySettings } from '../../src/settings/settings.ts';
import { createTelemetry, type Telemetry } from '../../src/telemetry/metrics.ts';
import { type Answer, type Overrides, openServer } from '../http/serve.ts';
import { nullLogger } from './logger.ts';
import { httpSettings } from './loopback.ts';

/** The defaults of the settings towards a receiver. */
export function proxySettings(url: string, changes: Partial<ProxySettings> = {}): ProxySettings {
  return {
    url,
    path: '/api/v1/write',
    timeoutMs: 60_000,
    headers: {},
    append: undefined,
    limits: { bodyBytes: 1 << 25, decodedBytes: 1 << 26, requestsInFlight: 256, bytesInFlight: 1 << 27 },
    queue: { bytes: 1 << 25, samples: 4_000_000 },
    maxSeries: 1_000_000,
    haLabels: undefined,
    http: httpSettings(),
    ...changes,
  };
}

export interface OpenProxy extends AsyncDisposable {
  /** Of the write path. */
  readonly url: string;
  readonly telemetry: Telemetry;
  /** Value of a self-metric, all children together unless labels are given. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

/** Our HTTP server with a proxy towards a receiver. */
export async function openProxy(
  settings: ProxySettings,
  more: { readonly look?: SampleStreams['look']; readonly server?: Overrides } = {},
): Promise<OpenProxy> {
  const telemetry = createTelemetry();
  const receive = new Receive(telemetry, nullLogger);
  const forwarder = openForwarder({ settings, userAgent: 'openanomaly/test' });
  receive.use({ path: settings.path, limits: settings.limits, forwarder, look: more.look ?? (() => {}) });
  const server = await openServer({ ...more.server, receive });
  return {
    url: `http://${server.addresses[0]}${settings.path}`,
    telemetry,
    metric: (name, labels) => metricOf(telemetry, name, labels),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await forwarder[Symbol.asyncDispose]();
    },
  };
}

/** Value of a self-metric of the proxy, all children together unless labels are given. */
export async function metricOf(
  telemetry: Telemetry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const found = await telemetry.registry.getSingleMetric(`openanomaly_proxy_${name}`)!.get();
  const values = found.values.filter((child) =>
    Object.entries(labels).every(([label, value]) => (child.labels as Record<string, unknown>)[label] === value),
  );
  return values.reduce((sum, { value }) => sum + value, 0);
}

export interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly target: string;
  readonly body: Buffer;
}

export interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** A receiver that keeps what it is sent and answers as it is told. */
export async function startUpstream(
  answer: (response: ServerResponse, seen: Seen) => void | Promise<void>,
): Promise<Upstream> {
  const seen: Seen[] = [];
  const server = createServer(async (message, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of message) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const one = { headers: message.headers, target: message.url ?? '', body: Buffer.concat(pieces) };
    seen.push(one);
    await answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/receive`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** POSTs bytes with exactly these headers, on a connection of its own. */
export function post(
  url: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers, ...(signal && { signal }) } as const;
    const sent = request(url, options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () => {
        const bytes = Buffer.concat(pieces);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          text: bytes.toString(),
        });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Headers of a 1.0 sender. */
export const V1_HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
  'user-agent': 'Prometheus/2.42.0',
} as const;

/** Headers of a 2.0 sender. */
export const V2_HEADERS = {
  ...V1_HEADERS,
  'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  'x-prometheus-remote-write-version': '2.0.0',
} as const;
