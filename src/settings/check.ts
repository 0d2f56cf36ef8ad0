import type { Finding } from '../document/finding.ts';
import { childOf, type Item, type Path, placeAt } from '../document/item.ts';
import { parseDuration } from '../series/duration.ts';

/** Headers that the protocol or the client owns (B6 of the remote-write configuration of Prometheus). */
const RESERVED_HEADERS =
  /^(authorization|host|content-encoding|content-type|content-length|user-agent|accept-encoding|connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|www-authenticate|x-prometheus-remote-.*|x-amz-.*)$/i;

/** Checks across keys, on what was written. Values that are wrong by themselves are not looked at again. */
export function checkSettings(root: Item): Finding[] {
  const findings: Finding[] = [];
  const report = (path: Path, message: string) => {
    findings.push({ path, offset: placeAt(root, path).keyOffset, message, severity: 'error' });
  };
  const sources = childOf(root, 'datasources');
  if (sources?.kind === 'map')
    for (const [name, { value }] of sources.entries) checkHttp(value, ['datasources', name], report);
  const endpoints = childOf(root, 'remote_write');
  if (endpoints?.kind !== 'list') return findings;
  const names = new Set<string>();
  endpoints.items.forEach((endpoint, i) => {
    const path = ['remote_write', i];
    checkHttp(endpoint, path, report);
    checkQueue(childOf(endpoint, 'queue_config'), [...path, 'queue_config'], report);
    checkRelabelling(childOf(endpoint, 'write_relabel_configs'), [...path, 'write_relabel_configs'], report);
    const headers = childOf(endpoint, 'headers');
    if (headers?.kind === 'map') {
      for (const header of headers.entries.keys()) {
        if (RESERVED_HEADERS.test(header))
          report(
            [...path, 'headers', header],
            `the header "${header}" cannot be set here; credentials go into basic_auth or authorization`,
          );
      }
    }
    const name = textOf(childOf(endpoint, 'name'));
    if (name !== undefined && names.has(name))
      report([...path, 'name'], `another endpoint is called "${name}" already`);
    if (name !== undefined) names.add(name);
  });
  return findings;
}

type Report = (path: Path, message: string) => void;

function checkHttp(item: Item, path: Path, report: Report): void {
  const has = (...keys: string[]) => keys.reduce<Item | undefined>(childOf, item) !== undefined;
  const auths = ['basic_auth', 'authorization', 'oauth2'].filter((key) => has(key));
  if (auths.length > 1) report([...path, auths[1]!], `only one of ${auths.join(' and ')} can be used`);
  for (const [section, key] of [
    ['basic_auth', 'username'],
    ['basic_auth', 'password'],
    ['authorization', 'credentials'],
    ['oauth2', 'client_secret'],
    ['tls_config', 'ca'],
    ['tls_config', 'cert'],
    ['tls_config', 'key'],
  ] as const) {
    if (has(section, key) && has(section, `${key}_file`))
      report([...path, section, `${key}_file`], `only one of ${key} and ${key}_file can be used`);
  }
  const hasCert = has('tls_config', 'cert') || has('tls_config', 'cert_file');
  const hasKey = has('tls_config', 'key') || has('tls_config', 'key_file');
  if (hasCert !== hasKey) report([...path, 'tls_config'], 'a client certificate needs both cert and key');
  if (textOf(childOf(childOf(item, 'authorization'), 'type'))?.toLowerCase() === 'basic') {
    report([...path, 'authorization', 'type'], 'for "Basic" use basic_auth');
  }
  if (has('no_proxy') && !has('proxy_url')) report([...path, 'no_proxy'], 'no_proxy needs proxy_url');
  if (has('proxy_url') && plainOf(childOf(item, 'proxy_from_environment')) === true) {
    report([...path, 'proxy_from_environment'], 'only one of proxy_url and proxy_from_environment can be used');
  }
}

function checkQueue(item: Item | undefined, path: Path, report: Report): void {
  const shards = [childOf(item, 'min_shards'), childOf(item, 'max_shards')].map(plainOf);
  if (typeof shards[0] === 'number' && typeof shards[1] === 'number' && shards[0] > shards[1]) {
    report([...path, 'min_shards'], 'min_shards must not be above max_shards');
  }
  const backoffs = [childOf(item, 'min_backoff'), childOf(item, 'max_backoff')].map((value) =>
    parseDuration(textOf(value) ?? ''),
  );
  if (backoffs[0] !== undefined && backoffs[1] !== undefined && backoffs[0] > backoffs[1]) {
    report([...path, 'min_backoff'], 'min_backoff must not be above max_backoff');
  }
}

function checkRelabelling(item: Item | undefined, path: Path, report: Report): void {
  if (item?.kind !== 'list') return;
  item.items.forEach((step, i) => {
    const action = textOf(childOf(step, 'action')) ?? 'replace';
    const regex = textOf(childOf(step, 'regex'));
    if (regex !== undefined && !isRegExp(regex)) report([...path, i, 'regex'], 'is no regular expression');
    if (
      ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'].includes(action) &&
      childOf(step, 'target_label') === undefined
    ) {
      report([...path, i], `the action "${action}" needs target_label`);
    }
    if (action === 'hashmod' && !((plainOf(childOf(step, 'modulus')) as number) > 0))
      report([...path, i], 'hashmod needs a modulus above 0');
  });
}

function isRegExp(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`, 'su');
    return true;
  } catch {
    return false;
  }
}

function plainOf(item: Item | undefined): unknown {
  return item?.kind === 'scalar' ? item.value : undefined;
}

function textOf(item: Item | undefined): string | undefined {
  const value = plainOf(item);
  return typeof value === 'string' ? value : undefined;
}
