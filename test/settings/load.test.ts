import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { loadSettings, type SettingsFlags } from '../../src/settings/load.ts';

const SOURCE = 'datasources: {default: {type: prometheus, url: http://127.0.0.1:9090/}}\n';

function load(text: string, environment: Record<string, string> = {}, flags: SettingsFlags = {}) {
  return loadSettings(text, '/etc/openanomaly/openanomaly.yaml', { environment, flags });
}

function problems(text: string, environment: Record<string, string> = {}): string[] {
  return load(text, environment).problems.map((problem) => formatProblem(problem).replace('/etc/openanomaly/', ''));
}

describe('settings', () => {
  test('need nothing but a data source', () => {
    expect(problems(SOURCE)).toEqual([]);
    expect(load(SOURCE).settings).toMatchObject({
      datasources: { default: { type: 'prometheus', url: 'http://127.0.0.1:9090', timeoutMs: 120_000 } },
      remoteWrite: [],
      stateDir: undefined,
      metricPrefix: 'openanomaly',
      server: { listenAddresses: ['127.0.0.1:9877'], telemetryPath: '/metrics', enableLifecycle: false },
      log: { level: 'info', format: 'logfmt' },
    });
  });

  test('paths start at the folder of the file', () => {
    const text = `${SOURCE}rule_files: ['rules/*.yaml', /abs.yaml]\nstate_dir: ../state\n`;
    expect(load(text).settings).toMatchObject({
      ruleFiles: ['/etc/openanomaly/rules/*.yaml', '/abs.yaml'],
      stateDir: '/etc/state',
    });
  });

  test('flags win over the file; flags that were not given do not', () => {
    const text = `${SOURCE}log: {level: warn, format: json}\nserver: {listen_addresses: [':1']}\n`;
    const flags = { listenAddresses: [':2'], logLevel: 'debug', enableLifecycle: true } as const;
    expect(load(text, {}, flags).settings).toMatchObject({
      server: { listenAddresses: [':2'], enableLifecycle: true },
      log: { level: 'debug', format: 'json' },
    });
  });

  test('variables come from the environment, and groups of relabelling stay', () => {
    const text = `
datasources: {default: {type: prometheus, url: 'http://\${HOST}:9090', params: {q: '$\${HOST}'}}}
remote_write: [{url: 'http://h/w', write_relabel_configs: [{target_label: a, replacement: '\${1}-$2'}]}]
`;
    const { settings } = load(text, { HOST: 'prom' });
    expect(settings?.datasources).toMatchObject({
      default: { url: 'http://prom:9090', params: { q: '$' + '{HOST}' } },
    });
    expect(settings!.remoteWrite[0]!.writeRelabelConfigs[0]!.replacement).toBe('$' + '{1}-$2');
  });

  test('secret files are paths, inline secrets values', () => {
    const text = `
datasources:
  default:
    type: prometheus
    url: http://h
    basic_auth: {username: u, password_file: secret}
    tls_config: {ca: PEM, insecure_skip_verify: true}
    http_headers: {X-Scope-OrgID: {values: [a]}}
`;
    expect(load(text).settings?.datasources['default']).toMatchObject({
      http: {
        basicAuth: { username: { value: 'u' }, password: { file: '/etc/openanomaly/secret' } },
        tls: { ca: { value: 'PEM' }, insecureSkipVerify: true },
        headers: { 'X-Scope-OrgID': { values: ['a'], secrets: [], files: [] } },
      },
    });
  });

  test.each([
    ['an empty file', '', ['openanomaly.yaml: 1:1: the file is empty; it needs "datasources"']],
    ['no data source', 'log: {}\n', ['openanomaly.yaml: 1:1: "datasources" is missing']],
    ['broken YAML', `${SOURCE}log: {level\n`, [expect.stringMatching(/^openanomaly\.yaml: [23]:/)]],
    ['an unknown key', `${SOURCE}rule_filez: []\n`, [expect.stringMatching(/2:1: .*did you mean "rule_files"/)]],
    ['a wrong type', `${SOURCE}workers: {count: many}\n`, [expect.stringMatching(/2:18: must be a whole number/)]],
    ['a bad duration', `${SOURCE}shutdown_timeout: 20sec\n`, [expect.stringMatching(/2:19: must be a duration/)]],
    ['an unknown kind', 'datasources: {a: {type: mysql}}\n', [expect.stringMatching(/1:25: must be one of/)]],
    ['a URL without scheme', 'datasources: {a: {url: h:9090}}\n', [expect.stringMatching(/1:24: must be a URL/)]],
  ])('%s is a problem at its place', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
    expect(load(text).settings).toBeUndefined();
  });

  test.each([
    [
      'two kinds of credentials',
      'basic_auth: {username: u}, authorization: {credentials: c}',
      'only one of basic_auth and authorization',
    ],
    ['inline and file', 'basic_auth: {password: p, password_file: f}', 'only one of password and password_file'],
    ['a certificate without key', 'tls_config: {cert_file: c}', 'needs both cert and key'],
    ['no_proxy alone', 'no_proxy: h', 'no_proxy needs proxy_url'],
    ['basic as a scheme', 'authorization: {type: Basic, credentials: c}', 'use basic_auth'],
  ])('%s is refused', (_, keys, message) => {
    expect(problems(`datasources: {a: {url: http://h, ${keys}}}\n`)).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['a reserved header', 'headers: {Content-Type: a}', 'cannot be set here'],
    ['no samples per send', 'queue_config: {max_samples_per_send: 0}', 'must be a whole number from 1'],
    ['shards upside down', 'queue_config: {min_shards: 5, max_shards: 2}', 'min_shards must not be above max_shards'],
    [
      'backoff upside down',
      'queue_config: {min_backoff: 10s, max_backoff: 1s}',
      'min_backoff must not be above max_backoff',
    ],
    ['an unknown message', 'protobuf_message: v3', 'must be one of'],
    ['hashmod without modulus', 'write_relabel_configs: [{action: hashmod, target_label: a}]', 'modulus above 0'],
    ['a broken expression', "write_relabel_configs: [{action: drop, regex: '('}]", 'no regular expression'],
    ['signatures of a cloud', 'sigv4: {region: x}', 'not available in this version'],
  ])('remote write: %s is refused', (_, keys, message) => {
    const found = problems(`${SOURCE}remote_write: [{url: http://h/w, ${keys}}]\n`);
    expect(found.join('\n')).toContain(message);
  });

  test('a variable that is not set is a problem; one that is never shows its value', () => {
    expect(problems(`${SOURCE}state_dir: \${NOWHERE}\n`)).toEqual([
      expect.stringContaining('the environment variable NOWHERE is not set'),
    ]);
    const text = `${SOURCE}log: {level: '\${SECRET}'}\n`;
    expect(problems(text, { SECRET: 'hunter2' }).join()).not.toContain('hunter2');
    expect(problems(text, { SECRET: 'hunter2' })).toHaveLength(1);
  });

  test('all problems are reported, in the order of the file', () => {
    const found = problems(`${SOURCE}state_interval: 0\nlog: {level: loud}\nmetric_prefix: 9x\n`);
    expect(found.map((line) => line.split(': ')[1])).toEqual(['2:17', '3:14', '4:16']);
  });
});
