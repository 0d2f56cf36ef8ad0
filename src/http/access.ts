import type { IncomingMessage } from 'node:http';
import type { LiveWebConfig } from './live-web-config.ts';
import { PasswordChecker } from './password-check.ts';
import { RateLimit } from './rate-limit.ts';

/** Whether a request may go on, and with which headers it is answered either way. */
export interface Access {
  /** Undefined: it may go on. */
  readonly refusal: { readonly status: number; readonly text: string } | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the credentials of the request, where it has some, were looked at here. */
  readonly isForUs?: boolean;
}

const BROKEN: Access = {
  refusal: { status: 500, text: 'The web configuration file is broken; see the log.' },
  headers: {},
};

/** Where the web configuration asks for nothing. */
const OPEN: Access = { refusal: undefined, headers: {}, isForUs: false };

/** Lets requests in as the web configuration file says at that moment. */
export class AccessControl {
  readonly #config: LiveWebConfig;
  readonly #isHttps: boolean;
  readonly #passwords = new PasswordChecker();
  readonly #rate = new RateLimit(() => performance.now());

  /** @param isHttps what the listeners were opened as, which does not change with the file */
  constructor(config: LiveWebConfig, isHttps: boolean) {
    this.#config = config;
    this.#isHttps = isHttps;
  }

  async admit(request: IncomingMessage): Promise<Access> {
    const config = this.#config.config;
    if (config === undefined) return BROKEN;
    // Never in the clear what shall be encrypted, and never encrypted with a certificate that was taken away.
    if ((this.#config.tls !== undefined) !== this.#isHttps)
      return {
        ...BROKEN,
        refusal: { status: 500, text: 'TLS was switched on or off; restart OpenAnomaly to apply it.' },
      };
    const { rate_limit: limit } = config;
    if (limit !== undefined && limit.interval.ms > 0 && !this.#rate.take(limit.interval.ms, limit.burst))
      return { refusal: { status: 429, text: 'Too many requests.' }, headers: {} };
    const { basic_auth_users: users, http_server_config: http } = config;
    if (users === undefined && http === undefined) return OPEN;
    const headers = { ...http?.headers };
    const refusal = await this.#authenticate(request, users ?? {});
    if (refusal === undefined) return { refusal, headers, isForUs: Object.keys(users ?? {}).length > 0 };
    const ask = refusal.status === 401 ? { 'WWW-Authenticate': 'Basic realm="OpenAnomaly", charset="UTF-8"' } : {};
    return { refusal, headers: { ...headers, ...ask } };
  }

  close(): Promise<void> {
    return this.#passwords.close();
  }

  async #authenticate(request: IncomingMessage, users: Readonly<Record<string, string>>): Promise<Access['refusal']> {
    const hashes = Object.values(users);
    if (hashes.length === 0) return undefined;
    const credentials = basicCredentials(request.headers.authorization);
    if (credentials === undefined) return { status: 401, text: 'Unauthorized.' };
    const { user, password } = credentials;
    const hash = Object.hasOwn(users, user) ? users[user] : undefined;
    const answer = await this.#passwords.check(user, password, { hash, costLike: hashes[0] });
    if (answer === 'busy') return { status: 503, text: 'Too many logins at once; try again.' };
    return answer === 'right' ? undefined : { status: 401, text: 'Unauthorized.' };
  }
}

function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
