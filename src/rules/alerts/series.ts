import { formatDuration } from '../../series/duration.ts';
import type { AlertRule, Severity } from './rule.ts';
import { labelled, published, type Scope } from './scope.ts';
import { latest, SELECTOR } from './text.ts';

interface Level {
  readonly severity: Severity;
  readonly windowSteps: number;
  /** Flagged samples of the window, where flags are rare by themselves. */
  readonly samples?: number;
  /** Flagged share of the window, where they are not. */
  readonly share?: number;
  readonly forSteps: number;
  /** Only flagged samples above the paging threshold count. */
  readonly pages?: true;
}

/**
 * For techniques whose flags are rare. On labelled web KPIs, false alarms per series and day and share of incidents told:
 * .094 and .71 for one sample, .045 and .64 for two, .007 and .43 for two above 1.2.
 */
const RARE_LEVELS: readonly Level[] = [
  { severity: 'info', windowSteps: 10, samples: 1, forSteps: 0 },
  // Twice in ten samples is hardly ever chance: somebody should know.
  { severity: 'warning', windowSteps: 10, samples: 2, forSteps: 0 },
  // The same, clear of the edge, which is about ten times rarer: for who has decided to be woken by it.
  { severity: 'critical', windowSteps: 10, samples: 2, forSteps: 0, pages: true },
];

/** For techniques whose band one usual sample in a hundred leaves. */
const SHARE_LEVELS: readonly Level[] = [
  // One flagged sample is a hiccup; four of ten, and still so two samples later, are worth a look.
  { severity: 'info', windowSteps: 10, share: 0.4, forSteps: 2 },
  // Most of twenty samples: it lasts, and somebody should know.
  { severity: 'warning', windowSteps: 20, share: 0.6, forSteps: 2 },
  // Nearly all of them, and clear of the edge: for who has decided to be woken by it.
  { severity: 'critical', windowSteps: 20, share: 0.8, forSteps: 2, pages: true },
];

/** A score of 3 is three times as far from the expected value as the band reaches. */
const FAR = { score: 3, steps: 3, forSteps: 1 };
/** Where scores grow with the logarithm of the rarity, 1.6 is forty times rarer than the edge. */
const RARELY_FAR = { score: 1.6, steps: 2, forSteps: 0 };

/**
 * Samples without a move, in a series that moved with half of those of the time before. Web KPIs did so 32 times in 2134
 * series-days, 21 times of them at a labelled incident.
 */
const STILL_STEPS = 30;
const MOVING_STEPS = 120;

/** Alerts on the samples of one series. */
export function seriesRules(scope: Scope): AlertRule[] {
  const levels = scope.flagsRarely ? RARE_LEVELS : SHARE_LEVELS;
  return [...levels.map((level) => flaggedRule(scope, level)), farRule(scope), stillRule(scope)];
}

function flaggedRule(scope: Scope, { severity, windowSteps, samples, share, forSteps, pages }: Level): AlertRule {
  const window = formatDuration(windowSteps * scope.distanceMs);
  const flagged = `${published(scope, 'anomaly')} != bool 0`;
  const score = pages && scope.pagingThreshold;
  const counted = score === undefined ? flagged : `(${flagged}) * (${published(scope, 'score')} > bool ${score})`;
  const further = score === undefined ? '' : ` with a score above ${score}`;
  const range = `(${counted})[${window}:${formatDuration(scope.distanceMs)}]`;
  const said =
    samples === undefined
      ? `{{ $value | humanizePercentage }} of the last ${window} was anomalous${further}.`
      : `anomalous samples${further} in the last ${window}: {{ $value }}.`;
  return {
    alert: 'OpenAnomalySeriesAnomalous',
    expr: samples === undefined ? `avg_over_time(${range}) >= ${share}` : `sum_over_time(${range}) >= ${samples}`,
    ...(forSteps > 0 && { for: formatDuration(forSteps * scope.distanceMs) }),
    labels: labelled(scope, severity),
    annotations: {
      summary: 'A series is not as expected.',
      description: `${subject(scope)}: ${said} ${valueAndBand(scope)}${usualRate(pages ? 'page' : 'flag')}`,
    },
  };
}

/** What the pipeline's own past says of such flags; nothing where it is too short, or not scraped. */
function usualRate(level: 'flag' | 'page'): string {
  const query = `printf "openanomaly_pipeline_flags_per_series_day{pipeline=%q,level=%q}" $labels.pipeline "${level}" | query`;
  return `{{ with ${query} }} Short spells of it in the pipeline's past: {{ . | first | value | humanize }} a series and day.{{ end }}`;
}

function farRule(scope: Scope): AlertRule {
  const { score, steps, forSteps } = scope.flagsRarely ? RARELY_FAR : FAR;
  const window = formatDuration(steps * scope.distanceMs);
  return {
    alert: 'OpenAnomalyBandLeftFar',
    expr: `min_over_time(${published(scope, 'score')}[${window}]) >= ${score}\nand\n${published(scope, 'anomaly')} != 0`,
    ...(forSteps > 0 && { for: formatDuration(forSteps * scope.distanceMs) }),
    labels: labelled(scope, 'warning'),
    annotations: {
      summary: 'A series is far outside of its band.',
      description: `${subject(scope)}: for ${window} every sample had a score of {{ $value | humanize }} or more, where 1 is the edge of the band. ${valueAndBand(scope)}`,
    },
  };
}

/** A score asks how far a sample lies; that one more sample is the same as ever before is nothing to it. */
function stillRule(scope: Scope): AlertRule {
  const [still, moving] = [STILL_STEPS, MOVING_STEPS].map((steps) => formatDuration(steps * scope.distanceMs));
  const value = published(scope, 'value');
  return {
    alert: 'OpenAnomalySeriesStill',
    expr: [
      `${value}`,
      `and changes(${value}[${still}]) == 0`,
      `and changes(${value}[${moving}] offset ${still}) >= ${MOVING_STEPS / 2}`,
    ].join('\n'),
    labels: labelled(scope, 'info'),
    annotations: {
      summary: 'A series that always moved stands still.',
      description: `${subject(scope)}: the value has been {{ $value | humanize }} for ${still} without a change, for {{ $series }}.`,
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
