import type { ErrorCode } from '../errors.ts';

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

/** A connection pool with the credentials, TLS and proxy of one settings block. */
export interface HttpClient extends AsyncDisposable {
  /**
   * Resolves with any answer, whatever its status. Rejects with OpenAnomalyError when there is none (codes of the
   * options), with `file_unreadable` when a secret cannot be read, with `signal.reason` once aborted; the body does so too.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
}

export interface HttpClientOptions {
  readonly userAgent: string;
  /** Where `proxy_from_environment` finds HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Codes for "no answer", "no answer in time" and "no token"; those of data sources unless given. */
  readonly codes?: { readonly unavailable: ErrorCode; readonly timeout: ErrorCode; readonly auth: ErrorCode };
}
