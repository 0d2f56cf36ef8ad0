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
];
