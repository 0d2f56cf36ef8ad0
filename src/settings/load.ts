import { dirname, resolve } from 'node:path';
import type { Finding } from '../document/finding.ts';
import { formatPath, itemOf } from '../document/item.ts';
import { readItem } from '../document/read.ts';
import { readDocument } from '../document/read-document.ts';
import type { Problem } from '../rules/problem.ts';
import { hash32 } from '../series/labels.ts';
import { checkSettings, isListenAddress } from './check.ts';
import { type Environment, substituteEnvironment } from './environment.ts';
import type { RawHttpClient } from './http-schema.ts';
import { isUrl } from './report.ts';
import { type RawSettings, remoteWriteSchema, settingsSchema } from './schema.ts';
import type {
  DatasourceSettings,
  HttpClientSettings,
  ProxySettings,
  RemoteWriteSettings,
  Secret,
  Settings,
} from './settings.ts';

/** Flags of the command line that override the file; what was not given is absent. */
export interface SettingsFlags {
  readonly listenAddresses?: readonly string[];
  readonly webConfigFile?: string;
  readonly externalUrl?: string;
  readonly routePrefix?: string;
  readonly telemetryPath?: string;
  readonly enableLifecycle?: boolean;
  readonly enableAdminApi?: boolean;
  readonly stateDir?: string;
  readonly logLevel?: Settings['log']['level'];
  readonly logFormat?: Settings['log']['format'];
}

export interface LoadedSettings {
  /** Undefined when there is any problem. */
  readonly settings: Settings | undefined;
  readonly problems: readonly Problem[];
}

/** Reads the text of a settings file. Relative paths start at the folder of `file`. */
export function loadSettings(
  text: string,
  file: string,
  { environment, flags }: { readonly environment: Environment; readonly flags: SettingsFlags },
): LoadedSettings {
  const { root, value, findings, problem } = readDocument(
    settingsSchema,
    { text, file },
    { whenEmpty: EMPTY, prepare: (written) => substituteEnvironment(written, environment) },
  );
  const all = root === undefined ? findings : [...findings, ...checkSettings(value ?? {}, root)];
  const ofFile = [...all].sort((a, b) => a.offset - b.offset).map((finding) => problem(withKey(finding)));
  const problems = [...checkFlags(flags), ...ofFile];
  if (problems.some(({ severity }) => severity === 'error')) return { settings: undefined, problems };
  return { settings: settingsOf(value as RawSettings, dirname(resolve(file)), flags), problems };
}

const EMPTY = 'the file is empty; it needs "datasources"';

function checkFlags({ externalUrl, listenAddresses = [], routePrefix }: SettingsFlags): Problem[] {
  const problem = (flag: string, message: string): Problem => {
    return { severity: 'error', file: `--${flag}`, line: 1, column: 1, message };
  };
  const problems = listenAddresses
    .filter((address) => !isListenAddress(address))
    .map((address) => problem('web.listen-address', `must be host:port or :port, not "${address}"`));
  if (externalUrl !== undefined && !/^https?:/.test(externalUrl))
    problems.push(problem('web.external-url', 'must be a URL that starts with http:// or https://'));
  else if (externalUrl !== undefined && !isUrl(externalUrl)) problems.push(problem('web.external-url', 'is no URL'));
  if (routePrefix !== undefined && !routePrefix.startsWith('/'))
    problems.push(problem('web.route-prefix', 'must be a path that starts with "/"'));
  return problems;
}

function withKey(finding: Finding): Finding {
  const key = formatPath(finding.path);
  return key === '' ? finding : { ...finding, message: `${key}: ${finding.message}` };
}

function settingsOf(raw: RawSettings, folder: string, flags: SettingsFlags): Settings {
  const path = (text: string) => resolve(folder, text);
  const stateDir = flags.stateDir ?? (raw.state_dir === undefined ? undefined : path(raw.state_dir));
  const webConfigFile =
    flags.webConfigFile ?? (raw.server.web_config_file === undefined ? undefined : path(raw.server.web_config_file));
  const externalUrl = flags.externalUrl ?? raw.server.external_url;
  const ownPrefix = externalUrl === undefined ? '/' : new URL(externalUrl).pathname;
  return {
    datasources: Object.fromEntries(
      Object.entries(raw.datasources).map(([name, source]) => [name, datasourceOf(source, path)]),
    ),
    remoteWrite: raw.remote_write.map((endpoint) => remoteWriteOf(endpoint, path)),
    proxy: raw.proxy && proxyOf(raw.proxy, path),
    ruleFiles: raw.rule_files.map(path),
    stateDir,
    stateIntervalMs: raw.state_interval.ms,
    metricPrefix: raw.metric_prefix,
    eventLog: raw.event_log && {
      path: raw.event_log.path === '-' ? '-' : path(raw.event_log.path),
      maxBytes: raw.event_log.max_bytes,
      keep: raw.event_log.keep,
    },
    server: {
      listenAddresses: flags.listenAddresses ?? raw.server.listen_addresses,
      webConfigFile,
      externalUrl,
      routePrefix: flags.routePrefix ?? raw.server.route_prefix ?? ownPrefix,
      telemetryPath: flags.telemetryPath ?? raw.server.telemetry_path,
      enableLifecycle: flags.enableLifecycle ?? raw.server.enable_lifecycle,
      enableAdminApi: flags.enableAdminApi ?? raw.server.enable_admin_api,
    },
    workers: {
      count: raw.workers.count,
      queueBatches: raw.workers.queue_batches,
      batchSeries: raw.workers.batch_series,
    },
    log: { level: flags.logLevel ?? raw.log.level, format: flags.logFormat ?? raw.log.format },
    shutdownTimeoutMs: raw.shutdown_timeout.ms,
  };
}

type ResolvePath = (text: string) => string;

function datasourceOf(raw: RawSettings['datasources'][string], path: ResolvePath): DatasourceSettings {
  switch (raw.type) {
    case 'csv':
      return {
        type: 'csv',
        path: path(raw.path),
        timestampColumn: raw.timestamp_column,
        valueColumns: raw.value_columns,
        labelColumns: raw.label_columns,
      };
    case 'simulated':
      return {
        type: 'simulated',
        seed: raw.seed,
        incidentEveryMs: raw.incident_every.ms,
        incidentHistoryMs: raw.incident_history.ms,
      };
    default:
      return {
        type: 'prometheus',
        url: raw.url.replace(/\/+$/, ''),
        timeoutMs: raw.timeout.ms,
        maxConcurrentQueries: raw.max_concurrent_queries,
        params: raw.params,
        http: httpClientOf(raw, path, raw.headers),
      };
  }
}

function remoteWriteOf(raw: RawSettings['remote_write'][number], path: ResolvePath): RemoteWriteSettings {
  const queue = raw.queue_config;
  return {
    name: raw.name ?? hash32(raw.url).toString(16).padStart(8, '0'),
    url: raw.url,
    protobufMessage: raw.protobuf_message,
    remoteTimeoutMs: raw.remote_timeout.ms,
    headers: raw.headers,
    writeRelabelConfigs: raw.write_relabel_configs.map((step) => ({
      sourceLabels: step.source_labels,
      separator: step.separator,
      regex: step.regex,
      modulus: step.modulus,
      targetLabel: step.target_label,
      replacement: step.replacement,
      action: step.action,
    })),
    queue: {
      capacity: queue.capacity,
      minShards: queue.min_shards,
      maxShards: queue.max_shards,
      maxSamplesPerSend: queue.max_samples_per_send,
      maxBytesPerSend: queue.max_bytes_per_send,
      batchSendDeadlineMs: queue.batch_send_deadline.ms,
      minBackoffMs: queue.min_backoff.ms,
      maxBackoffMs: queue.max_backoff.ms,
      retryOnHttp429: queue.retry_on_http_429,
      sampleAgeLimitMs: queue.sample_age_limit.ms,
      spoolDir: queue.spool_dir === undefined ? undefined : path(queue.spool_dir),
    },
    maxFutureMs: raw.max_future.ms,
    http: httpClientOf(raw, path),
  };
}

function proxyOf(raw: NonNullable<RawSettings['proxy']>, path: ResolvePath): ProxySettings {
  return {
    url: raw.url,
    path: raw.path,
    timeoutMs: raw.timeout.ms,
    headers: raw.headers,
    append: raw.append ? appendOf(raw, path) : undefined,
    limits: {
      bodyBytes: raw.max_body_bytes,
      decodedBytes: raw.max_decoded_bytes,
      requestsInFlight: raw.max_requests_in_flight,
      bytesInFlight: raw.max_bytes_in_flight,
    },
    queue: { bytes: raw.queue_bytes, samples: raw.queue_samples },
    maxSeries: raw.max_series,
    haLabels: raw.ha_labels && {
      cluster: raw.ha_labels.cluster,
      replica: raw.ha_labels.replica,
      failoverMs: raw.ha_labels.failover_timeout.ms,
    },
    http: httpClientOf(raw, path),
  };
}

/** The receiver as an endpoint of our own, with the defaults of one. */
function appendOf(raw: NonNullable<RawSettings['proxy']>, path: ResolvePath): RemoteWriteSettings {
  const { value } = readItem(remoteWriteSchema, itemOf({ name: 'proxy', url: raw.url }, 0));
  const endpoint = remoteWriteOf(value as RawSettings['remote_write'][number], path);
  return { ...endpoint, headers: raw.headers, http: httpClientOf(raw, path) };
}

/** The block with its own long headers; `headers` are the short ones of a data source. */
function httpClientOf(
  raw: RawHttpClient,
  path: ResolvePath,
  headers: Readonly<Record<string, string>> = {},
): HttpClientSettings {
  const secretOf = (value: string | undefined, file: string | undefined): Secret | undefined =>
    value !== undefined ? { value } : file !== undefined ? { file: path(file) } : undefined;
  const { basic_auth: basic, authorization, oauth2, tls_config: tls } = raw;
  return {
    basicAuth: basic && {
      username: secretOf(basic.username, basic.username_file),
      password: secretOf(basic.password, basic.password_file),
    },
    authorization: authorization && {
      type: authorization.type,
      credentials: secretOf(authorization.credentials, authorization.credentials_file),
    },
    oauth2: oauth2 && {
      clientId: oauth2.client_id,
      clientSecret: secretOf(oauth2.client_secret, oauth2.client_secret_file),
      scopes: oauth2.scopes,
      tokenUrl: oauth2.token_url,
      endpointParams: oauth2.endpoint_params,
    },
    followRedirects: raw.follow_redirects,
    tls: {
      ca: secretOf(tls?.ca, tls?.ca_file),
      cert: secretOf(tls?.cert, tls?.cert_file),
      key: secretOf(tls?.key, tls?.key_file),
      serverName: tls?.server_name,
      insecureSkipVerify: tls?.insecure_skip_verify ?? false,
      minVersion: tls?.min_version,
      maxVersion: tls?.max_version,
    },
    proxyUrl: raw.proxy_url,
    noProxy: raw.no_proxy,
    proxyFromEnvironment: raw.proxy_from_environment,
    headers: Object.fromEntries([
      ...Object.entries(headers).map(([name, value]) => [name, { values: [value], secrets: [], files: [] }] as const),
      ...Object.entries(raw.http_headers).map(
        ([name, header]) => [name, { ...header, files: header.files.map(path) }] as const,
      ),
    ]),
  };
}
