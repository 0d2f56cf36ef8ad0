import { type ErrorCode, OpenAnomalyError } from '../../errors.ts';
import type { HttpClientSettings } from '../../settings/settings.ts';
import { readSecret } from './secrets.ts';

/** A token is not used in its last seconds: it could expire on its way. */
const EXPIRY_MARGIN_MS = 10_000;

/** Sends a form to the token endpoint and answers status and body. */
export type TokenExchange = (
  url: string,
  headers: Readonly<Record<string, string>>,
  form: string,
) => Promise<{ readonly status: number; readonly text: string }>;

export interface TokenSourceOptions {
  readonly exchange: TokenExchange;
  readonly codes: { readonly unavailable: ErrorCode; readonly auth: ErrorCode };
  readonly nowMs: () => number;
}

interface Token {
  readonly header: string;
  readonly secret: string;
  readonly expiresMs: number;
}

/** Client-credentials tokens (RFC 6749, 4.4), kept until they expire, the secret changes or a server refuses them. */
export class TokenSource {
  readonly #settings: NonNullable<HttpClientSettings['oauth2']>;
  readonly #options: TokenSourceOptions;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;
  /** RFC 6749 prefers the header; some servers only read the form. Learnt from the first refusal. */
  #credentialsInForm = false;

  constructor(settings: NonNullable<HttpClientSettings['oauth2']>, options: TokenSourceOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** The value for the Authorization header. Callers that come while a token is fetched share it. */
  async header(): Promise<string> {
    const secret = (await readSecret(this.#settings.clientSecret)) ?? '';
    const token = this.#token;
    if (token !== undefined && token.secret === secret && this.#options.nowMs() < token.expiresMs) return token.header;
    this.#pending ??= this.#fetch(secret).finally(() => {
      this.#pending = undefined;
    });
    this.#token = await this.#pending;
    return this.#token.header;
  }

  /** The server refused this header: the next request fetches another. */
  forget(header: string): void {
    if (this.#token?.header === header) this.#token = undefined;
  }

  async #fetch(secret: string): Promise<Token> {
    let answer = await this.#ask(secret);
    if (!this.#credentialsInForm && (answer.status === 400 || answer.status === 401)) {
      this.#credentialsInForm = true;
      answer = await this.#ask(secret);
      if (answer.status !== 200) this.#credentialsInForm = false;
    }
    return this.#read(answer.status, answer.text, secret);
  }

  #ask(secret: string): Promise<{ readonly status: number; readonly text: string }> {
    const { clientId, scopes, tokenUrl, endpointParams } = this.#settings;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    for (const [name, value] of Object.entries(endpointParams)) form.set(name, value);
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (this.#credentialsInForm) {
      form.set('client_id', clientId);
      form.set('client_secret', secret);
    } else {
      const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
      headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    return this.#options.exchange(tokenUrl, headers, form.toString());
  }

  #read(status: number, text: string, secret: string): Token {
    const refused = (reason: string) =>
      new OpenAnomalyError(
        this.#options.codes.auth,
        `no token from ${new URL(this.#settings.tokenUrl).host}: ${reason}; check client_id and client_secret of oauth2`,
      );
    if (status >= 500) {
      throw new OpenAnomalyError(
        this.#options.codes.unavailable,
        `the token endpoint ${new URL(this.#settings.tokenUrl).host} answered HTTP ${status}`,
      );
    }
    if (status !== 200) throw refused(`HTTP ${status} ${text.slice(0, 200).trim()}`);
    let body: { access_token?: unknown; token_type?: unknown; expires_in?: unknown };
    try {
      body = JSON.parse(text);
    } catch {
      throw refused('its answer is not JSON');
    }
    if (typeof body?.access_token !== 'string') throw refused('its answer has no access_token');
    const lifetimeSeconds = Number(body.expires_in);
    return {
      // Servers write the type in any case; the header wants `Bearer`.
      header: `${typeof body.token_type === 'string' && !/^bearer$/i.test(body.token_type) ? body.token_type : 'Bearer'} ${body.access_token}`,
      secret,
      expiresMs: lifetimeSeconds > 0 ? this.#options.nowMs() + lifetimeSeconds * 1000 - EXPIRY_MARGIN_MS : Infinity,
    };
  }
}
