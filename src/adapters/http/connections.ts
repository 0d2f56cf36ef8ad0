import type { SecureVersion } from 'node:tls';
import type { HttpClientSettings } from '../../settings/settings.ts';
import { proxyFor } from './proxy.ts';
import { readSecret } from './secrets.ts';
import { Agent, type Dispatcher, ProxyAgent } from './undici.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Long enough for the next query of the same evaluation, shorter than what servers keep an idle connection. */
const KEEP_ALIVE_MS = 30_000;

const TLS_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** Connection pools of one settings block: a direct one and one per proxy, rebuilt when a certificate file changes. */
export class Connections implements AsyncDisposable {
  readonly #settings: HttpClientSettings;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #dispatchers = new Map<string, Dispatcher>();
  #tls: TlsOptions | undefined;
  #tlsKey = '';

  constructor(settings: HttpClientSettings, environment: Readonly<Record<string, string | undefined>>) {
    this.#settings = settings;
    this.#environment = environment;
  }

  /** The pool for a request to `url`. Rejects with `file_unreadable` when a certificate cannot be read. */
  async dispatcherFor(url: URL): Promise<Dispatcher> {
    const proxy = proxyFor(url, this.#settings, this.#environment);
    if (url.protocol === 'https:' || proxy?.startsWith('https:')) await this.#refreshTls();
    const key = proxy ?? '';
    let dispatcher = this.#dispatchers.get(key);
    if (dispatcher === undefined) {
      dispatcher = proxy === undefined ? this.#direct() : this.#through(proxy);
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    await Promise.all(open.map((dispatcher) => dispatcher.destroy()));
  }

  /** Reads the certificates anew; when they differ from before, the old pools finish their requests and close. */
  async #refreshTls(): Promise<void> {
    const { tls } = this.#settings;
    const [ca, cert, key] = await Promise.all([readSecret(tls.ca), readSecret(tls.cert), readSecret(tls.key)]);
    const content = JSON.stringify([ca, cert, key]);
    if (content === this.#tlsKey) return;
    this.#tlsKey = content;
    this.#tls = {
      rejectUnauthorized: !tls.insecureSkipVerify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      ...(tls.minVersion === undefined ? {} : { minVersion: TLS_VERSIONS[tls.minVersion]! }),
      ...(tls.maxVersion === undefined ? {} : { maxVersion: TLS_VERSIONS[tls.maxVersion]! }),
    };
    const old = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    // A pool that fails to close has nothing left to lose.
    for (const dispatcher of old) void dispatcher.close().catch(() => dispatcher.destroy().catch(() => undefined));
  }

  #direct(): Dispatcher {
    return new Agent({ ...POOL_OPTIONS, connect: { timeout: CONNECT_TIMEOUT_MS, ...this.#tls } });
  }

  #through(proxy: string): Dispatcher {
    const { servername: _, ...proxyTls } = this.#tls ?? {};
    return new ProxyAgent({
      ...POOL_OPTIONS,
      uri: proxy,
      // Plain HTTP goes to the proxy in absolute form, as most proxies allow CONNECT to port 443 only.
      proxyTunnel: false,
      requestTls: { timeout: CONNECT_TIMEOUT_MS, ...this.#tls },
      proxyTls: { timeout: CONNECT_TIMEOUT_MS, ...proxyTls },
    });
  }
}

/** The deadline of a request is ours and covers all of it, so undici's own timers for head and body are off. */
const POOL_OPTIONS = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS };
