import type { IncomingMessage } from 'node:http';
import { describeError } from '../errors.ts';
import type { EventBook } from '../evaluate/event-book.ts';
import type { PipelineStatus } from '../evaluate/status.ts';
import type { Logger } from '../ports/logger.ts';
import { CONTENT_TYPES, type PageFormat } from '../wire/exposition.ts';
import { acceptsGzip, pageFormat } from '../wire/exposition-negotiate.ts';
import { listAnomalies, listIncidents } from './anomaly-routes.ts';
import { apiError } from './api-reply.ts';
import { LANDING_POLICY, renderLandingPage, type ServerInfo } from './landing-page.ts';
import { createMaintenance, endMaintenance, listMaintenance, type MaintenanceApi } from './maintenance-routes.ts';
import type { Receive } from './receive.ts';
import { plain, type Reply } from './reply.ts';

/** What the routes ask of the process. */
export interface Inside {
  readonly page: { page(format: PageFormat, encoding: 'identity' | 'gzip'): Promise<readonly Buffer[]> };
  readonly status: () => readonly PipelineStatus[];
  readonly info: ServerInfo;
  readonly isReady: () => boolean;
  /** Rejects with the reason; its message is shown to whoever asked. */
  readonly reload: () => Promise<void>;
  /** Called once the answer was sent. */
  readonly quit: () => void;
  /** The anomalies of all pipelines; without them their paths are not there. */
  readonly events?: Pick<EventBook, 'list' | 'incidents'> | undefined;
  readonly maintenance?: MaintenanceApi | undefined;
  /** Remote write that passes through; its path may come, go and change. */
  readonly receive?: Pick<Receive, 'path' | 'reply'> | undefined;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

export interface Paths {
  /** Begins every path; empty or `/…` without a slash at the end. */
  readonly prefix: string;
  /** What browsers see instead, behind a proxy that rewrites paths. */
  readonly externalPrefix: string;
  /** Without the prefix. */
  readonly telemetry: string;
  readonly lifecycle: boolean;
  /** Whether clients may change what runs. */
  readonly admin: boolean;
}

export interface Route {
  readonly methods: readonly string[];
  /** `rest` is what stands in the place of the `*` of the route's path. */
  readonly reply: (request: IncomingMessage, rest: string) => Promise<Reply> | Reply;
}

const READ = ['GET', 'HEAD'];
const ACT = ['POST', 'PUT'];

/** Routes by path, prefix included. A path that ends in `/*` takes one more segment. */
export function createRoutes(paths: Paths, inside: Inside): ReadonlyMap<string, Route> {
  const { prefix } = paths;
  const routes = new Map<string, Route>([
    [`${prefix}/-/healthy`, { methods: READ, reply: () => plain(200, 'OpenAnomaly is Healthy.') }],
    [`${prefix}/-/ready`, { methods: READ, reply: () => readiness(inside) }],
    [`${prefix}/-/reload`, action(paths, () => reload(inside))],
    [`${prefix}/-/quit`, action(paths, () => ({ ...plain(200, 'Stopping. Goodbye!'), afterwards: inside.quit }))],
    [`${prefix}/`, { methods: READ, reply: () => landing(paths, inside) }],
  ]);
  addApi(routes, paths, inside);
  if (prefix !== '') {
    const toLanding = { methods: READ, reply: () => plain(302, '', { Location: `${paths.externalPrefix}/` }) };
    routes.set('/', toLanding).set(prefix, toLanding);
  }
  // Last, so that a telemetry path of `/` takes the place of the landing page.
  routes.set(`${prefix}${paths.telemetry}`, { methods: READ, reply: (request) => metrics(request, inside) });
  return routes;
}

async function metrics(request: IncomingMessage, { page, logger }: Inside): Promise<Reply> {
  const format = pageFormat(request.headers.accept);
  const encoding = acceptsGzip(request.headers['accept-encoding'] as string | undefined) ? 'gzip' : 'identity';
  try {
    const headers = {
      'Content-Type': CONTENT_TYPES[format],
      Vary: 'Accept, Accept-Encoding',
      ...(encoding === 'gzip' && { 'Content-Encoding': 'gzip' }),
    };
    return { status: 200, headers, body: await page.page(format, encoding) };
  } catch (error) {
    // A failed scrape ends the series; half a page would freeze those that are missing.
    logger.log('error', 'the metrics page could not be made', { err: describeError(error) });
    return plain(500, 'The metrics page could not be made; see the log.');
  }
}

function readiness({ isReady }: Inside): Reply {
  return isReady() ? plain(200, 'OpenAnomaly is Ready.') : plain(503, 'Service Unavailable');
}

async function reload(inside: Inside): Promise<Reply> {
  try {
    await inside.reload();
    return plain(200, '');
  } catch (error) {
    return plain(500, `The configuration was not reloaded: ${describeError(error)}`);
  }
}

function addApi(routes: Map<string, Route>, { prefix, admin }: Paths, inside: Inside): void {
  const { events, maintenance, nowMs } = inside;
  const path = (name: string) => `${prefix}/api/v1/${name}`;
  if (events !== undefined) {
    routes.set(path('anomalies'), { methods: READ, reply: (request) => listAnomalies(request, events) });
    routes.set(path('incidents'), { methods: READ, reply: (request) => listIncidents(request, events) });
  }
  if (maintenance === undefined) return;
  const change = (reply: Route['reply']): Route['reply'] =>
    admin
      ? (request, rest) => (isForeign(request) ? FOREIGN : reply(request, rest))
      : () => apiError('forbidden', ADMIN_OFF);
  const create = change((request) => createMaintenance(request, maintenance, nowMs()));
  routes.set(path('maintenance'), {
    methods: [...READ, 'POST'],
    reply: (request, rest) =>
      request.method === 'POST' ? create(request, rest) : listMaintenance(maintenance, nowMs()),
  });
  routes.set(path('maintenance/*'), {
    methods: ['DELETE'],
    reply: change((_, id) => endMaintenance(id, maintenance)),
  });
}

const ADMIN_OFF = 'Changes over HTTP are switched off; start with --web.enable-admin-api to allow them.';
const FOREIGN = plain(403, 'Not from another web site.');

/** Whether a browser sends the request for a page that is not ours. */
function isForeign(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/** A route that changes the process: by POST or PUT only, when it is switched on, and not for a foreign web page. */
function action({ lifecycle }: Paths, reply: () => Promise<Reply> | Reply): Route {
  if (!lifecycle) return { methods: ACT, reply: () => plain(403, LIFECYCLE_OFF) };
  return {
    methods: ACT,
    reply: (request) => (isForeign(request) ? FOREIGN : reply()),
  };
}

const LIFECYCLE_OFF = 'Reload and quit over HTTP are switched off; start with --web.enable-lifecycle to use them.';

function landing(paths: Paths, { status, info, events, isReady, nowMs }: Inside): Reply {
  const body = renderLandingPage({
    info,
    pipelines: status(),
    anomalies: events?.list(),
    isReady: isReady(),
    nowMs: nowMs(),
    root: paths.externalPrefix,
    telemetryPath: paths.telemetry,
  });
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': LANDING_POLICY,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    },
    body,
  };
}
