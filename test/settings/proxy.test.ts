import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { httpSettings } from '../support/loopback.ts';
import { proxySettings } from '../support/proxy.ts';

function load(keys: string) {
  const text = `proxy:\n  url: http://tsdb/api/v1/write\n${keys.replace(/^(?=.)/gm, '  ')}`;
  const { settings, problems } = loadSettings(text, '/etc/oa/oa.yaml', { environment: {}, flags: {} });
  return {
    settings,
    proxy: settings?.proxy,
    lines: problems.map((problem) => formatProblem(problem).split('oa.yaml: ')[1]),
  };
}

describe('the proxy', () => {
  it('needs a URL and no data source', () => {
    const { settings, proxy, lines } = load('');
    expect(lines).toEqual([]);
    expect(settings?.datasources).toEqual({});
    const tls = { minVersion: undefined, maxVersion: undefined };
    expect(proxy).toEqual(
      proxySettings('http://tsdb/api/v1/write', { http: httpSettings({ tls: { ...httpSettings().tls, ...tls } }) }),
    );
  });

  it('writes to its receiver as an endpoint of remote_write, with the defaults of one', () => {
    const { proxy } = load('append: true\nheaders: {X-Scope-OrgID: a}\nbasic_auth: {username: u, password: p}');
    expect(proxy?.append).toMatchObject({
      name: 'proxy',
      url: 'http://tsdb/api/v1/write',
      headers: { 'X-Scope-OrgID': 'a' },
      http: { basicAuth: { username: { value: 'u' } } },
      queue: { maxSamplesPerSend: 2000 },
    });
  });

  it('knows pairs by the labels of Mimir unless told', () => {
    expect(load('ha_labels: {}').proxy?.haLabels).toEqual({
      cluster: 'cluster',
      replica: '__replica__',
      failoverMs: 30_000,
    });
  });

  it.each([
    ['path: write', '3:9: proxy.path: must be a path that starts with "/", not "write"'],
    [
      'headers: {Authorization: x}',
      '3:13: proxy.headers.Authorization: is a header that cannot be set here; use basic_auth, authorization or oauth2',
    ],
    ['headers: {Content-Encoding: x}', '3:13: proxy.headers.Content-Encoding: is a header that cannot be set here'],
    ['path: /metrics', '3:3: proxy.path: is where the metrics page is; choose another path'],
    ['ha_labels: {replica: a-b}', '3:15: proxy.ha_labels.replica: "a-b" is no label name'],
    [
      'ha_labels: {replica: cluster}',
      '3:15: proxy.ha_labels.replica: is the label of the cluster too; a replica needs one of its own',
    ],
    [
      'max_bytes_in_flight: 2048',
      '3:3: proxy.max_bytes_in_flight: 2048 is less than max_body_bytes, which is 33554432: such a request could never pass',
    ],
  ])('%s is a mistake', (keys, expected) => {
    expect(load(keys).lines).toEqual([expected]);
  });
});
