import type { Forwarder, Forwarding, WriteAnswer, WriteRequest } from '../../ports/forwarder.ts';
import type { ProxySettings } from '../../settings/settings.ts';
import { type HttpClient, openHttpClient } from '../http.ts';

export interface ForwarderOptions {
  readonly settings: Pick<ProxySettings, 'url' | 'timeoutMs' | 'headers' | 'http'>;
  /** For senders that name none. */
  readonly userAgent: string;
  /** For `proxy_from_environment`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Headers of an answer that belong to its connection, or that whoever sends it on computes anew. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Sends requests on to the URL of the settings, with their bytes and headers, and answers what the receiver answers. */
export function openForwarder(options: ForwarderOptions): Forwarder {
  return new HttpForwarder(options);
}

class HttpForwarder implements Forwarder {
  readonly #settings: ForwarderOptions['settings'];
  readonly #client: HttpClient;
  /** Of the settings, names in lower case. */
  readonly #ownHeaders: Readonly<Record<string, string>>;
  /** Names that the client adds from the settings; what the sender sent under them is left out. */
  readonly #replaced: ReadonlySet<string>;
  /** Whether headers go on as they came. */
  readonly #isVerbatim: boolean;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor({ settings, userAgent, environment = {} }: ForwarderOptions) {
    this.#settings = settings;
    this.#ownHeaders = Object.fromEntries(
      Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    this.#replaced = new Set(Object.keys(settings.http.headers).map((name) => name.toLowerCase()));
    this.#isVerbatim = this.#replaced.size === 0 && Object.keys(this.#ownHeaders).length === 0;
    this.#client = openHttpClient(settings.http, {
      userAgent,
      environment,
      codes: { unavailable: 'proxy_unavailable', timeout: 'proxy_timeout', auth: 'proxy_unavailable' },
    });
  }

  forward({ headers, search, body }: WriteRequest): Forwarding {
    const { answer, stop } = this.#client.start({
      method: 'POST',
      url: withSearch(this.#settings.url, search),
      headers: this.#isVerbatim ? headers : this.#passedOn(headers),
      body,
      timeoutMs: this.#settings.timeoutMs,
    });
    this.#underWay++;
    return { answer: answer.then(withoutConnection).finally(() => this.#settled()), stop };
  }

  /** Lets what is under way come to its end: each has a deadline of its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    await this.#client[Symbol.asyncDispose]();
  }

  #settled(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#onIdle?.();
  }

  #passedOn(headers: WriteRequest['headers']): WriteRequest['headers'] {
    const passed: Record<string, string> = {};
    for (const name in headers) if (!this.#replaced.has(name)) passed[name] = headers[name]!;
    return Object.assign(passed, this.#ownHeaders);
  }
}

/** The receiver's URL with what the sender asked of it, such as VictoriaMetrics' `extra_label`. */
function withSearch(url: string, search: string): string {
  if (search === '' || search === '?') return url;
  return url.includes('?') ? `${url}&${search.slice(1)}` : url + search;
}

function withoutConnection({ status, headers, body }: WriteAnswer): WriteAnswer {
  const own = headers['connection']?.toLowerCase().split(/\s*,\s*/) ?? [];
  const kept: Record<string, string> = {};
  for (const name in headers) if (!OF_THE_CONNECTION.has(name) && !own.includes(name)) kept[name] = headers[name]!;
  return { status, headers: kept, body };
}
