import type { Path } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import { isLabelName } from '../series/labels.ts';
import { relabelRegexFault } from '../series/relabel-regex.ts';
import { checkHttpClient } from './check-http.ts';
import { isUrl, type Report } from './report.ts';
import type { RawSettings } from './schema.ts';

type RawEndpoint = RawSettings['remote_write'][number];
type RawRelabelStep = RawEndpoint['write_relabel_configs'][number];

/** Headers that the protocol, the HTTP client or the block of credentials owns; Prometheus refuses the same. */
const RESERVED_HEADERS =
  /^(authorization|host|content-encoding|content-type|content-length|user-agent|accept-encoding|connection|keep-alive|proxy-.*|www-authenticate|x-prometheus-remote-.*|x-amz-.*)$/i;

export function checkRemoteWrite(endpoints: readonly (Loose<RawEndpoint> | undefined)[], report: Report): void {
  const names = new Map<string, number>();
  endpoints.forEach((endpoint, i) => {
    if (endpoint === undefined) return;
    const path = ['remote_write', i];
    if (endpoint.url !== undefined && !isUrl(endpoint.url)) report([...path, 'url'], 'is no URL');
    checkHttpClient(endpoint, path, report);
    checkHeaders(endpoint.headers ?? {}, path, report);
    checkQueue(endpoint.queue_config ?? {}, [...path, 'queue_config'], report);
    endpoint.write_relabel_configs?.forEach((step, s) => {
      if (step !== undefined) checkRelabelStep(step, [...path, 'write_relabel_configs', s], report);
    });
    const name = endpoint.name ?? endpoint.url;
    const first = name === undefined ? undefined : names.get(name);
    if (first !== undefined && endpoint.name !== undefined)
      report([...path, 'name'], `taken by remote_write[${first}]; names of endpoints are unique`);
    else if (first !== undefined) report(path, `writes to the URL of remote_write[${first}]; give each a "name"`);
    else if (name !== undefined) names.set(name, i);
  });
}

function checkHeaders(headers: Readonly<Record<string, unknown>>, path: Path, report: Report): void {
  for (const name of Object.keys(headers)) {
    if (!RESERVED_HEADERS.test(name)) continue;
    const instead = /^(proxy-)?authorization$/i.test(name) ? '; use basic_auth, authorization or oauth2' : '';
    report([...path, 'headers', name], `is a header that cannot be set here${instead}`);
  }
}

function checkQueue(queue: Loose<RawEndpoint['queue_config']>, path: Path, report: Report): void {
  const { min_shards: minShards, max_shards: maxShards, min_backoff: min, max_backoff: max } = queue;
  if (minShards !== undefined && maxShards !== undefined && minShards > maxShards)
    report([...path, 'min_shards'], `${minShards} is above max_shards, which is ${maxShards}`);
  if (min !== undefined && max !== undefined && min.ms > max.ms)
    report([...path, 'min_backoff'], `${min.text} is above max_backoff, which is ${max.text}`);
}

const NEEDS_TARGET = new Set(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal']);
const TAKES_REGEX_ONLY = new Set(['labeldrop', 'labelkeep']);

function checkRelabelStep(step: Loose<RawRelabelStep>, path: Path, report: Report): void {
  const { action, regex, target_label: target, modulus } = step;
  const fault = regex === undefined ? undefined : relabelRegexFault(regex);
  if (fault !== undefined) report([...path, 'regex'], `cannot be used: ${fault}`);
  step.source_labels?.forEach((label, i) => {
    if (label !== undefined && !isLabelName(label))
      report([...path, 'source_labels', i], `"${label}" is no label name`);
  });
  if (action === undefined) return;
  if (NEEDS_TARGET.has(action) && target === '') report(path, `the action ${action} needs "target_label"`);
  if (target !== undefined && target !== '' && !isTarget(action, target))
    report([...path, 'target_label'], `"${target}" is no label name`);
  if (action === 'hashmod' && modulus === 0) report(path, 'the action hashmod needs "modulus", above 0');
  if (TAKES_REGEX_ONLY.has(action) && ((step.source_labels ?? []).length > 0 || target !== ''))
    report(path, `the action ${action} takes "regex" only`);
}

/** Only `replace` builds the name of a label from groups of its expression. */
function isTarget(action: RawRelabelStep['action'], target: string): boolean {
  if (action !== 'replace') return isLabelName(target);
  return /^(?:[a-zA-Z_]|\$\{?\w+\}?)(?:\w|\$\{?\w+\}?)*$/.test(target);
}
