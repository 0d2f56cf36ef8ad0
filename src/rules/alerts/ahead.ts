import { formatDuration } from '../../series/duration.ts';
import type { Pipeline } from '../pipeline.ts';
import type { AlertRule } from './rule.ts';
import { labelled, published, type Scope } from './scope.ts';
import { subject } from './series.ts';
import { latest, promqlString } from './text.ts';

/** Nearer than this, what fills up is an affair of alerts on the value itself. */
const NEAREST_MS = 4 * 3_600_000;
/** A warning leaves a working day; further ahead there is time. */
const SOON_MS = 8 * 3_600_000;
/** Share of the range of values that is left when it counts as full, or as empty. */
const MARGIN = 0.05;

/**
 * What runs full or empty: pipelines whose values have a range with two ends and that look ahead for hours. The outer
 * quantile has to reach the end of the range, and the value must not be there already.
 */
export function limitRules(scope: Scope, pipeline: Pipeline): AlertRule[] {
  const [least, most] = pipeline.dataRange ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (!Number.isFinite(most - least)) return [];
  const margin = MARGIN * (most - least);
  const ends = {
    above: { edge: 'upper', is: '>=', limit: most - margin, way: 'rises to' },
    below: { edge: 'lower', is: '<=', limit: least + margin, way: 'falls to' },
  } as const;
  const { direction } = pipeline.anomaly;
  const watched = direction === 'both' ? [ends.above, ends.below] : [ends[direction]];
  return pipeline.output.horizons
    .filter(({ ms }) => ms >= NEAREST_MS)
    .flatMap(({ text, ms }) =>
      watched.map(({ edge, is, limit, way }) => {
        const rounded = Number(limit.toPrecision(6));
        const there = published(scope, 'forecast', 'horizon="0s"');
        return {
          alert: 'OpenAnomalyLimitAhead',
          expr: [
            `${published(scope, `forecast_${edge}`, `horizon=${promqlString(text)}`)} ${is} ${rounded}`,
            `unless ignoring (horizon) (${there} ${is} ${rounded})`,
          ].join('\n'),
          // Two forecasts that agree.
          for: formatDuration(Math.max(15 * 60_000, 2 * scope.distanceMs)),
          labels: labelled(scope, ms <= SOON_MS ? 'warning' : 'info'),
          annotations: {
            summary: 'A forecast reaches the end of its range.',
            description: `${subject(scope)}: within ${text} it ${way} ${rounded} by the ${edge} quantile, which is {{ $value | humanize }} then. ${aheadOf(scope)}`,
          },
        };
      }),
    );
}

/** The same for any pipeline, against limits that are recorded as `pipeline:<prefix>_limit:max`, one a pipeline. */
export function recordedLimitRule(scope: Scope): AlertRule {
  const ahead = published(scope, 'forecast_upper', 'horizon!~"0s|path"');
  const there = published(scope, 'forecast', 'horizon="0s"');
  const limit = `on (pipeline) group_left () pipeline:${scope.prefix}_limit:max`;
  return {
    alert: 'OpenAnomalyLimitAhead',
    expr: `${ahead} >= ${limit}\nunless ignoring (horizon)\n(${there} >= ${limit})`,
    for: '15m',
    labels: labelled(scope, 'warning'),
    annotations: {
      summary: 'A forecast reaches its limit.',
      description: `${subject(scope)}: within {{ $labels.horizon }} it may reach its limit by the upper quantile, which is {{ $value | humanize }} then. ${aheadOf(scope)}`,
    },
  };
}

function aheadOf({ prefix }: Scope): string {
  return `Expected then is ${latest(`${prefix}_forecast`)}, for {{ $series }}.`;
}
