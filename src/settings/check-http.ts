import type { Path } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import type { RawHttpClient } from './http-schema.ts';
import type { Report } from './report.ts';

/** Keys of which only one can be given, inline or as a file. */
const INLINE_OR_FILE = [
  ['basic_auth', 'username'],
  ['basic_auth', 'password'],
  ['authorization', 'credentials'],
  ['oauth2', 'client_secret'],
  ['tls_config', 'ca'],
  ['tls_config', 'cert'],
  ['tls_config', 'key'],
] as const;

/** What excludes or needs one another in the HTTP client block. */
export function checkHttpClient(
  client: Loose<RawHttpClient> & { readonly headers?: Readonly<Record<string, unknown>> | undefined },
  path: Path,
  report: Report,
): void {
  const kinds = (['basic_auth', 'authorization', 'oauth2'] as const).filter((kind) => client[kind] !== undefined);
  if (kinds.length > 1)
    report([...path, kinds[1]!], `only one of ${kinds.join(' and ')} can be used; remove the others`);
  for (const [section, key] of INLINE_OR_FILE) {
    const written: Readonly<Record<string, unknown>> = client[section] ?? {};
    if (written[key] !== undefined && written[`${key}_file`] !== undefined)
      report([...path, section, `${key}_file`], `only one of ${key} and ${key}_file can be used; remove the other`);
  }
  checkCredentials(client, path, report);
  checkTls(client, path, report);
  checkProxy(client, path, report);
  const short = Object.keys(client.headers ?? {}).map((name) => name.toLowerCase());
  for (const name of Object.keys(client.http_headers ?? {}))
    if (short.includes(name.toLowerCase())) report([...path, 'http_headers', name], 'is in headers too; remove one');
}

function checkCredentials({ authorization, oauth2 }: Loose<RawHttpClient>, path: Path, report: Report): void {
  if (authorization?.type?.toLowerCase() === 'basic')
    report([...path, 'authorization', 'type'], 'for "Basic" write basic_auth with username and password');
  if (authorization && authorization.credentials === undefined && authorization.credentials_file === undefined)
    report([...path, 'authorization'], '"credentials" or "credentials_file" is missing');
  if (oauth2 && oauth2.client_secret === undefined && oauth2.client_secret_file === undefined)
    report([...path, 'oauth2'], '"client_secret" or "client_secret_file" is missing');
}

function checkTls({ tls_config: tls }: Loose<RawHttpClient>, path: Path, report: Report): void {
  if (tls === undefined) return;
  const hasCert = tls.cert !== undefined || tls.cert_file !== undefined;
  const hasKey = tls.key !== undefined || tls.key_file !== undefined;
  if (hasCert && !hasKey) report([...path, 'tls_config'], 'a client certificate needs its key: add key_file');
  if (hasKey && !hasCert) report([...path, 'tls_config'], 'a key needs its client certificate: add cert_file');
  if (tls.min_version !== undefined && tls.max_version !== undefined && tls.min_version > tls.max_version)
    report([...path, 'tls_config', 'min_version'], `${tls.min_version} is newer than max_version ${tls.max_version}`);
}

function checkProxy(client: Loose<RawHttpClient>, path: Path, report: Report): void {
  const { proxy_url: proxyUrl, no_proxy: noProxy, proxy_from_environment: fromEnvironment } = client;
  if (proxyUrl !== undefined && fromEnvironment === true)
    report([...path, 'proxy_from_environment'], 'only one of proxy_url and proxy_from_environment can be used');
  if (noProxy !== undefined && fromEnvironment === true)
    report([...path, 'no_proxy'], 'NO_PROXY of the environment is used with proxy_from_environment; remove one');
  else if (noProxy !== undefined && proxyUrl === undefined)
    report([...path, 'no_proxy'], 'is of use with proxy_url only');
}
