import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { PipelineStatus } from '../../src/evaluate/status.ts';
import { type HttpServer, type HttpServerOptions, openHttpServer } from '../../src/http/server.ts';
import type { AnomalyEvent } from '../../src/ports/event-log.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import type { ServerSettings } from '../../src/settings/settings.ts';
import { nullLogger } from '../support/logger.ts';
import { certificate } from '../support/loopback.ts';

export type Overrides = Partial<Omit<HttpServerOptions, 'settings'>> & { readonly settings?: Partial<ServerSettings> };

/** A server on a free loopback port; every part of it can be replaced. */
export function openServer({ settings, ...overrides }: Overrides = {}): Promise<HttpServer> {
  return openHttpServer({
    settings: {
      listenAddresses: ['127.0.0.1:0'],
      webConfigFile: undefined,
      externalUrl: undefined,
      routePrefix: '/',
      telemetryPath: '/metrics',
      enableLifecycle: false,
      enableAdminApi: false,
      ...settings,
    },
    page: { page: async () => [Buffer.from('oa_score{a="1"} 1\n'), Buffer.from('oa_score{a="2"} 2\n')] },
    status: () => [],
    info: { version: '1.2.3', startedMs: 0 },
    isReady: () => true,
    reload: async () => {},
    quit: () => {},
    logger: nullLogger,
    ...overrides,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Ask extends Pick<SecureContextOptions, 'cert' | 'key' | 'maxVersion' | 'minVersion' | 'ciphers'> {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  /** `user:password` */
  readonly auth?: string;
  readonly body?: string;
}

/** Asks the server's first address, on a connection of its own unless an agent is given. HTTPS trusts the test CA. */
export function ask(server: HttpServer, path: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = `${server.isHttps ? 'https' : 'http'}://${server.addresses[0]}${path}`;
    const send = server.isHttps ? httpsRequest : httpRequest;
    const tls = server.isHttps ? { ca: certificate('ca.crt') } : {};
    const request = send(url, { agent: false, ...tls, ...options, headers: { ...options.headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() });
      });
    });
    request.once('error', reject);
    request.end(options.body);
  });
}

export function pipelineStatus(overrides: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    name: 'cpu',
    group: 'node',
    file: 'rules/node.yaml',
    description: '',
    query: 'up',
    enabled: true,
    health: 'ok',
    lastError: undefined,
    lastEvaluationMs: 0,
    lastEvaluationDurationMs: 5,
    lastForecastMs: 0,
    series: 0,
    warmingUp: 0,
    flagged: 0,
    highestScore: undefined,
    engines: {},
    ...overrides,
  };
}

export function anomalyEvent(overrides: Partial<AnomalyEvent> = {}): AnomalyEvent {
  return {
    id: '9f2c61d0a4b7e813',
    pipeline: 'orders',
    group: 'shop',
    labels: labelsFromRecord({ instance: 'a', job: 'shop', pipeline: 'orders' }),
    technique: 'tail',
    direction: 'below',
    startMs: 100_000,
    lastMs: 160_000,
    ending: undefined,
    peak: { timestampMs: 130_000, score: 3.1, value: 2, expected: 41.5, lower: 28.1251, upper: 55, view: 'jump' },
    ...overrides,
  };
}
