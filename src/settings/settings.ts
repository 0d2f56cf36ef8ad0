import type { RelabelRule } from '../series/relabel.ts';

/**
 * Process settings as the rest of the product sees them: `config/openanomaly.yaml` with every default filled in, paths
 * resolved against the file's folder, durations in milliseconds. Defaults are written once, in schema.ts.
 */
export interface Settings {
  readonly datasources: Readonly<Record<string, DatasourceSettings>>;
  readonly remoteWrite: readonly RemoteWriteSettings[];
  /** Undefined: remote write is not taken. */
  readonly proxy: ProxySettings | undefined;
  /** Absolute glob patterns. */
  readonly ruleFiles: readonly string[];
  /** Undefined: nothing is kept over a restart. */
  readonly stateDir: string | undefined;
  /** How often snapshots are written beside the one at shutdown. */
  readonly stateIntervalMs: number;
  /** Published families are `<prefix>_score` and so on. */
  readonly metricPrefix: string;
  /** Undefined: anomalies are not written down. */
  readonly eventLog: EventLogSettings | undefined;
  readonly server: ServerSettings;
  readonly workers: WorkerSettings;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'logfmt' | 'json' };
  readonly shutdownTimeoutMs: number;
}

export interface EventLogSettings {
  /** Absolute path; `-` is standard output. */
  readonly path: string;
  readonly maxBytes: number;
  /** Older files that are kept. */
  readonly keep: number;
}

export interface ServerSettings {
  /** `host:port`, `:port`; several are allowed. */
  readonly listenAddresses: readonly string[];
  readonly webConfigFile: string | undefined;
  readonly externalUrl: string | undefined;
  readonly routePrefix: string;
  readonly telemetryPath: string;
  readonly enableLifecycle: boolean;
  readonly enableAdminApi: boolean;
}

export interface WorkerSettings {
  /** Worker threads for forecast engines. */
  readonly count: number;
  /** Most forecast batches that may wait; the task that asks for more waits itself. */
  readonly queueBatches: number;
  /** Most series in one batch. */
  readonly batchSeries: number;
}

export type DatasourceSettings = PrometheusDatasourceSettings | CsvDatasourceSettings | SimulatedDatasourceSettings;

export interface PrometheusDatasourceSettings {
  readonly type: 'prometheus';
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxConcurrentQueries: number;
  /** Extra query parameters, such as VictoriaMetrics' `extra_label` or `nocache`. */
  readonly params: Readonly<Record<string, string>>;
  readonly http: HttpClientSettings;
}

export interface CsvDatasourceSettings {
  readonly type: 'csv';
  readonly path: string;
  readonly timestampColumn: string;
  readonly valueColumns: readonly string[] | undefined;
  readonly labelColumns: readonly string[];
}

export interface SimulatedDatasourceSettings {
  readonly type: 'simulated';
  readonly seed: number;
  /** Mean distance between incidents. */
  readonly incidentEveryMs: number;
  /** How far before the source was opened incidents reach. */
  readonly incidentHistoryMs: number;
}

/** A secret given inline or in a file that is read again at each use. */
export type Secret = { readonly value: string } | { readonly file: string };

/** The HTTP client block of the Prometheus ecosystem (prometheus/common). */
export interface HttpClientSettings {
  readonly basicAuth: { readonly username: Secret | undefined; readonly password: Secret | undefined } | undefined;
  readonly authorization: { readonly type: string; readonly credentials: Secret | undefined } | undefined;
  readonly oauth2:
    | {
        readonly clientId: string;
        readonly clientSecret: Secret | undefined;
        readonly scopes: readonly string[];
        readonly tokenUrl: string;
        readonly endpointParams: Readonly<Record<string, string>>;
      }
    | undefined;
  readonly followRedirects: boolean;
  readonly tls: {
    readonly ca: Secret | undefined;
    readonly cert: Secret | undefined;
    readonly key: Secret | undefined;
    readonly serverName: string | undefined;
    readonly insecureSkipVerify: boolean;
    readonly minVersion: 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13' | undefined;
    readonly maxVersion: 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13' | undefined;
  };
  readonly proxyUrl: string | undefined;
  /** Comma-separated hosts, as in the NO_PROXY convention. */
  readonly noProxy: string | undefined;
  readonly proxyFromEnvironment: boolean;
  readonly headers: Readonly<
    Record<
      string,
      { readonly values: readonly string[]; readonly secrets: readonly string[]; readonly files: readonly string[] }
    >
  >;
}

export interface RemoteWriteSettings {
  /** Label `remote_name` of its metrics; defaults to a hash of the block. */
  readonly name: string;
  readonly url: string;
  readonly protobufMessage: 'prometheus.WriteRequest' | 'io.prometheus.write.v2.Request';
  readonly remoteTimeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly writeRelabelConfigs: readonly RelabelRule[];
  readonly queue: QueueSettings;
  /** How far ahead of now the endpoint takes samples; 9 minutes suits Prometheus' limit of 10. */
  readonly maxFutureMs: number;
  readonly http: HttpClientSettings;
}

export interface ProxySettings {
  readonly url: string;
  /** Below the route prefix. */
  readonly path: string;
  readonly timeoutMs: number;
  /** Set on what goes on, whatever the sender sent under the name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where results of `selector` pipelines are written: the receiver. Undefined: nowhere but to the usual places. */
  readonly append: RemoteWriteSettings | undefined;
  readonly limits: {
    readonly bodyBytes: number;
    readonly decodedBytes: number;
    readonly requestsInFlight: number;
    readonly bytesInFlight: number;
  };
  /** Bytes that wait to be decoded and samples that wait to be scored. */
  readonly queue: { readonly bytes: number; readonly samples: number };
  /** Distinct series that are remembered. */
  readonly maxSeries: number;
  readonly haLabels: { readonly cluster: string; readonly replica: string; readonly failoverMs: number } | undefined;
  readonly http: HttpClientSettings;
}

export interface QueueSettings {
  /** Samples each shard may hold. */
  readonly capacity: number;
  readonly minShards: number;
  readonly maxShards: number;
  readonly maxSamplesPerSend: number;
  readonly maxBytesPerSend: number;
  readonly batchSendDeadlineMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly retryOnHttp429: boolean;
  /** 0: no limit. */
  readonly sampleAgeLimitMs: number;
  /** Undefined: the queue is lost with the process. */
  readonly spoolDir: string | undefined;
}
