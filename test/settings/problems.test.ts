import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { loadSettings } from '../../src/settings/load.ts';

const FILE = 'openanomaly.yaml';

function problemsOf(text: string): string[] {
  const { settings, problems } = loadSettings(text, FILE, { environment: {}, flags: {} });
  expect(settings).toBeUndefined();
  return problems.map(formatProblem).map((line) => line.replace(`${FILE}: `, ''));
}

/** Problems of one data source, whose keys start in line 4, without its path. */
function problemsOfSource(keys: string): string[] {
  const text = `datasources:\n  main:\n    url: http://h\n${keys.replace(/^/gm, '    ')}\n`;
  return problemsOf(text).map((line) => line.replace('datasources.main.', '').replace('datasources.main: ', ''));
}

/** Problems of one endpoint, whose keys start in line 4, without its path. */
function problemsOfEndpoint(keys: string): string[] {
  const text = `datasources: {default: {type: simulated}}\nremote_write:\n  - url: http://h\n${keys.replace(/^/gm, '    ')}\n`;
  return problemsOf(text).map((line) => line.replace('remote_write[0].', '').replace('remote_write[0]: ', ''));
}

describe('problems of settings', () => {
  test.each<[string, string, string[]]>([
    ['an empty file', '', ['1:1: the file is empty; it needs "datasources"']],
    ['no data source', '{}', ['1:1: "datasources" is missing']],
    ['an empty map of data sources', 'datasources: {}', ['1:1: datasources: must have at least one entry']],
    [
      'a kind that does not exist',
      'datasources: {a: {type: promtheus}}',
      [
        '1:25: datasources.a.type: must be one of prometheus, csv or simulated, not "promtheus"; did you mean "prometheus"?',
      ],
    ],
    [
      'a kind by the name of its server',
      'datasources: {a: {type: VictoriaMetrics, url: x}}',
      [
        '1:25: datasources.a.type: must be one of prometheus, csv or simulated, not "VictoriaMetrics"; did you mean "prometheus"?',
      ],
    ],
    [
      'a kind by a name that every object knows',
      'datasources: {a: {type: constructor}}',
      ['1:25: datasources.a.type: must be one of prometheus, csv or simulated, not "constructor"'],
    ],
    [
      'keys of another kind',
      'datasources: {a: {type: simulated, url: x}}',
      ['1:36: datasources.a: unknown key "url"; the keys here are type, seed, incident_every and incident_history'],
    ],
    [
      'a key that is nearly right',
      'datasource: {}',
      ['1:1: unknown key "datasource"; did you mean "datasources"?', '1:1: "datasources" is missing'],
    ],
    [
      'a duration of nothing',
      'datasources: {a: {type: simulated}}\nshutdown_timeout: 0',
      ['2:19: shutdown_timeout: must be a duration such as 30s, 5m or 1h30m, not 0'],
    ],
    [
      'a prefix that is none',
      'datasources: {a: {type: simulated}}\nmetric_prefix: a-b',
      ['2:16: metric_prefix: must be the start of a metric name, not "a-b"'],
    ],
    [
      'an address without a port',
      'datasources: {a: {type: simulated}}\nserver: {listen_addresses: [localhost]}',
      ['2:29: server.listen_addresses[0]: must be "host:port" or ":port", not "localhost"'],
    ],
    [
      'a level that does not exist',
      'datasources: {a: {type: simulated}}\nlog: {level: warning}',
      ['2:14: log.level: must be one of debug, info, warn or error, not "warning"; did you mean "warn"?'],
    ],
    [
      'workers',
      'datasources: {a: {type: simulated}}\nworkers: {count: 0}',
      ['2:18: workers.count: must be a whole number from 1 and up to 64, not 0'],
    ],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test('all of them are reported, in the order of the text', () => {
    const text = 'datasources:\n  a: {url: 5, basic_auth: {user: x}}\nremote_write:\n- {}\nworker: 1\n';
    expect(problemsOf(text)).toEqual([
      '2:12: datasources.a.url: must be a URL that starts with http:// or https://',
      '2:28: datasources.a.basic_auth: unknown key "user"; did you mean "username"?',
      '4:3: remote_write[0]: "url" is missing',
      '5:1: unknown key "worker"; did you mean "workers"?',
    ]);
  });
});

describe('the HTTP client block', () => {
  test.each<[string, string, string[]]>([
    [
      'two kinds of credentials',
      'basic_auth: {username: u}\nauthorization: {credentials: c}',
      ['5:1: authorization: only one of basic_auth and authorization can be used; remove the others'],
    ],
    [
      'a password twice',
      'basic_auth: {password: p, password_file: f}',
      ['4:27: basic_auth.password_file: only one of password and password_file can be used; remove the other'],
    ],
    [
      'credentials twice',
      'authorization: {credentials: p, credentials_file: f}',
      [
        '4:33: authorization.credentials_file: only one of credentials and credentials_file can be used; remove the other',
      ],
    ],
    ['no credentials', 'authorization: {}', ['4:1: authorization: "credentials" or "credentials_file" is missing']],
    [
      'Basic as a type',
      'authorization: {type: basic, credentials: c}',
      ['4:17: authorization.type: for "Basic" write basic_auth with username and password'],
    ],
    [
      'a key without a certificate',
      'tls_config: {key_file: k}',
      ['4:1: tls_config: a key needs its client certificate: add cert_file'],
    ],
    [
      'a certificate without a key',
      'tls_config: {cert_file: k}',
      ['4:1: tls_config: a client certificate needs its key: add key_file'],
    ],
    [
      'an authority twice',
      'tls_config: {ca: a, ca_file: b}',
      ['4:21: tls_config.ca_file: only one of ca and ca_file can be used; remove the other'],
    ],
    [
      'TLS versions',
      'tls_config: {min_version: TLS13, max_version: TLS12}',
      ['4:14: tls_config.min_version: TLS13 is newer than max_version TLS12'],
    ],
    ['no_proxy alone', 'no_proxy: a', ['4:1: no_proxy: is of use with proxy_url only']],
    [
      'two proxies',
      'proxy_url: http://p\nproxy_from_environment: true',
      ['5:1: proxy_from_environment: only one of proxy_url and proxy_from_environment can be used'],
    ],
    [
      'a header twice',
      'headers: {X-A: b}\nhttp_headers: {x-a: {values: [b]}}',
      ['5:16: http_headers.x-a: is in headers too; remove one'],
    ],
    [
      'oauth2 without a secret',
      'oauth2: {client_id: a, token_url: "http://t"}',
      ['4:1: oauth2: "client_secret" or "client_secret_file" is missing'],
    ],
    [
      'a grant that is not there yet',
      'oauth2: {client_id: a, client_secret: b, token_url: "http://t", grant_type: urn:ietf:params:oauth:grant-type:jwt-bearer}',
      [
        '4:77: oauth2.grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer" is not available in this version; use client_credentials',
      ],
    ],
    [
      'headers for a proxy',
      'proxy_url: http://p\nproxy_connect_header: {A: [b]}',
      ['5:1: proxy_connect_header: not available in this version (headers for the proxy); remove it'],
    ],
  ])('%s', (_, keys, expected) => {
    const lower = (line: string) => line.replace(/^(\d+):(\d+)/, (_all, l, c) => `${l}:${Number(c) - 4}`);
    expect(problemsOfSource(keys).map(lower)).toEqual(expected);
  });
});

describe('remote write', () => {
  test.each<[string, string, string[]]>([
    [
      'reserved headers',
      'headers: {Authorization: a, X-Prometheus-Remote-Write-Version: b, x-amz-date: c, X-Scope-OrgID: d}',
      [
        '4:11: headers.Authorization: is a header that cannot be set here; use basic_auth, authorization or oauth2',
        '4:29: headers.X-Prometheus-Remote-Write-Version: is a header that cannot be set here',
        '4:67: headers.x-amz-date: is a header that cannot be set here',
      ],
    ],
    [
      'zero values',
      'queue_config: {capacity: 0, max_shards: 0, max_samples_per_send: 0, batch_send_deadline: 0s}',
      [
        '4:26: queue_config.capacity: must be a whole number from 1, not 0',
        '4:41: queue_config.max_shards: must be a whole number from 1, not 0',
        '4:66: queue_config.max_samples_per_send: must be a whole number from 1, not 0',
        '4:90: queue_config.batch_send_deadline: must be a duration above 0',
      ],
    ],
    [
      'more shards at least than at most',
      'queue_config: {min_shards: 3, max_shards: 2}',
      ['4:16: queue_config.min_shards: 3 is above max_shards, which is 2'],
    ],
    [
      'more shards than the default',
      'queue_config: {min_shards: 9}',
      ['4:16: queue_config.min_shards: 9 is above max_shards, which is 4'],
    ],
    [
      'a backoff above the default',
      'queue_config: {min_backoff: 1m}',
      ['4:16: queue_config.min_backoff: 1m is above max_backoff, which is 5s'],
    ],
    [
      'a message',
      'protobuf_message: v2',
      ['4:19: protobuf_message: must be one of prometheus.WriteRequest or io.prometheus.write.v2.Request, not "v2"'],
    ],
    [
      'the clouds',
      'sigv4: {region: a}\nazuread: {cloud: b}\ngoogle_iam: {credentials_file: c}',
      [
        '4:1: sigv4: not available in this version (AWS signatures); remove it',
        '5:1: azuread: not available in this version (Azure AD); remove it',
        '6:1: google_iam: not available in this version (Google IAM); remove it',
      ],
    ],
    [
      'what we have not',
      'send_exemplars: true\nsend_native_histograms: true\nround_robin_dns: true\nmetadata_config: {send: true}',
      [
        '4:1: send_exemplars: not available in this version (exemplars); remove it',
        '5:1: send_native_histograms: not available in this version (histograms); remove it',
        '6:1: round_robin_dns: not available in this version (round robin); remove it',
        '7:1: metadata_config: not available in this version (metadata settings); remove it',
      ],
    ],
    [
      'no target',
      'write_relabel_configs: [{source_labels: [a]}]',
      ['4:25: write_relabel_configs[0]: the action replace needs "target_label"'],
    ],
    [
      'no modulus',
      'write_relabel_configs: [{source_labels: [a], action: hashmod, target_label: b}]',
      ['4:25: write_relabel_configs[0]: the action hashmod needs "modulus", above 0'],
    ],
    [
      'names that are none',
      'write_relabel_configs: [{source_labels: [a-b], target_label: 1}]',
      [
        '4:42: write_relabel_configs[0].source_labels[0]: "a-b" is no label name',
        '4:62: write_relabel_configs[0].target_label: must be text, not 1; put it in quotes: "1"',
      ],
    ],
    [
      'a target that is none',
      'write_relabel_configs: [{target_label: a-b}]',
      ['4:26: write_relabel_configs[0].target_label: "a-b" is no label name'],
    ],
    [
      'an expression',
      'write_relabel_configs: [{action: keep, regex: "("}]',
      [
        '4:40: write_relabel_configs[0].regex: cannot be used: Invalid regular expression: /^(?:()$/s: Unterminated group',
      ],
    ],
    [
      'labeldrop with more',
      'write_relabel_configs: [{action: labeldrop, regex: a, target_label: b}]',
      ['4:25: write_relabel_configs[0]: the action labeldrop takes "regex" only'],
    ],
  ])('%s', (_, keys, expected) => {
    const lower = (line: string) => line.replace(/^(\d+):(\d+)/, (_all, l, c) => `${l}:${Number(c) - 4}`);
    expect(problemsOfEndpoint(keys).map(lower)).toEqual(expected);
  });

  test('neutral values of what we have not are no problem', () => {
    const text =
      'datasources: {default: {type: simulated}}\nremote_write:\n- {url: "http://h", send_exemplars: false, sigv4: {}, metadata_config: {}, round_robin_dns: false}\n';
    expect(loadSettings(text, FILE, { environment: {}, flags: {} }).problems).toEqual([]);
  });

  test('endpoints that cannot be told apart', () => {
    const text =
      'datasources: {default: {type: simulated}}\nremote_write:\n- {url: "http://h"}\n- {url: "http://h"}\n- {url: "http://i", name: a}\n- {url: "http://h", name: a}\n';
    expect(problemsOf(text)).toEqual([
      '4:3: remote_write[1]: writes to the URL of remote_write[0]; give each a "name"',
      '6:21: remote_write[3].name: taken by remote_write[2]; names of endpoints are unique',
    ]);
  });
});
