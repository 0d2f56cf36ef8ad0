import type { Family } from '../../ports/publisher.ts';

/** HELP of the published families. Scrapers are told that the values are as old as the last evaluation. */
export const FAMILY_HELP = {
  value: 'Sample that was scored at the last evaluation of the pipeline.',
  expected: 'Centre of the detection band for the scored sample, known before it; as of the last evaluation.',
  lower: 'Lower edge of the detection band for the scored sample, known before it; as of the last evaluation.',
  upper: 'Upper edge of the detection band for the scored sample, known before it; as of the last evaluation.',
  score:
    'Distance of the scored sample from the expected value: 0 on it, 1 on the edge of the band, no upper bound; as of the last evaluation.',
  anomaly:
    'Whether the scored sample is anomalous: -1 below the band, 0 normal, 1 above the band; as of the last evaluation.',
  view: 'Constant 1 for a series that is flagged, labelled by the view of it that spoke; as of the last evaluation.',
  alarm:
    'Whether an alarm is open for the series: -1 for one below, 0 for none, 1 for one above; as of the last evaluation.',
  contribution:
    'Share that the series has in the score of its group, where series are scored together; as of the last evaluation.',
  forecast: 'Value expected one horizon from now; as of the last evaluation.',
  forecast_lower: 'Lower quantile of the value one horizon from now; as of the last evaluation.',
  forecast_upper: 'Upper quantile of the value one horizon from now; as of the last evaluation.',
} as const satisfies Record<Family, string>;

/** Family of the page ← column of a scored step. */
export const SCORED_COLUMNS = [
  'value',
  'expected',
  'lower',
  'upper',
  'score',
  'anomaly',
  'alarm',
  'contribution',
] as const;

/** Family of the page ← column of a look-ahead. */
export const AHEAD_COLUMNS = {
  forecast: 'expected',
  forecast_lower: 'lower',
  forecast_upper: 'upper',
} as const;

export const AHEAD_FAMILIES = ['forecast', 'forecast_lower', 'forecast_upper'] as const;
