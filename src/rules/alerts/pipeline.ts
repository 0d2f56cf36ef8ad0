import { formatDuration } from '../../series/duration.ts';
import { type AlertRule, atLeast, MINUTE_MS } from './rule.ts';
import { labelled, published, type Scope, self } from './scope.ts';
import { SELECTOR } from './text.ts';

const NO_DATA_MS = 10 * MINUTE_MS;
/** Points of coverage below the target that an incident alone does not explain for two hours. */
const COVERAGE_MARGIN = 0.05;

/** Alerts on a pipeline as a whole: whether it does what it promises. */
export function pipelineRules(scope: Scope, { scores }: { readonly scores: boolean }): AlertRule[] {
  const silenceMs = Math.max(NO_DATA_MS, 5 * scope.distanceMs);
  return [
    noData(scope, { silenceMs, scores }),
    ...(scores ? [seriesEnded(scope, silenceMs), coverage(scope)] : []),
    {
      alert: 'OpenAnomalyEvaluationsStalled',
      expr: `time() - ${self(scope, 'pipeline_last_evaluation_timestamp_seconds')} > ${silenceMs / 1000}`,
      for: atLeast(MINUTE_MS, scope.distanceMs),
      labels: labelled(scope, 'warning'),
      annotations: {
        summary: 'A pipeline is no longer evaluated.',
        description:
          'The last evaluation of pipeline {{ $labels.pipeline }} that succeeded was {{ $value | humanizeDuration }} ago.',
      },
    },
    {
      alert: 'OpenAnomalyPipelineUnhealthy',
      expr: `${self(scope, 'pipeline_healthy')} == 0`,
      for: atLeast(5 * MINUTE_MS, 3 * scope.distanceMs),
      labels: labelled(scope, 'warning'),
      annotations: {
        summary: 'A pipeline fails to score or to forecast.',
        description:
          'Pipeline {{ $labels.pipeline }} has lately failed to score its series, or to forecast them; the landing page and the log of {{ $labels.instance }} say why.',
      },
    },
  ];
}

/** Of one pipeline, that nothing arrives; of all, that one of them holds no series: nobody knows which should arrive. */
function noData(scope: Scope, { silenceMs, scores }: { silenceMs: number; scores: boolean }): AlertRule {
  const silence = formatDuration(silenceMs);
  const family = published(scope, scores ? 'score' : 'forecast');
  const isOne = scope.matchers !== '';
  const name = `${scope.prefix}_${scores ? 'score' : 'forecast'}`;
  return {
    alert: 'OpenAnomalyNoData',
    expr: isOne ? `absent_over_time(${family}[${silence}])` : `${self(scope, 'pipeline_series')} == 0`,
    for: atLeast(isOne ? 5 * MINUTE_MS : silenceMs, scope.distanceMs),
    labels: labelled(scope, 'warning'),
    annotations: {
      summary: 'A pipeline publishes nothing.',
      description: isOne
        ? `Pipeline {{ $labels.pipeline }} has published no ${name} for ${silence}: its query answers no series, it does not run, or its results do not arrive.`
        : `Pipeline {{ $labels.pipeline }} of {{ $labels.instance }} has held no series for ${silence}: its query answers nothing, or its data source is out of reach.`,
    },
  };
}

/** Only while the pipeline itself is there: who takes one away ends all of its series. */
function seriesEnded(scope: Scope, silenceMs: number): AlertRule {
  const silence = formatDuration(silenceMs);
  const value = published(scope, 'value');
  return {
    alert: 'OpenAnomalySeriesEnded',
    expr: [
      `last_over_time(${value}[${formatDuration(3 * silenceMs)}])`,
      `unless last_over_time(${value}[${silence}])`,
      `and on (pipeline) ${self(scope, 'pipeline_series')}`,
    ].join('\n'),
    labels: labelled(scope, 'info'),
    annotations: {
      summary: 'A series that was watched is gone.',
      description: `${SELECTOR}Pipeline {{ $labels.pipeline }} has had no sample for ${silence} of {{ $series }}. The last value was {{ $value | humanize }}.`,
    },
  };
}

function coverage(scope: Scope): AlertRule {
  const target = self(scope, 'pipeline_band_coverage_target_ratio');
  return {
    alert: 'OpenAnomalyCoverageOffTarget',
    expr: `${target} - ${self(scope, 'pipeline_band_coverage_ratio')} > ${COVERAGE_MARGIN}`,
    for: '2h',
    labels: labelled(scope, 'info'),
    annotations: {
      summary: 'Bands hold less than they promise.',
      description:
        'The bands of pipeline {{ $labels.pipeline }} hold {{ $value | humanizePercentage }} fewer samples than their confidence level says, for two hours: an incident that lasts, a changed system, or an engine that does not fit.',
    },
  };
}
