import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { loadSettings, type SettingsFlags } from '../../src/settings/load.ts';
import type { Settings } from '../../src/settings/settings.ts';

const FILE = '/etc/openanomaly/openanomaly.yaml';
const LEAST = 'datasources: {default: {url: "http://127.0.0.1:9090"}}\n';

function load(text: string, environment = {}, flags: SettingsFlags = {}): Settings {
  const { settings, problems } = loadSettings(text, FILE, { environment, flags });
  expect(problems.map(formatProblem)).toEqual([]);
  return settings!;
}

const NO_HTTP = {
  basicAuth: undefined,
  authorization: undefined,
  oauth2: undefined,
  followRedirects: true,
  tls: {
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: undefined,
    insecureSkipVerify: false,
    minVersion: undefined,
    maxVersion: undefined,
  },
  proxyUrl: undefined,
  noProxy: undefined,
  proxyFromEnvironment: false,
  headers: {},
};

describe('settings', () => {
  test('one data source is enough; everything else has a default', () => {
    expect(load(LEAST)).toEqual({
      datasources: {
        default: {
          type: 'prometheus',
          url: 'http://127.0.0.1:9090',
          timeoutMs: 120_000,
          maxConcurrentQueries: 4,
          params: {},
          http: NO_HTTP,
        },
      },
      remoteWrite: [],
      ruleFiles: [],
      stateDir: undefined,
      stateIntervalMs: 300_000,
      metricPrefix: 'openanomaly',
      eventLog: undefined,
      server: {
        listenAddresses: ['127.0.0.1:9877'],
        webConfigFile: undefined,
        externalUrl: undefined,
        routePrefix: '/',
        telemetryPath: '/metrics',
        enableLifecycle: false,
        enableAdminApi: false,
      },
      workers: { count: 1, queueBatches: 16, batchSeries: 64 },
      log: { level: 'info', format: 'logfmt' },
      shutdownTimeoutMs: 20_000,
    });
  });

  test('an endpoint of remote write has the defaults of Prometheus where they fit', () => {
    const { remoteWrite } = load(`${LEAST}remote_write: [{url: "http://h/api/v1/write"}]\n`);
    expect(remoteWrite).toEqual([
      {
        name: expect.stringMatching(/^[0-9a-f]{8}$/),
        url: 'http://h/api/v1/write',
        protobufMessage: 'prometheus.WriteRequest',
        remoteTimeoutMs: 30_000,
        headers: {},
        writeRelabelConfigs: [],
        queue: {
          capacity: 200_000,
          minShards: 1,
          maxShards: 4,
          maxSamplesPerSend: 2000,
          maxBytesPerSend: 16_777_216,
          batchSendDeadlineMs: 5_000,
          minBackoffMs: 30,
          maxBackoffMs: 5_000,
          retryOnHttp429: false,
          sampleAgeLimitMs: 0,
          spoolDir: undefined,
        },
        maxFutureMs: 540_000,
        http: NO_HTTP,
      },
    ]);
  });

  test('every key of an endpoint arrives', () => {
    const { remoteWrite } = load(`${LEAST}
remote_write:
  - name: long_term
    url: https://h/write
    protobuf_message: io.prometheus.write.v2.Request
    remote_timeout: 5s
    headers: {X-Scope-OrgID: a}
    write_relabel_configs:
      - {source_labels: [a, b], separator: "-", regex: "(x)-(y)", target_label: c, replacement: "$2\${1}"}
      - {action: labeldrop, regex: tmp}
    queue_config: {capacity: 5, min_shards: 2, max_shards: 3, max_samples_per_send: 7, max_bytes_per_send: 2048,
      batch_send_deadline: 1s, min_backoff: 1ms, max_backoff: 2ms, retry_on_http_429: true, sample_age_limit: 1h,
      spool_dir: spool}
    max_future: 0
    follow_redirects: false
    authorization: {credentials_file: secrets/token}
    tls_config: {ca_file: ca.pem, cert: c, key_file: /k.pem, server_name: s, insecure_skip_verify: true,
      min_version: TLS12, max_version: TLS13}
    proxy_url: http://proxy
    no_proxy: localhost
    http_headers: {X-A: {values: [v], secrets: [s], files: [f]}}
`);
    expect(remoteWrite[0]).toEqual({
      name: 'long_term',
      url: 'https://h/write',
      protobufMessage: 'io.prometheus.write.v2.Request',
      remoteTimeoutMs: 5_000,
      headers: { 'X-Scope-OrgID': 'a' },
      writeRelabelConfigs: [
        {
          sourceLabels: ['a', 'b'],
          separator: '-',
          regex: '(x)-(y)',
          modulus: 0,
          targetLabel: 'c',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a group of a regular expression, as Prometheus writes it.
          replacement: '$2${1}',
          action: 'replace',
        },
        {
          sourceLabels: [],
          separator: ';',
          regex: 'tmp',
          modulus: 0,
          targetLabel: '',
          replacement: '$1',
          action: 'labeldrop',
        },
      ],
      queue: {
        capacity: 5,
        minShards: 2,
        maxShards: 3,
        maxSamplesPerSend: 7,
        maxBytesPerSend: 2048,
        batchSendDeadlineMs: 1_000,
        minBackoffMs: 1,
        maxBackoffMs: 2,
        retryOnHttp429: true,
        sampleAgeLimitMs: 3_600_000,
        spoolDir: '/etc/openanomaly/spool',
      },
      maxFutureMs: 0,
      http: {
        ...NO_HTTP,
        authorization: { type: 'Bearer', credentials: { file: '/etc/openanomaly/secrets/token' } },
        followRedirects: false,
        tls: {
          ca: { file: '/etc/openanomaly/ca.pem' },
          cert: { value: 'c' },
          key: { file: '/k.pem' },
          serverName: 's',
          insecureSkipVerify: true,
          minVersion: 'TLS12',
          maxVersion: 'TLS13',
        },
        proxyUrl: 'http://proxy',
        noProxy: 'localhost',
        headers: { 'X-A': { values: ['v'], secrets: ['s'], files: ['/etc/openanomaly/f'] } },
      },
    });
  });

  test('the other kinds of data sources and of credentials', () => {
    const { datasources } = load(`
datasources:
  shop: {type: simulated, seed: 7, incident_every: 10m, incident_history: 2h}
  files: {type: csv, path: data/*.csv, timestamp_column: t, value_columns: [a], label_columns: [b]}
  oauth:
    url: https://h/prometheus/
    timeout: 10s
    max_concurrent_queries: 2
    params: {extra_label: a=b}
    headers: {X-Scope-OrgID: tenant}
    http_headers: {X-B: {secrets: [s]}}
    oauth2: {client_id: i, client_secret: s, scopes: [a], token_url: "https://t", endpoint_params: {k: v}}
  basic: {url: "https://h", basic_auth: {username: u, password_file: p}}
`);
    expect(datasources).toMatchObject({
      shop: { type: 'simulated', seed: 7, incidentEveryMs: 600_000, incidentHistoryMs: 7_200_000 },
      files: {
        type: 'csv',
        path: '/etc/openanomaly/data/*.csv',
        timestampColumn: 't',
        valueColumns: ['a'],
        labelColumns: ['b'],
      },
      oauth: {
        url: 'https://h/prometheus',
        timeoutMs: 10_000,
        maxConcurrentQueries: 2,
        params: { extra_label: 'a=b' },
        http: {
          oauth2: {
            clientId: 'i',
            clientSecret: { value: 's' },
            scopes: ['a'],
            tokenUrl: 'https://t',
            endpointParams: { k: 'v' },
          },
          headers: {
            'X-Scope-OrgID': { values: ['tenant'], secrets: [], files: [] },
            'X-B': { values: [], secrets: ['s'], files: [] },
          },
        },
      },
      basic: { http: { basicAuth: { username: { value: 'u' }, password: { file: '/etc/openanomaly/p' } } } },
    });
  });

  test('paths start at the folder of the file', () => {
    const settings = load(
      `${LEAST}rule_files: ["rules/*.yaml", ../more/a.yaml, /abs/b.yaml]\nstate_dir: state\nserver: {web_config_file: web.yaml}\n`,
    );
    expect(settings.ruleFiles).toEqual(['/etc/openanomaly/rules/*.yaml', '/etc/more/a.yaml', '/abs/b.yaml']);
    expect(settings.stateDir).toBe('/etc/openanomaly/state');
    expect(settings.server.webConfigFile).toBe('/etc/openanomaly/web.yaml');
  });

  test('an event log has a size, and its path is relative to the file; "-" is standard output', () => {
    const eventLog = (block: string) => load(`${LEAST}event_log: ${block}\n`).eventLog;
    expect(eventLog('{path: log/a.jsonl}')).toEqual({
      path: expect.stringMatching(/\/log\/a\.jsonl$/),
      maxBytes: 10_485_760,
      keep: 3,
    });
    expect(eventLog('{path: "-", max_bytes: 4096, keep: 0}')).toEqual({ path: '-', maxBytes: 4096, keep: 0 });
  });

  test('flags win over the file', () => {
    const text = `${LEAST}state_dir: state\nlog: {level: warn}\nserver: {listen_addresses: [":1"], telemetry_path: /m, route_prefix: /p}\n`;
    const flags = {
      listenAddresses: [':2', '[::1]:3'],
      webConfigFile: '/web.yaml',
      externalUrl: 'https://h/x',
      telemetryPath: '/n',
      enableLifecycle: true,
      enableAdminApi: true,
      stateDir: '/state',
      logLevel: 'debug',
      logFormat: 'json',
    } as const;
    expect(load(text, {}, flags)).toMatchObject({
      stateDir: '/state',
      log: { level: 'debug', format: 'json' },
      server: {
        listenAddresses: [':2', '[::1]:3'],
        webConfigFile: '/web.yaml',
        externalUrl: 'https://h/x',
        routePrefix: '/p',
        telemetryPath: '/n',
        enableLifecycle: true,
        enableAdminApi: true,
      },
    });
  });

  test.each<[string, SettingsFlags, string]>([
    ['', { externalUrl: 'https://h/x/' }, '/x/'],
    ['server: {external_url: "https://h/y"}\n', {}, '/y'],
    ['server: {external_url: "https://h/y", route_prefix: /}\n', {}, '/'],
    ['server: {external_url: "https://h/y"}\n', { routePrefix: '/z' }, '/z'],
  ])('the route prefix follows the external URL: %j %j', (text, flags, prefix) => {
    expect(load(LEAST + text, {}, flags).server.routePrefix).toBe(prefix);
  });

  test('flags are checked like the file', () => {
    const flags = { listenAddresses: ['9877', ':99999'], externalUrl: 'h:9', routePrefix: 'x' };
    const { settings, problems } = loadSettings(LEAST, FILE, { environment: {}, flags });
    expect(settings).toBeUndefined();
    expect(problems.map(formatProblem)).toEqual([
      '--web.listen-address: 1:1: must be host:port or :port, not "9877"',
      '--web.listen-address: 1:1: must be host:port or :port, not ":99999"',
      '--web.external-url: 1:1: must be a URL that starts with http:// or https://',
      '--web.route-prefix: 1:1: must be a path that starts with "/"',
    ]);
  });
});
