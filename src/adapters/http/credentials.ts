import type { HttpClientSettings } from '../../settings/settings.ts';
import { TokenSource, type TokenSourceOptions } from './oauth2.ts';
import { readSecret, readSecretFile } from './secrets.ts';

export type SecretHeaders = Readonly<Record<string, string | string[]>>;

const NONE: SecretHeaders = {};

/** What a settings block adds to each request: its headers and one way to say who we are. Files are read each time. */
export class Credentials {
  readonly #settings: HttpClientSettings;
  readonly #tokens: TokenSource | undefined;
  /** Whether the block adds nothing to any request. */
  readonly #isEmpty: boolean;

  constructor(settings: HttpClientSettings, options: TokenSourceOptions) {
    this.#settings = settings;
    this.#tokens = settings.oauth2 === undefined ? undefined : new TokenSource(settings.oauth2, options);
    const { basicAuth, authorization, oauth2, headers } = settings;
    this.#isEmpty = (basicAuth ?? authorization ?? oauth2) === undefined && Object.keys(headers).length === 0;
  }

  /** Names in lower case. A user name in the URL counts where the block has no credentials of its own. */
  async headers(url: URL): Promise<SecretHeaders> {
    if (this.#isEmpty && url.username === '' && url.password === '') return NONE;
    const headers: Record<string, string | string[]> = {};
    for (const [name, source] of Object.entries(this.#settings.headers)) {
      const files = await Promise.all(source.files.map(readSecretFile));
      const values = [...source.values, ...source.secrets, ...files];
      headers[name.toLowerCase()] = values.length === 1 ? values[0]! : values;
    }
    const authorization = await this.#authorization(url);
    if (authorization !== undefined) headers['authorization'] = authorization;
    return headers;
  }

  /** The server answered 401: a token that it no longer takes must not be kept until it expires. */
  refused(headers: SecretHeaders): void {
    const header = headers['authorization'];
    if (typeof header === 'string') this.#tokens?.forget(header);
  }

  async #authorization(url: URL): Promise<string | undefined> {
    const { basicAuth, authorization } = this.#settings;
    if (basicAuth !== undefined) {
      return basic((await readSecret(basicAuth.username)) ?? '', (await readSecret(basicAuth.password)) ?? '');
    }
    if (authorization !== undefined) {
      const credentials = await readSecret(authorization.credentials);
      return credentials === undefined ? undefined : `${authorization.type} ${credentials}`;
    }
    if (this.#tokens !== undefined) return this.#tokens.header();
    if (url.username === '' && url.password === '') return undefined;
    return basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
