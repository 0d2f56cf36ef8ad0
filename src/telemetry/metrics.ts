import { Counter, Gauge, Histogram, type MetricConfiguration, Registry } from 'prom-client';
import { proxyMetrics } from './proxy-metrics.ts';

const PIPELINE = ['pipeline'] as const;
const TASK = ['group', 'task'] as const;
const REMOTE = ['remote_name', 'url'] as const;
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Every self-metric of the process, declared here and nowhere else. Names are complete (they do not follow
 * `metric_prefix`, which is for what pipelines publish); seconds and bytes are base units; ratios are 0–1.
 */
export function createTelemetry() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `openanomaly_${name}`, help, labelNames, registers } as MetricConfiguration<L>);
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `openanomaly_${name}`, help, labelNames, registers } as MetricConfiguration<L>);
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Histogram<L>({ name: `openanomaly_${name}`, help, labelNames, buckets: DURATION_BUCKETS, registers });

  return {
    registry,
    buildInfo: gauge('build_info', 'Constant 1, labelled by version, revision and Node.js version.', [
      'version',
      'revision',
      'nodejs',
    ]),
    ready: gauge('ready', 'Whether the first rules are loaded and the engines are warm (1) or not (0).'),

    configReloadSuccessful: gauge(
      'config_last_reload_successful',
      'Whether the last configuration reload succeeded (1) or not (0).',
    ),
    configReloadTimestamp: gauge(
      'config_last_reload_success_timestamp_seconds',
      'Unix time of the last successful configuration reload.',
    ),

    evaluations: counter('evaluations_total', 'Evaluations that were started, by group and task.', TASK),
    evaluationFailures: counter(
      'evaluation_failures_total',
      'Evaluations of a pipeline that failed, by group and task.',
      TASK,
    ),
    evaluationsMissed: counter(
      'evaluations_missed_total',
      'Slots that were dropped since the evaluation before was still running.',
      TASK,
    ),
    evaluationDuration: histogram('evaluation_duration_seconds', 'Time an evaluation took, reading included.', TASK),

    pipelineHealthy: gauge(
      'pipeline_healthy',
      'Whether both scoring and forecasts of the pipeline succeeded last (1) or not (0).',
      PIPELINE,
    ),
    pipelineSeries: gauge('pipeline_series', 'Series the pipeline holds.', PIPELINE),
    pipelineWarmingUp: gauge(
      'pipeline_series_warming_up',
      'Series of which too little is known yet, so that they are not scored, or not forecast.',
      PIPELINE,
    ),
    pipelineLeftOut: gauge(
      'pipeline_series_left_out',
      'Series of the answer that are not looked at since another one has the same labels but for the metric name.',
      PIPELINE,
    ),
    pipelineLastEvaluation: gauge(
      'pipeline_last_evaluation_timestamp_seconds',
      'Unix time of the newest evaluation that succeeded.',
      PIPELINE,
    ),
    pipelineLastForecast: gauge(
      'pipeline_last_forecast_timestamp_seconds',
      'Unix time of the newest forecast.',
      PIPELINE,
    ),
    pipelineEngineSeries: gauge('pipeline_engine_series', 'Series of the pipeline by the engine that forecasts them.', [
      'pipeline',
      'engine',
    ]),
    pipelineModelInfo: gauge(
      'pipeline_model_info',
      'Constant 1 for each engine that forecasts series of the pipeline now; `model` is what the pipeline asks for.',
      ['pipeline', 'model', 'engine'],
    ),
    pipelineContextBytes: gauge('pipeline_context_bytes', 'Memory held for contexts and forecast paths.', PIPELINE),
    bandCoverage: gauge(
      'pipeline_band_coverage_ratio',
      'Share of recently scored samples that lay inside the band, in an exponential window of 1000 samples a series.',
      PIPELINE,
    ),
    bandCoverageTarget: gauge(
      'pipeline_band_coverage_target_ratio',
      'Share that the confidence level promises.',
      PIPELINE,
    ),
    pipelineFlagRate: gauge(
      'pipeline_flags_per_series_day',
      'Short runs of flagged samples per series and day, in the pipeline\'s own past (half-life a week): the false alarms to expect at the threshold (level="flag") and at the paging threshold (level="page"). Absent until a series-day was seen.',
      ['pipeline', 'level'],
    ),
    pipelineDuplicateSeries: gauge(
      'pipeline_duplicate_series',
      'Series left off the page since their published labels equal those of another series of the pipeline.',
      PIPELINE,
    ),
    samplesRead: counter('samples_read_total', 'Samples read from the data source.', PIPELINE),
    samplesScored: counter('samples_scored_total', 'Samples that were scored.', PIPELINE),
    samplesFlagged: counter('samples_flagged_total', 'Samples that were flagged as anomalous.', [
      'pipeline',
      'direction',
    ]),
    anomaliesOpened: counter(
      'anomalies_opened_total',
      'Anomalies that began: alarms of a series that opened.',
      PIPELINE,
    ),
    anomaliesOpen: gauge('anomalies_open', 'Anomalies that are open.', PIPELINE),
    groupAnomalyRatio: gauge(
      'group_anomaly_ratio',
      'Share of the series of the group, scored at the last evaluation of their pipeline, that are flagged.',
      ['group'],
    ),
    eventLogLines: counter('event_log_lines_total', 'Lines for the event log of anomalies by what became of them.', [
      'outcome',
    ]),
    seriesEnded: counter('series_ended_total', 'Series that vanished from the answer of the query.', PIPELINE),
    histogramsSkipped: counter('histograms_skipped_total', 'Native-histogram series that were left out.', PIPELINE),

    queries: counter('queries_total', 'Reads from a data source by how they ended.', ['datasource', 'outcome']),
    queryDuration: histogram('query_duration_seconds', 'Time of a read from a data source, all pieces together.', [
      'datasource',
    ]),
    queryBytes: counter('query_bytes_total', 'Bytes of answers read from a data source.', ['datasource']),

    modelBatches: counter('model_batches_total', 'Forecast batches by engine and how they ended.', [
      'engine',
      'outcome',
    ]),
    modelBatchDuration: histogram('model_batch_duration_seconds', 'Time a forecast batch took in its worker thread.', [
      'engine',
    ]),
    modelQueueBatches: gauge('model_queue_batches', 'Forecast batches that wait for a worker thread.'),
    modelWorkers: gauge('model_workers', 'Worker threads that run.'),

    stateSnapshots: counter('state_snapshots_total', 'Snapshots of pipeline state by how writing them ended.', [
      'outcome',
    ]),
    stateSnapshotsBroken: counter(
      'state_snapshots_broken_total',
      'Snapshots that could not be used and were set aside.',
    ),

    remoteSamples: counter(
      'remote_storage_samples_total',
      'Samples sent to the remote endpoint, retries counted once.',
      REMOTE,
    ),
    remoteSamplesFailed: counter(
      'remote_storage_samples_failed_total',
      'Samples the endpoint refused for good.',
      REMOTE,
    ),
    remoteSamplesRetried: counter(
      'remote_storage_samples_retried_total',
      'Samples sent again after a recoverable error.',
      REMOTE,
    ),
    remoteSamplesDropped: counter(
      'remote_storage_samples_dropped_total',
      'Samples dropped before they were sent, by reason.',
      [...REMOTE, 'reason'],
    ),
    remoteSamplesPending: gauge('remote_storage_samples_pending', 'Samples that wait in the queue.', REMOTE),
    remoteBytes: counter('remote_storage_bytes_total', 'Compressed bytes sent.', REMOTE),
    remoteSentBatchDuration: histogram(
      'remote_storage_sent_batch_duration_seconds',
      'Time of a send, successful or not.',
      REMOTE,
    ),
    remoteHighestTimestamp: gauge(
      'remote_storage_queue_highest_timestamp_seconds',
      'Newest sample put into the queue.',
      REMOTE,
    ),
    remoteHighestSent: gauge(
      'remote_storage_queue_highest_sent_timestamp_seconds',
      'Newest sample the endpoint took.',
      REMOTE,
    ),
    remoteShards: gauge('remote_storage_shards', 'Shards that send in parallel.', REMOTE),
    remoteMaxSamplesPerSend: gauge('remote_storage_max_samples_per_send', 'Most samples in one request.', REMOTE),
    remoteProtocol: gauge('remote_storage_protocol_version', 'Remote-write protocol in use: 1 or 2.', REMOTE),

    ...proxyMetrics(registers),
  };
}

export type Telemetry = ReturnType<typeof createTelemetry>;
