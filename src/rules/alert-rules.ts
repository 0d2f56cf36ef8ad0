import { writeYaml } from '../document/write-yaml.ts';
import { formatDuration } from '../series/duration.ts';
import { hash32 } from '../series/labels.ts';
import { latest, literal, promqlString, SELECTOR } from './alert-text.ts';
import type { GroupSet, Pipeline } from './pipeline.ts';

export interface AlertOptions {
  /** Published families are `<prefix>_score` and so on. */
  readonly prefix: string;
  /** URL of the process, for a link in every alert. */
  readonly externalUrl?: string;
}

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;
const NO_DATA_MS = 10 * MINUTE_MS;
/** Names of rule groups that tools like mixtool take. */
const LONGEST_GROUP_NAME = 40;

/** One flagged sample is a hiccup; four of ten, and still so two samples later, are worth a look. */
const INFO = { severity: 'info', windowSteps: 10, share: 0.4, forSteps: 2 } as const;
/** Most of twenty samples: it lasts, and somebody should know. */
const WARNING = { severity: 'warning', windowSteps: 20, share: 0.6, forSteps: 2 } as const;

/**
 * A Prometheus rule file for the enabled pipelines: one group a pipeline, in the order of the rule files, and one for
 * the process. Windows and waits follow the distance of a pipeline's samples. The same groups give the same text.
 */
export function alertRules({ groups }: GroupSet, options: AlertOptions): string {
  const pipelines = groups.flatMap((group) => group.pipelines).filter((pipeline) => pipeline.enabled);
  const written = {
    groups: [
      ...pipelines.map((pipeline) => ({
        name: groupName(pipeline.name),
        interval: formatDuration(Math.min(sampleDistanceMs(pipeline), MINUTE_MS)),
        rules: pipelineRules(pipeline, options).map((rule) => finish(rule, options)),
      })),
      { name: 'openanomaly', rules: PROCESS_RULES.map((rule) => finish(rule, options)) },
    ],
  };
  return `# Alerts of OpenAnomaly, by "openanomaly generate alerts".\n${writeYaml(written)}`;
}

/** New samples are scored at each evaluation, and there are none between two steps. */
function sampleDistanceMs(pipeline: Pipeline): number {
  return Math.max(pipeline.intervalMs, pipeline.stepMs);
}

function pipelineRules(pipeline: Pipeline, { prefix }: AlertOptions): AlertRule[] {
  const selector = `{pipeline=${promqlString(pipeline.name)}}`;
  const distanceMs = sampleDistanceMs(pipeline);
  const silenceMs = Math.max(NO_DATA_MS, 5 * distanceMs);
  const scored = pipeline.mode !== 'forecast_only';
  const family = scored ? `${prefix}_score` : `${prefix}_forecast`;
  const labels = (severity: string) => labelsOf(pipeline, severity);
  const evaluated = `openanomaly_pipeline_last_evaluation_timestamp_seconds${selector}`;
  return [
    ...(scored ? [INFO, WARNING].map((level) => flaggedRule(pipeline, level, prefix)) : []),
    {
      alert: 'OpenAnomalyNoData',
      expr: `absent_over_time(${family}${selector}[${formatDuration(silenceMs)}])`,
      for: formatDuration(Math.max(5 * MINUTE_MS, distanceMs)),
      labels: labels('warning'),
      annotations: {
        summary: 'A pipeline publishes nothing.',
        description: `Pipeline {{ $labels.pipeline }} has published no ${family} for ${formatDuration(silenceMs)}: its query answers no series, it does not run, or its results do not arrive.`,
      },
    },
    {
      alert: 'OpenAnomalyEvaluationsStalled',
      expr: `time() - ${evaluated} > ${silenceMs / 1000}`,
      for: formatDuration(Math.max(MINUTE_MS, distanceMs)),
      labels: labels('warning'),
      annotations: {
        summary: 'A pipeline is no longer evaluated.',
        description:
          'The last evaluation of pipeline {{ $labels.pipeline }} that succeeded was {{ $value | humanizeDuration }} ago.',
      },
    },
    {
      alert: 'OpenAnomalyPipelineUnhealthy',
      expr: `openanomaly_pipeline_healthy${selector} == 0`,
      for: formatDuration(Math.max(5 * MINUTE_MS, 3 * distanceMs)),
      labels: labels('warning'),
      annotations: {
        summary: 'Evaluations of a pipeline fail.',
        description:
          'Pipeline {{ $labels.pipeline }} has failed at every evaluation lately; the landing page and the log of {{ $labels.instance }} say why.',
      },
    },
  ];
}

function flaggedRule(pipeline: Pipeline, level: typeof INFO | typeof WARNING, prefix: string): AlertRule {
  const distanceMs = sampleDistanceMs(pipeline);
  const window = formatDuration(level.windowSteps * distanceMs);
  const flag = `${prefix}_anomaly{pipeline=${promqlString(pipeline.name)}} != bool 0`;
  const about = pipeline.description === '' ? '' : ` (${literal(pipeline.description)})`;
  return {
    alert: 'OpenAnomalySeriesAnomalous',
    expr: `avg_over_time((${flag})[${window}:${formatDuration(distanceMs)}]) >= ${level.share}`,
    for: formatDuration(level.forSteps * distanceMs),
    labels: labelsOf(pipeline, level.severity),
    annotations: {
      summary: 'A series is not as expected.',
      description:
        `${SELECTOR}Pipeline {{ $labels.pipeline }}${about}: {{ $value | humanizePercentage }} of the last ${window} was anomalous. ` +
        `Now the value is ${latest(`${prefix}_value`)}, expected ${latest(`${prefix}_expected`)}, ` +
        `band ${latest(`${prefix}_lower`)} to ${latest(`${prefix}_upper`)}, for {{ $series }}.`,
    },
  };
}

/** The pipeline's labels, so that all its alerts take one route, and its name: alerts without a series have no other. */
function labelsOf(pipeline: Pipeline, severity: string): Record<string, string> {
  const own = Object.entries(pipeline.labels).map(([name, value]) => [name, literal(value)]);
  return { ...Object.fromEntries(own), pipeline: literal(pipeline.name), severity };
}

const PROCESS_RULES: readonly AlertRule[] = [
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

function finish(rule: AlertRule, { externalUrl }: AlertOptions): AlertRule {
  if (externalUrl === undefined) return rule;
  return { ...rule, annotations: { ...rule.annotations, openanomaly_url: literal(externalUrl) } };
}

/** Unique, since a name that has to be cut carries a hash of the whole. */
function groupName(pipeline: string): string {
  const name = `openanomaly-${pipeline}`;
  if (name.length <= LONGEST_GROUP_NAME) return name;
  return `${name.slice(0, LONGEST_GROUP_NAME - 9)}-${hash32(pipeline).toString(16).padStart(8, '0')}`;
}
