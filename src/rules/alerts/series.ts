import { formatDuration } from '../../series/duration.ts';
import type { AlertRule, Severity } from './rule.ts';
import { labelled, published, type Scope } from './scope.ts';
import { latest, SELECTOR } from './text.ts';

interface Level {
  readonly severity: Severity;
  readonly windowSteps: number;
  readonly share: number;
  readonly forSteps: number;
  /** Only flagged samples above the paging threshold count. */
  readonly pages?: true;
}

const LEVELS: readonly Level[] = [
  // One flagged sample is a hiccup; four of ten, and still so two samples later, are worth a look.
  { severity: 'info', windowSteps: 10, share: 0.4, forSteps: 2 },
  // Most of twenty samples: it lasts, and somebody should know.
  { severity: 'warning', windowSteps: 20, share: 0.6, forSteps: 2 },
  // Nearly all of them, and clear of the edge: for who has decided to be woken by it.
  { severity: 'critical', windowSteps: 20, share: 0.8, forSteps: 2, pages: true },
];

/** A score of 3 is three times as far from the expected value as the band reaches. */
const FAR_SCORE = 3;
const FAR_STEPS = 3;

/** Alerts on the samples of one series. */
export function seriesRules(scope: Scope): AlertRule[] {
  return [...LEVELS.map((level) => flaggedRule(scope, level)), farRule(scope)];
}

function flaggedRule(scope: Scope, { severity, windowSteps, share, forSteps, pages }: Level): AlertRule {
  const window = formatDuration(windowSteps * scope.distanceMs);
  const flagged = `${published(scope, 'anomaly')} != bool 0`;
  const score = pages && scope.pagingThreshold;
  const counted = score === undefined ? flagged : `(${flagged}) * (${published(scope, 'score')} > bool ${score})`;
  const further = score === undefined ? '' : ` with a score above ${score}`;
  return {
    alert: 'OpenAnomalySeriesAnomalous',
    expr: `avg_over_time((${counted})[${window}:${formatDuration(scope.distanceMs)}]) >= ${share}`,
    for: formatDuration(forSteps * scope.distanceMs),
    labels: labelled(scope, severity),
    annotations: {
      summary: 'A series is not as expected.',
      description: `${subject(scope)}: {{ $value | humanizePercentage }} of the last ${window} was anomalous${further}. ${valueAndBand(scope)}`,
    },
  };
}

function farRule(scope: Scope): AlertRule {
  const window = formatDuration(FAR_STEPS * scope.distanceMs);
  return {
    alert: 'OpenAnomalyBandLeftFar',
    expr: `min_over_time(${published(scope, 'score')}[${window}]) >= ${FAR_SCORE}\nand\n${published(scope, 'anomaly')} != 0`,
    for: formatDuration(scope.distanceMs),
    labels: labelled(scope, 'warning'),
    annotations: {
      summary: 'A series is far outside of its band.',
      description: `${subject(scope)}: for ${window} every sample had a score of {{ $value | humanize }} or more, where 1 is the edge of the band. ${valueAndBand(scope)}`,
    },
  };
}

/** The beginning of a description about one series: its pipeline. */
export function subject({ about }: Scope): string {
  return `${SELECTOR}Pipeline {{ $labels.pipeline }}${about}`;
}

function valueAndBand({ prefix }: Scope): string {
  return (
    `Now the value is ${latest(`${prefix}_value`)}, expected ${latest(`${prefix}_expected`)}, ` +
    `band ${latest(`${prefix}_lower`)} to ${latest(`${prefix}_upper`)}, for {{ $series }}.`
  );
}
