import { placeAt } from '../document/item.ts';
import { readItem } from '../document/read.ts';
import { parseYaml, type YamlDocument } from '../document/yaml.ts';
import type { Problem } from '../rules/problem.ts';
import { EMPTY_WEB_CONFIG, type TlsServerConfig, WEB_CONFIG, type WebConfigDocument } from './web-config-schema.ts';

export interface ParsedWebConfig {
  readonly problems: readonly Problem[];
  /** Undefined when there are problems. */
  readonly config: WebConfigDocument | undefined;
  /** A problem that shows later, such as a certificate that cannot be read, at a key of `tls_server_config`. */
  tlsProblem(key: keyof TlsServerConfig, message: string): Problem;
}

/** All that is wrong with a web configuration file by its text alone; files it names are not looked at. */
export function checkWebConfig(text: string, file: string): Problem[] {
  return [...parseWebConfig(text, file).problems];
}

export function parseWebConfig(text: string, file: string): ParsedWebConfig {
  const document = parseYaml(text, file);
  const tlsProblem = (key: keyof TlsServerConfig, message: string) =>
    problemAt(document, ['tls_server_config', key], message);
  if (document.findings.length > 0)
    return { problems: document.findings.map((finding) => document.problem(finding)), config: undefined, tlsProblem };
  if (document.root === undefined) return { problems: [], config: EMPTY_WEB_CONFIG, tlsProblem };

  const { value, findings } = readItem(WEB_CONFIG, document.root);
  if (value === undefined || findings.length > 0)
    return { problems: findings.map((finding) => document.problem(finding)), config: undefined, tlsProblem };
  const config = value as WebConfigDocument;
  const problems = [...checkTls(config.tls_server_config, tlsProblem), ...checkRateLimit(config, document)];
  return { problems, config: problems.length > 0 ? undefined : config, tlsProblem };
}

/** TLS is asked for by any of the keys that make no sense without it, as in the exporters of Prometheus. */
export function wantsTls(tls: TlsServerConfig | undefined): tls is TlsServerConfig {
  if (tls === undefined) return false;
  const { cert, cert_file, key, key_file, client_ca, client_ca_file, client_auth_type } = tls;
  return (
    [cert, cert_file, key, key_file, client_ca, client_ca_file].some((value) => (value ?? '') !== '') ||
    client_auth_type !== 'NoClientCert'
  );
}

function checkTls(tls: TlsServerConfig | undefined, problem: ParsedWebConfig['tlsProblem']): Problem[] {
  if (!wantsTls(tls)) return [];
  const problems: Problem[] = [];
  for (const [inline, file] of [
    ['cert', 'cert_file'],
    ['key', 'key_file'],
    ['client_ca', 'client_ca_file'],
  ] as const) {
    const [hasInline, hasFile] = [(tls[inline] ?? '') !== '', (tls[file] ?? '') !== ''];
    if (hasInline && hasFile) problems.push(problem(file, `give "${inline}" or "${file}", not both`));
    if (!hasInline && !hasFile && inline !== 'client_ca')
      problems.push(problem(file, `"${inline}" or "${file}" is missing: HTTPS needs a certificate and its key`));
  }
  const asksClients = tls.client_auth_type !== 'NoClientCert';
  if (!asksClients && ((tls.client_ca ?? '') !== '' || (tls.client_ca_file ?? '') !== '')) {
    const key = (tls.client_ca ?? '') === '' ? 'client_ca_file' : 'client_ca';
    problems.push(
      problem(key, `"${key}" is of no use while client_auth_type is NoClientCert; use RequireAndVerifyClientCert`),
    );
  }
  if (!asksClients && tls.client_allowed_sans !== undefined)
    problems.push(
      problem('client_allowed_sans', '"client_allowed_sans" is of no use while client_auth_type is NoClientCert'),
    );
  if (tls.min_version > tls.max_version)
    problems.push(problem('min_version', `${tls.min_version} is newer than max_version, which is ${tls.max_version}`));
  return problems;
}

function checkRateLimit({ rate_limit: limit }: WebConfigDocument, document: YamlDocument): Problem[] {
  if (limit === undefined || limit.interval.ms === 0 || limit.burst > 0) return [];
  return [problemAt(document, ['rate_limit', 'burst'], 'must be at least 1, or every request is refused')];
}

function problemAt(document: YamlDocument, path: readonly string[], message: string): Problem {
  const offset = document.root === undefined ? 0 : placeAt(document.root, path).keyOffset;
  return document.problem({ offset, path, message, severity: 'error' });
}
