import type { Static } from 'typebox';
import { anyText, choice, duration, flag, list, mapOf, optional, section, text, whole } from '../document/schema.ts';
import { CIPHER_SUITES, CLIENT_AUTH_TYPES, CURVES, TLS_VERSIONS } from './tls-names.ts';

const TLS_SERVER = section(
  {
    cert: optional(anyText({ description: 'Certificate chain of the server in PEM.' })),
    cert_file: optional(anyText({ description: 'File with the certificate chain, read again when it changes.' })),
    key: optional(anyText({ description: 'Private key in PEM.', 'x-secret': true })),
    key_file: optional(anyText({ description: 'File with the private key, read again when it changes.' })),
    client_auth_type: choice(CLIENT_AUTH_TYPES, {
      default: 'NoClientCert',
      description: 'What is asked of clients: browsers and most scrapers have no certificate, so nothing by default.',
    }),
    client_ca: optional(anyText({ description: 'Authorities of client certificates in PEM.' })),
    client_ca_file: optional(anyText({ description: 'File with the authorities, read again when it changes.' })),
    client_allowed_sans: optional(
      list(text({ description: 'Alternative name that a client certificate may carry.' }), {
        description: 'A client certificate must carry one of these names: DNS, e-mail, IP address or URI.',
      }),
    ),
    min_version: choice(TLS_VERSIONS, { default: 'TLS12', description: 'Older versions are broken.' }),
    max_version: choice(TLS_VERSIONS, { default: 'TLS13', description: 'The newest there is.' }),
    cipher_suites: optional(
      list(choice(Object.keys(CIPHER_SUITES) as (keyof typeof CIPHER_SUITES)[], { description: 'By its IANA name.' }), {
        description: 'Suites for TLS 1.2 and older; those of TLS 1.3 are always on. Default: those of Node.js.',
      }),
    ),
    curve_preferences: optional(
      list(choice(Object.keys(CURVES) as (keyof typeof CURVES)[], { description: 'By its name in Go.' }), {
        description: 'Curves in order of preference. Default: those of Node.js.',
      }),
    ),
    prefer_server_cipher_suites: flag({ default: true, description: 'The order of the server counts.' }),
  },
  { title: 'tls_server_config', description: 'Serve HTTPS. An empty section changes nothing.' },
);

const HTTP_SERVER = section(
  {
    http2: flag({ default: true, description: 'Understood and without effect: the server speaks HTTP/1.1 only.' }),
    headers: optional(
      section(
        {
          'Content-Security-Policy': optional(text({ description: 'Replaces the policy of our own pages.' })),
          'Strict-Transport-Security': optional(text({ description: 'Tells browsers to come by HTTPS only.' })),
          'X-Content-Type-Options': optional(choice(['nosniff'], { description: 'Always sent by us.' })),
          'X-Frame-Options': optional(
            choice(['deny', 'sameorigin'], { description: 'Who may show our pages in a frame.' }),
          ),
          'X-XSS-Protection': optional(text({ description: 'For browsers of the past.' })),
        },
        { title: 'headers', description: 'Headers added to every answer; only these, in this spelling.' },
      ),
    ),
  },
  { title: 'http_server_config', description: 'How HTTP is spoken.' },
);

const RATE_LIMIT = section(
  {
    interval: duration({
      default: '0',
      description: 'One request each interval on average; 0 switches the limit off.',
    }),
    burst: whole({ default: 0, minimum: 0, description: 'Requests that may come at once.' }),
  },
  { title: 'rate_limit', description: 'Requests over the limit are answered 429.' },
);

/** The web configuration file of the Prometheus exporters. Every key, and nothing else. */
export const WEB_CONFIG = section(
  {
    tls_server_config: optional(TLS_SERVER),
    http_server_config: optional(HTTP_SERVER),
    basic_auth_users: optional(
      mapOf(
        text({
          description: 'Password of the user, hashed with bcrypt.',
          pattern: '^\\$2[aby]\\$(0[4-9]|[12][0-9]|3[01])\\$[./A-Za-z0-9]{53}$',
          'x-what': 'a bcrypt hash such as htpasswd -nBC 10 writes: $2y$10$ and 53 characters',
          'x-secret': true,
        }),
        { description: 'Users that may come in. They are asked for on every path, probes included.' },
      ),
    ),
    rate_limit: optional(RATE_LIMIT),
  },
  { title: 'the web configuration', description: 'TLS, basic authentication and headers of the server.' },
);

export type WebConfigDocument = Static<typeof WEB_CONFIG>;
export type TlsServerConfig = Static<typeof TLS_SERVER>;

/** Nothing is configured: plain HTTP, open to all. */
export const EMPTY_WEB_CONFIG: WebConfigDocument = {};
