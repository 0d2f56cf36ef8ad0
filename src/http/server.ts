import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { ServerSettings } from '../settings/settings.ts';
import { AccessControl } from './access.ts';
import { Connections } from './connections.ts';
import { parseListenAddress } from './listen-address.ts';
import { type Listener, listen } from './listener.ts';
import { LiveWebConfig } from './live-web-config.ts';
import { plain, type Reply, send } from './reply.ts';
import { createRoutes, type Inside, type Paths, type Route } from './routes.ts';

/** Time that requests which are being answered get when the server closes. */
const CLOSE_TIMEOUT_MS = 3_000;

export interface HttpServerOptions extends Omit<Inside, 'nowMs'> {
  readonly settings: ServerSettings;
  readonly logger: Logger;
  /** For the ages on the landing page; the system's by default. */
  readonly clock?: Clock;
  readonly closeTimeoutMs?: number;
}

export interface HttpServer extends AsyncDisposable {
  /** Where it listens, `host:port`, with the port that the system chose where 0 was asked for. */
  readonly addresses: readonly string[];
  readonly isHttps: boolean;
  /** Stops listening, lets running answers finish for a while, then cuts them. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens the server on every address of the settings, or on none: rejects with `web_config_invalid`, `config_invalid`
 * or `listen_failed`.
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { settings, logger } = options;
  const webConfig = new LiveWebConfig(settings.webConfigFile, logger);
  const isHttps = webConfig.tls !== undefined;
  const addresses = settings.listenAddresses.map(parseListenAddress);
  const server = new OpenServer(options, new AccessControl(webConfig, isHttps), isHttps);
  try {
    for (const address of addresses)
      server.add(
        await listen(address, {
          webConfig,
          logger,
          onRequest: (request, response) => void server.answer(request, response),
        }),
      );
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

class OpenServer implements HttpServer {
  readonly isHttps: boolean;
  readonly #options: HttpServerOptions;
  readonly #access: AccessControl;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #prefix: string;
  readonly #listeners: Listener[] = [];
  readonly #connections = new Connections();
  #isClosing = false;
  #closed: Promise<void> | undefined;

  constructor(options: HttpServerOptions, access: AccessControl, isHttps: boolean) {
    this.#options = options;
    this.#access = access;
    this.isHttps = isHttps;
    const { clock } = options;
    const nowMs = clock === undefined ? () => Date.now() : () => clock.nowMs();
    const paths = pathsOf(options.settings);
    this.#prefix = paths.prefix;
    this.#routes = createRoutes(paths, { ...options, nowMs });
  }

  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address);
  }

  add(listener: Listener): void {
    this.#listeners.push(listener);
    this.#connections.watch(listener.server, this.isHttps ? 'secureConnection' : 'connection');
  }

  /** Never rejects: whatever goes wrong is a 500 and a line in the log. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that hangs up is its own affair; without a listener it would end the process.
    response.on('error', () => response.destroy());
    const { socket } = request;
    this.#connections.begin(socket);
    response.once('close', () => this.#connections.end(socket));
    try {
      if (this.#isClosing) response.setHeader('Connection', 'close');
      const { refusal, headers, isForUs } = await this.#access.admit(request);
      // A password for this server is nobody else's business, and the proxy hands headers on.
      if (isForUs) delete request.headers.authorization;
      const reply = refusal === undefined ? await this.#route(request) : plain(refusal.status, refusal.text);
      if (reply.afterwards !== undefined) response.once('close', reply.afterwards);
      send(request, response, reply, headers);
    } catch (error) {
      this.#options.logger.log('error', 'request failed', { path: request.url, err: describeError(error) });
      if (response.headersSent) response.destroy();
      else send(request, response, plain(500, 'Internal error; see the log.'));
    }
  }

  async #route(request: IncomingMessage): Promise<Reply> {
    const path = pathOf(request.url ?? '');
    const { route, rest } = this.#find(path);
    if (route === undefined) return plain(404, 'Not found.');
    if (route.methods.includes(request.method ?? '')) return route.reply(request, rest);
    return plain(405, `Only ${route.methods.join(' or ')} here.`, { Allow: route.methods.join(', ') });
  }

  #find(path: string | undefined): { readonly route: Route | undefined; readonly rest: string } {
    if (path === undefined) return { route: undefined, rest: '' };
    const exact = this.#receiveRoute(path) ?? this.#routes.get(path);
    if (exact !== undefined) return { route: exact, rest: '' };
    const slash = path.lastIndexOf('/');
    const rest = path.slice(slash + 1);
    return { route: rest === '' ? undefined : this.#routes.get(`${path.slice(0, slash)}/*`), rest };
  }

  /** Looked for at each request, since a reload may bring, move or remove it. */
  #receiveRoute(path: string): Route | undefined {
    const { receive } = this.#options;
    if (receive?.path === undefined || path !== this.#prefix + receive.path) return undefined;
    return { methods: ['POST'], reply: (request) => receive.reply(request) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    const servers = this.#listeners.map(({ server }) => server);
    await this.#connections.close(servers, this.#options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS);
    await this.#access.close();
  }
}

function pathsOf(settings: ServerSettings): Paths {
  const prefix = trimPath(settings.routePrefix);
  const external = settings.externalUrl === undefined ? prefix : trimPath(new URL(settings.externalUrl).pathname);
  return {
    prefix,
    externalPrefix: external,
    telemetry: `/${settings.telemetryPath.replace(/^\/+/, '')}`,
    lifecycle: settings.enableLifecycle,
    admin: settings.enableAdminApi,
  };
}

/** `/a/b` with one slash in front and none behind; the root is empty. */
function trimPath(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `/${inner}`;
}

/** The path of a request target; undefined when it is none. */
function pathOf(target: string): string | undefined {
  if (target.startsWith('/')) return target.split('?', 1)[0];
  try {
    return new URL(target).pathname;
  } catch {
    return undefined;
  }
}
