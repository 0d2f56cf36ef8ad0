import { formatDuration } from '../../series/duration.ts';
import type { AlertRule, RecordingRule } from './rule.ts';

/** Half of four or more at once has a cause they share; of fewer it may be chance. */
const SHARE = 0.5;
const LEAST_SERIES = 4;
/** Rare flags mark the edges of an incident, and are over in a sample or two; others must last. */
const FOR_STEPS = 2;

interface Together {
  readonly prefix: string;
  /** First part of the names of the recorded series: what they are rolled up to. */
  readonly level: 'pipeline' | 'group';
  /** Matchers of the series, empty for all. */
  readonly matchers: string;
  /** Aggregation clause with a blank before it, empty where all becomes one. */
  readonly by: string;
  /** Labels of what is recorded. Not expanded, unlike those of alerts. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Roll-ups of what is published: share flagged, highest score, series. Cheap to draw over months, and to alert on. */
export function recordingRules({ prefix, level, matchers, by, labels }: Together): RecordingRule[] {
  const selector = matchers === '' ? '' : `{${matchers}}`;
  const rule = (name: string, expr: string) => ({
    record: `${level}:${prefix}_${name}`,
    expr,
    ...(labels !== undefined && { labels }),
  });
  return [
    rule('anomaly:ratio', `avg${by} (${prefix}_anomaly${selector} != bool 0)`),
    rule('score:max', `max${by} (${prefix}_score${selector})`),
    rule('score:avg', `avg${by} (${prefix}_score${selector})`),
    rule('series:count', `count${by} (${prefix}_score${selector})`),
  ];
}

interface TogetherAlert extends Pick<Together, 'prefix' | 'level' | 'matchers'> {
  /** Between samples of the series; of several pipelines, the longest. */
  readonly distanceMs: number;
  readonly flagsRarely: boolean;
}

/** Much of a whole is anomalous at once. `matchers` choose the recorded series. */
export function togetherRule({ prefix, level, matchers, distanceMs, flagsRarely }: TogetherAlert): AlertRule {
  const selector = matchers === '' ? '' : `{${matchers}}`;
  return {
    alert: 'OpenAnomalyGroupAnomalous',
    expr: [
      `${level}:${prefix}_anomaly:ratio${selector} >= ${SHARE}`,
      'and',
      `${level}:${prefix}_series:count${selector} >= ${LEAST_SERIES}`,
    ].join('\n'),
    ...(!flagsRarely && { for: formatDuration(FOR_STEPS * distanceMs) }),
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Much of a group is anomalous at once.',
      description:
        `{{ $value | humanizePercentage }} of the series of ${level} {{ $labels.${level} }} are not as expected, all at once: ` +
        'look for what they share, such as a deploy, a dependency or a network, before any one of them.',
    },
  };
}
