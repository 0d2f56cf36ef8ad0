import type { Static } from 'typebox';
import {
  anyText,
  choice,
  constant,
  duration,
  flag,
  list,
  mapOf,
  optional,
  positiveDuration,
  section,
  text,
  variants,
  whole,
} from '../document/schema.ts';
import { HTTP_CLIENT_FIELDS, url } from './http-schema.ts';
import { proxySchema } from './proxy-schema.ts';

const prometheusDatasource = section(
  {
    type: constant('prometheus', {
      description: 'Prometheus, VictoriaMetrics, or anything that speaks their query API.',
      default: 'prometheus',
      'x-meant': Object.fromEntries(
        ['victoriametrics', 'victoria-metrics', 'vm', 'thanos', 'mimir', 'cortex'].map((name) => [name, 'prometheus']),
      ),
    }),
    url: url({ description: 'Base URL, without `/api/v1`.' }),
    timeout: positiveDuration({
      description: 'Longest time one request may take; a first read of a long context is slow on a busy server.',
      default: '2m',
    }),
    max_concurrent_queries: whole({
      description: 'Requests at the same time. Few, since the server has other users too.',
      minimum: 1,
      default: 4,
    }),
    headers: mapOf(text({ description: 'A value.', 'x-secret': true }), {
      description: 'More headers, such as a tenant. `http_headers` has the longer form.',
      default: {},
    }),
    params: mapOf(anyText({ description: 'A value.' }), {
      description: 'Query parameters added to every read, such as VictoriaMetrics’ `extra_label` or `nocache`.',
      default: {},
    }),
    ...HTTP_CLIENT_FIELDS,
  },
  { title: 'prometheus data source', description: 'A server that answers PromQL.' },
);

const csvDatasource = section(
  {
    type: constant('csv', { description: 'CSV files, plain or gzip.' }),
    path: text({ description: 'A file, a folder (every .csv and .csv.gz below it) or a glob.' }),
    timestamp_column: text({
      description: 'Column of the time: seconds, milliseconds or ISO 8601.',
      default: 'timestamp',
    }),
    value_columns: optional(
      list(text({ description: 'A column.' }), {
        description: 'Columns that hold values; all others otherwise.',
        minItems: 1,
      }),
    ),
    label_columns: list(text({ description: 'A column.' }), {
      description: 'Columns that become labels; one series for each combination of their values.',
      default: [],
    }),
  },
  {
    title: 'csv data source',
    description:
      'Series from files, for trying things out; they answer plain selectors. A series is named after its column, or after its file where the column is called `value`; the label `file` tells files apart.',
  },
);

const simulatedDatasource = section(
  {
    type: constant('simulated', { description: 'A small web shop that does not exist.' }),
    seed: whole({ description: 'Another seed is another shop.', default: 1 }),
    incident_every: positiveDuration({
      description: 'Mean distance between incidents: short, so that a demo shows some.',
      default: '5m',
    }),
    incident_history: duration({
      description:
        'How far before the start incidents reach. A past that is full of them would make them usual, and scores would be right to be low.',
      default: '1h',
    }),
  },
  {
    title: 'simulated data source',
    description:
      'Data for the demo, the same for everybody at the same time: a sample every 5 seconds. It answers plain selectors over shop_requests_per_second, shop_request_latency_seconds, shop_errors_per_second, shop_cpu_usage_ratio, shop_memory_bytes, shop_queue_depth and shop_orders_per_minute.',
  },
);

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
] as const;

const relabelConfig = section(
  {
    source_labels: list(text({ description: 'A label name.' }), {
      description: 'Labels whose values are joined.',
      default: [],
    }),
    separator: anyText({ description: 'Stands between the joined values.', default: ';' }),
    regex: anyText({ description: 'Matched against the whole of the joined values.', default: '(.*)' }),
    modulus: whole({ description: 'For `hashmod`.', minimum: 0, default: 0 }),
    target_label: anyText({ description: 'Label that is written.', default: '' }),
    replacement: anyText({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text speaks of such placeholders.
      description: 'What is written; `$1` or `${1}` is a group of the expression.',
      default: '$1',
    }),
    action: choice(RELABEL_ACTIONS, { description: 'What to do.', default: 'replace' }),
  },
  { title: 'write_relabel_configs', description: 'One relabelling step, as in Prometheus.' },
);

const queueConfig = section(
  {
    capacity: whole({
      description:
        'Samples each shard may hold; beyond it the oldest are dropped and counted. Half an hour of a few thousand series.',
      minimum: 1,
      default: 200_000,
    }),
    max_shards: whole({
      description: 'Most requests at the same time. A series is always in one shard, so its order holds.',
      minimum: 1,
      default: 4,
    }),
    min_shards: whole({ description: 'Shards to start with.', minimum: 1, default: 1 }),
    max_samples_per_send: whole({
      description: 'Most samples in one request: small, since one bad sample can void a request.',
      minimum: 1,
      default: 2000,
    }),
    max_bytes_per_send: whole({
      description: 'Most bytes in one request before compression. Receivers refuse 32 MiB.',
      minimum: 1024,
      maximum: 33_554_432,
      default: 16_777_216,
    }),
    batch_send_deadline: positiveDuration({ description: 'Longest time a sample waits for company.', default: '5s' }),
    min_backoff: positiveDuration({
      description: 'First pause after a recoverable error; it doubles.',
      default: '30ms',
    }),
    max_backoff: positiveDuration({ description: 'Longest pause.', default: '5s' }),
    retry_on_http_429: flag({ description: 'Send again after 429. Off by default, as in Prometheus.', default: false }),
    sample_age_limit: duration({
      description: 'Drop samples that are older than this when their turn comes; 0 keeps all.',
      default: '0s',
    }),
    spool_dir: optional(text({ description: 'Directory where what could not be sent survives a restart.' })),
  },
  { title: 'queue_config', description: 'Queue of one endpoint.', default: {} },
);

/** An endpoint; what `proxy.append` writes to is one of these defaults. */
export const remoteWriteSchema = section(
  {
    name: optional(text({ description: 'Label `remote_name` of its metrics; made of the URL otherwise.' })),
    url: url({ description: 'Full URL of the endpoint, usually ending in /api/v1/write.' }),
    protobuf_message: choice(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'], {
      description: 'Remote write 1.0, which every receiver takes, or 2.0, with a fall back to 1.0.',
      default: 'prometheus.WriteRequest',
    }),
    remote_timeout: positiveDuration({ description: 'Longest time of one request.', default: '30s' }),
    headers: mapOf(text({ description: 'A value.', 'x-secret': true }), {
      description: 'More headers, such as a tenant.',
      default: {},
    }),
    write_relabel_configs: list(relabelConfig, { description: 'Relabelling before samples are sent.', default: [] }),
    queue_config: queueConfig,
    max_future: duration({
      description:
        'How far ahead of now the endpoint takes samples. Prometheus refuses from 10 minutes on; a minute is left for clocks that differ.',
      default: '9m',
    }),
    send_exemplars: flag({ description: 'Exemplars are not published.', default: false, 'x-unavailable': 'exemplars' }),
    send_native_histograms: flag({
      description: 'Histograms are not published.',
      default: false,
      'x-unavailable': 'histograms',
    }),
    round_robin_dns: flag({
      description: 'Spread connections over the addresses of the host.',
      default: false,
      'x-unavailable': 'round robin',
    }),
    metadata_config: optional(
      section({}, { description: 'Sending of metadata by itself.', 'x-unavailable': 'metadata settings' }),
    ),
    sigv4: optional(section({}, { description: 'Signatures of AWS.', 'x-unavailable': 'AWS signatures' })),
    azuread: optional(section({}, { description: 'Tokens of Azure.', 'x-unavailable': 'Azure AD' })),
    google_iam: optional(section({}, { description: 'Tokens of Google Cloud.', 'x-unavailable': 'Google IAM' })),
    ...HTTP_CLIENT_FIELDS,
  },
  { title: 'remote_write', description: 'An endpoint that results are pushed to.' },
);

const server = section(
  {
    listen_addresses: list(text({ description: 'An address.' }), {
      description:
        'Where the page is served, `host:port` or `:port`. Loopback only by default: there is no password yet.',
      minItems: 1,
      default: ['127.0.0.1:9877'],
    }),
    web_config_file: optional(
      text({ description: 'TLS and basic auth, in the format of the exporter toolkit; read again at each use.' }),
    ),
    external_url: optional(url({ description: 'URL under which people reach the process.' })),
    route_prefix: optional(
      text({
        description: 'Prefix of all routes; the path of `external_url` unless given, as in Prometheus.',
        pattern: '^/',
        'x-what': 'a path that starts with "/"',
      }),
    ),
    telemetry_path: text({
      description: 'Path of the metrics page.',
      pattern: '^/',
      'x-what': 'a path that starts with "/"',
      default: '/metrics',
    }),
    enable_lifecycle: flag({
      description: 'Allow reload and quit over HTTP; off, since anyone who reaches the port could.',
      default: false,
    }),
    enable_admin_api: flag({
      description:
        'Allow changes over HTTP, such as maintenance windows; off, since anyone who reaches the port could switch off alarms.',
      default: false,
    }),
  },
  { title: 'server', description: 'The HTTP server.', default: {} },
);

const eventLog = section(
  {
    path: text({ description: 'File that lines are appended to; `-` is standard output.' }),
    max_bytes: whole({
      description:
        'Size at which the file is set aside as `<path>.1` and a new one begins; ten thousand anomalies or so.',
      minimum: 4096,
      default: 10_485_760,
    }),
    keep: whole({ description: 'Files set aside that are kept.', minimum: 0, maximum: 100, default: 3 }),
  },
  {
    title: 'event log',
    description: 'Anomalies as JSON lines, one when an alarm opens and one when it is over.',
  },
);

const workers = section(
  {
    count: whole({
      description:
        'Worker threads for forecast engines. One keeps the process small; a second helps from some thousand series on.',
      minimum: 1,
      maximum: 64,
      default: 1,
    }),
    queue_batches: whole({ description: 'Forecast batches that may wait.', minimum: 1, default: 16 }),
    batch_series: whole({
      description:
        'Most series in one batch, up to the 64 that are asked for at a time: bounds the copy of contexts in flight.',
      minimum: 1,
      default: 64,
    }),
  },
  { title: 'workers', description: 'Threads that run the engines.', default: {} },
);

const log = section(
  {
    level: choice(['debug', 'info', 'warn', 'error'], { description: 'Least level of lines.', default: 'info' }),
    format: choice(['logfmt', 'json'], { description: 'Format of lines.', default: 'logfmt' }),
  },
  { title: 'log', description: 'Lines on standard error.', default: {} },
);

/** `config/openanomaly.yaml`: one source for the static type, the defaults, the JSON Schema and the reference. */
export const settingsSchema = section(
  {
    datasources: mapOf(
      variants([prometheusDatasource, csvDatasource, simulatedDatasource], {
        description: 'Where pipelines read from.',
      }),
      {
        description:
          'Data sources by name; pipelines use `default` unless they name another. At least one, unless everything comes through the proxy.',
        default: {},
      },
    ),
    remote_write: list(remoteWriteSchema, {
      description: 'Endpoints that results are pushed to, beside the page.',
      default: [],
    }),
    proxy: optional(proxySchema),
    rule_files: list(text({ description: 'A path or glob.' }), {
      description: 'Rule files, relative to this file. Their folders are watched.',
      default: [],
    }),
    state_dir: optional(
      text({
        description: 'Directory of snapshots, so that a restart goes on where it stopped. Without it nothing is kept.',
      }),
    ),
    state_interval: positiveDuration({
      description: 'How often snapshots are written beside the one at the end: what a crash may cost.',
      default: '5m',
    }),
    metric_prefix: text({
      description: 'Published series are `<prefix>_score` and so on.',
      pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$',
      'x-what': 'the start of a metric name',
      default: 'openanomaly',
    }),
    event_log: optional(eventLog),
    server,
    workers,
    log,
    shutdown_timeout: positiveDuration({
      description: 'Time to finish, write snapshots and flush after SIGTERM; below the 30s Kubernetes gives.',
      default: '20s',
    }),
  },
  {
    title: 'settings',
    description:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text speaks of such placeholders.
      'Process settings of OpenAnomaly. `${NAME}` in a value is replaced from the environment, `$${` stands for itself.',
    'x-meant': {
      datasource: 'datasources',
      rules: 'rule_files',
      scrape_configs: 'datasources',
      remote_writes: 'remote_write',
    },
  },
);

export type RawSettings = Static<typeof settingsSchema>;
