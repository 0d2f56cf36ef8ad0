import type { Static } from 'typebox';
import { choice, flag, list, mapOf, optional, section, text } from '../document/schema.ts';

const secret = (description: string) => optional(text({ description, 'x-secret': true }));
const file = (description: string) => optional(text({ description }));
/** A URL may hold a password, so it is not shown. */
export function url({ description }: { readonly description: string }) {
  return text({
    description,
    pattern: '^https?://[^/]',
    'x-what': 'a URL that starts with http:// or https://',
    'x-secret': true,
  });
}

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;

const tlsConfig = section(
  {
    ca: secret('Certificates of the authorities to trust, inline; the system’s are used otherwise.'),
    ca_file: file('The same in a file, read again at each use.'),
    cert: secret('Client certificate, inline.'),
    cert_file: file('Client certificate in a file, read again at each use.'),
    key: secret('Key of the client certificate, inline.'),
    key_file: file('Key of the client certificate in a file, read again at each use.'),
    server_name: optional(
      text({ description: 'Name the server’s certificate must have, where it is not the host of the URL.' }),
    ),
    insecure_skip_verify: flag({ description: 'Take any certificate of the server.', default: false }),
    min_version: optional(
      choice(TLS_VERSIONS, { description: 'Lowest TLS version; Node.js’s default (TLS12) otherwise.' }),
    ),
    max_version: optional(choice(TLS_VERSIONS, { description: 'Highest TLS version.' })),
  },
  { title: 'tls_config', description: 'TLS towards the server.' },
);

/** The keys of Prometheus' HTTP client block, to be part of a section. */
export const HTTP_CLIENT_FIELDS = {
  basic_auth: optional(
    section(
      {
        username: optional(text({ description: 'User name.' })),
        username_file: file('User name in a file, read again at each use.'),
        password: secret('Password.'),
        password_file: file('Password in a file, read again at each use.'),
      },
      { title: 'basic_auth', description: 'User name and password sent with every request.' },
    ),
  ),
  authorization: optional(
    section(
      {
        type: text({ description: 'Scheme of the header.', default: 'Bearer' }),
        credentials: secret('What follows the scheme.'),
        credentials_file: file('The same in a file, read again at each use.'),
      },
      { title: 'authorization', description: 'Authorization header sent with every request.' },
    ),
  ),
  oauth2: optional(
    section(
      {
        client_id: text({ description: 'Client id.' }),
        client_secret: secret('Client secret.'),
        client_secret_file: file('Client secret in a file, read again at each use.'),
        scopes: list(text({ description: 'A scope.' }), { description: 'Scopes to ask for.', default: [] }),
        token_url: url({ description: 'Where the token comes from.' }),
        grant_type: choice(['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'], {
          description: 'Way to the token.',
          default: 'client_credentials',
          unavailable: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
        }),
        tls_config: optional(
          section({}, { description: 'TLS towards the token server.', 'x-unavailable': 'TLS of the token request' }),
        ),
        proxy_url: optional(
          text({ description: 'Proxy of the token request.', 'x-unavailable': 'proxy of the token request' }),
        ),
        endpoint_params: mapOf(text({ description: 'A value.', 'x-secret': true }), {
          description: 'More parameters of the token request.',
          default: {},
        }),
      },
      { title: 'oauth2', description: 'Client credentials flow; the token is kept until it expires.' },
    ),
  ),
  follow_redirects: flag({ description: 'Follow redirects of the server.', default: true }),
  enable_http2: flag({
    description: 'Accepted for files made for Prometheus; HTTP/1.1 is spoken either way.',
    default: true,
  }),
  tls_config: optional(tlsConfig),
  proxy_url: optional(url({ description: 'Proxy that requests go through.' })),
  no_proxy: optional(
    text({ description: 'Hosts, domains and networks that are reached without the proxy, comma-separated.' }),
  ),
  proxy_from_environment: flag({
    description: 'Take the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
    default: false,
  }),
  proxy_connect_header: optional(
    mapOf(list(text({ description: 'A value.', 'x-secret': true }), { description: 'Values.' }), {
      description: 'Headers sent to the proxy.',
      'x-unavailable': 'headers for the proxy',
    }),
  ),
  http_headers: mapOf(
    section(
      {
        values: list(text({ description: 'A value.' }), { description: 'Values of the header.', default: [] }),
        secrets: list(text({ description: 'A value.', 'x-secret': true }), {
          description: 'Values that are never shown.',
          default: [],
        }),
        files: list(text({ description: 'A path.' }), {
          description: 'Files whose content is a value, read again at each use.',
          default: [],
        }),
      },
      { title: 'http_headers', description: 'One header.' },
    ),
    { description: 'More headers sent with every request.', default: {} },
  ),
} as const;

const httpClient = section(HTTP_CLIENT_FIELDS, { description: 'HTTP client' });
export type RawHttpClient = Static<typeof httpClient>;
