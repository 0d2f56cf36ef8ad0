import { type ErrorCode, OpenAnomalyError } from '../errors.ts';
import type { HttpClientSettings } from '../settings/settings.ts';
import { Connections } from './http/connections.ts';
import { Credentials, type SecretHeaders } from './http/credentials.ts';
import { type AnswerHead, Exchange } from './http/exchange.ts';
import { hostAndPort } from './http/network-errors.ts';
import { MOST_REDIRECTS, mayCarryCredentials, redirectTarget } from './http/redirect.ts';
import type { Dispatcher, OutgoingRequest } from './http/undici.ts';
import { type WholeAnswer, WholeExchange } from './http/whole.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Names in lower case. They win over the ones a settings block adds, except for credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the call to the last byte of the answer's body, redirects and token requests included. */
  readonly timeoutMs: number;
}

/** An answer whose head has come. Its body must be read, by `body` or `text`, or be left with `discard`. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; values that came several times are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came, not decompressed. May be iterated once; leaving the loop early drops the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The body as UTF-8, cut after so many bytes; the rest is not read. */
  text(limitBytes: number): Promise<string>;
  discard(): void;
}

/** A request that was made, and its answer with the whole body. */
export interface Pending {
  /** Settles as `HttpClient.request` does, or with what `stop` was given. */
  readonly answer: Promise<WholeAnswer>;
  /** Does nothing once there is an answer. */
  stop(reason: Error): void;
}

/** A connection pool with the credentials, TLS and proxy of one settings block. */
export interface HttpClient extends AsyncDisposable {
  /**
   * Resolves with any answer, whatever its status. Rejects with OpenAnomalyError when there is none (codes of the
   * options), with `file_unreadable` when a secret cannot be read, with `signal.reason` once aborted; the body does so too.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** The same for small answers of which there are very many. */
  start(request: HttpRequest): Pending;
}

export interface HttpClientOptions {
  readonly userAgent: string;
  /** Where `proxy_from_environment` finds HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Those of data sources unless given. */
  readonly codes?: HttpErrorCodes;
}

/** Codes for "no answer", "no answer in time" and "no token". */
export interface HttpErrorCodes {
  readonly unavailable: ErrorCode;
  readonly timeout: ErrorCode;
  readonly auth: ErrorCode;
}

const DATASOURCE_CODES: HttpErrorCodes = {
  unavailable: 'datasource_unavailable',
  timeout: 'datasource_timeout',
  auth: 'datasource_auth',
};

/** A token request has a deadline of its own: the token serves more than the request that happened to need it. */
const TOKEN_TIMEOUT_MS = 10_000;
const TOKEN_BYTES = 64 * 1024;

/** One way to carry a call out. */
interface Carrier<Head> {
  until<T>(step: Promise<T>): Promise<T>;
  send(dispatcher: Dispatcher, request: OutgoingRequest): Promise<Head>;
  /** Of an answer that is not the last one. */
  discard(head: Head): void;
}

/** One step on the way: what is asked of whom. */
interface Hop {
  readonly target: URL;
  readonly method: HttpRequest['method'];
  readonly headers: HttpRequest['headers'] | undefined;
  readonly body: HttpRequest['body'] | undefined;
}

type Head = Pick<AnswerHead, 'status' | 'headers'>;

export function openHttpClient(settings: HttpClientSettings, options: HttpClientOptions): HttpClient {
  return new PooledHttpClient(settings, options);
}

class PooledHttpClient implements HttpClient {
  readonly #followRedirects: boolean;
  readonly #userAgent: string;
  readonly #codes: HttpErrorCodes;
  readonly #connections: Connections;
  readonly #credentials: Credentials;
  readonly #closed = new AbortController();
  /** Most requests go where the one before went. */
  #lastUrl: URL | undefined;
  #lastText = '';

  constructor(settings: HttpClientSettings, options: HttpClientOptions) {
    this.#followRedirects = settings.followRedirects;
    this.#userAgent = options.userAgent;
    this.#codes = options.codes ?? DATASOURCE_CODES;
    this.#connections = new Connections(settings, options.environment ?? {});
    this.#credentials = new Credentials(settings, {
      codes: this.#codes,
      nowMs: Date.now,
      exchange: (url, headers, body) =>
        this.#askForToken({ method: 'POST', url, headers, body, timeoutMs: TOKEN_TIMEOUT_MS }),
    });
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted();
    const url = this.#parse(request.url);
    const exchange = new Exchange({ url, timeoutMs: request.timeoutMs }, signal, this.#codes);
    try {
      return readable(await this.#follow(hopTo(url, request), exchange), exchange);
    } catch (error) {
      exchange.end();
      throw error;
    }
  }

  start(request: HttpRequest): Pending {
    const url = this.#parse(request.url);
    let exchange: WholeExchange | undefined;
    const answer = new Promise<WholeAnswer>((resolve, reject) => {
      const made = new WholeExchange({ url, timeoutMs: request.timeoutMs }, this.#codes, reject);
      exchange = made;
      this.#follow(hopTo(url, request), made)
        .finally(() => made.end())
        .then(resolve, reject);
    });
    return { answer, stop: (reason) => exchange?.stop(reason) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new OpenAnomalyError('shutting_down', 'the HTTP client is closed'));
    await this.#connections[Symbol.asyncDispose]();
  }

  /** Credentials go to the host that was asked for, never to another one that it names. */
  async #follow<T extends Head>(request: Hop, exchange: Carrier<T>): Promise<T> {
    let hop = request;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const trusted = mayCarryCredentials(request.target, hop.target);
      const secrets = trusted ? await exchange.until(this.#credentials.headers(request.target)) : {};
      const head = await this.#send(hop, secrets, exchange);
      if (head.status === 401) this.#credentials.refused(secrets);
      const next = redirectTarget(head.status, head.headers['location'], hop.target);
      if (next === undefined || !this.#followRedirects) return head;
      exchange.discard(head);
      hop = head.status === 303 ? seeOther(hop, next) : { ...hop, target: next };
    }
    throw new OpenAnomalyError(
      this.#codes.unavailable,
      `${hostAndPort(request.target)} redirects more than ${MOST_REDIRECTS} times; check the URL`,
    );
  }

  async #send<T>(hop: Hop, secrets: SecretHeaders, exchange: Carrier<T>): Promise<T> {
    const dispatcher = await exchange.until(this.#connections.dispatcherFor(hop.target));
    return exchange.send(dispatcher, {
      url: hop.target,
      method: hop.method,
      headers: this.#headersOf(hop, secrets),
      body: hop.body,
    });
  }

  #headersOf({ headers }: Hop, secrets: SecretHeaders): OutgoingRequest['headers'] {
    const all: Record<string, string | string[]> = Object.assign({ 'user-agent': this.#userAgent }, secrets, headers);
    if (secrets['authorization'] !== undefined) all['authorization'] = secrets['authorization'];
    return all;
  }

  #parse(text: string): URL {
    if (this.#lastUrl === undefined || text !== this.#lastText) {
      this.#lastUrl = new URL(text);
      this.#lastText = text;
    }
    return this.#lastUrl;
  }

  async #askForToken(request: HttpRequest): Promise<{ readonly status: number; readonly text: string }> {
    const target = new URL(request.url);
    const exchange = new Exchange({ url: target, timeoutMs: request.timeoutMs }, this.#closed.signal, this.#codes);
    try {
      const answer = readable(await this.#send(hopTo(target, request), {}, exchange), exchange);
      return { status: answer.status, text: await answer.text(TOKEN_BYTES) };
    } finally {
      exchange.end();
    }
  }
}

function hopTo(target: URL, { method, headers, body }: HttpRequest): Hop {
  return { target, method, headers, body };
}

/** The one redirect that says "look there" rather than "do it there": what follows is a GET without a body. */
function seeOther({ headers }: Hop, target: URL): Hop {
  return { target, method: 'GET', headers, body: undefined };
}

function readable(head: AnswerHead, exchange: Exchange): HttpAnswer {
  return {
    status: head.status,
    headers: head.headers,
    body: { [Symbol.asyncIterator]: () => exchange.read(head.body) },
    async text(limitBytes: number) {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of exchange.read(head.body)) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= limitBytes) break;
      }
      return Buffer.concat(chunks, Math.min(bytes, limitBytes)).toString('utf8');
    },
    discard() {
      exchange.discard(head);
      exchange.end();
    },
  };
}
