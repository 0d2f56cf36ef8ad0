import type { AlertRule } from './rule.ts';

/** Alerts on the process, whatever its pipelines are. */
export const PROCESS_RULES: readonly AlertRule[] = [
  {
    alert: 'OpenAnomalyAbsent',
    expr: 'absent(openanomaly_build_info)',
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'No OpenAnomaly is scraped.',
      description:
        'Prometheus has scraped no openanomaly_build_info for 10m (absent: {{ $value }}): OpenAnomaly is down, or its scrape job is.',
    },
  },
  {
    alert: 'OpenAnomalyConfigReloadFailed',
    expr: 'openanomaly_config_last_reload_successful == 0',
    for: '5m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'OpenAnomaly runs on an old configuration.',
      description:
        'The last reload of {{ $labels.instance }} failed; its log names file and line. The pipelines from before go on.',
    },
  },
  {
    alert: 'OpenAnomalyEvaluationsMissed',
    expr: 'increase(openanomaly_evaluations_missed_total[15m]) > 0',
    for: '15m',
    labels: { severity: 'info' },
    annotations: {
      summary: 'Evaluations take longer than their interval.',
      description:
        'Group {{ $labels.group }} of {{ $labels.instance }} missed {{ $value | humanize }} {{ $labels.task }} evaluations in 15m: raise its interval, or give the process more room.',
    },
  },
  {
    alert: 'OpenAnomalyRemoteWriteFailing',
    expr: [
      'rate(openanomaly_remote_storage_samples_failed_total[5m]) > 0',
      'or',
      // Relabelling drops on purpose, and at shutdown the log tells.
      'sum without (reason) (rate(openanomaly_remote_storage_samples_dropped_total{reason!~"relabelled|shutdown"}[5m])) > 0',
    ].join('\n'),
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Results are lost on their way to remote storage.',
      description:
        '{{ $labels.instance }} loses {{ $value | humanize }} samples per second for {{ $labels.remote_name }} at {{ $labels.url }}.',
    },
  },
  {
    alert: 'OpenAnomalyRemoteWriteBehind',
    expr: [
      'openanomaly_remote_storage_queue_highest_timestamp_seconds',
      '- openanomaly_remote_storage_queue_highest_sent_timestamp_seconds > 300',
    ].join('\n'),
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Results reach remote storage late.',
      description:
        'Remote write of {{ $labels.instance }} to {{ $labels.remote_name }} at {{ $labels.url }} is {{ $value | humanizeDuration }} behind.',
    },
  },
  {
    alert: 'OpenAnomalyProxyBehind',
    expr: [
      'sum without (code, reason) (',
      '  rate(openanomaly_proxy_requests_forwarded_total{code=~"429|5.."}[5m])',
      '  or rate(openanomaly_proxy_requests_rejected_total[5m])',
      ')',
      '/ (rate(openanomaly_proxy_requests_received_total[5m]) > 0) > 0.05',
    ].join('\n'),
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Remote write through the proxy falls behind.',
      description:
        '{{ $value | humanizePercentage }} of the requests that senders make to the proxy of {{ $labels.instance }} are not taken: the receiver is overloaded or out of reach, or a limit of the proxy is met. Senders keep what was not taken and come again, as long as their queues last.',
    },
  },
  {
    alert: 'OpenAnomalyProxySamplesDropped',
    expr: [
      'sum without (pipeline, reason) (',
      '  rate(openanomaly_proxy_requests_skipped_total{reason="dropped"}[5m])',
      '  or rate(openanomaly_proxy_samples_skipped_total{reason="dropped"}[5m])',
      ') > 0',
    ].join('\n'),
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Samples pass through the proxy without being scored.',
      description:
        'The proxy of {{ $labels.instance }} drops {{ $value | humanize }} requests or samples per second from the queue in front of scoring: anomalies in them go unseen. What it forwards is not affected.',
    },
  },
];
