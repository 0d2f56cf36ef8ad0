import { AnnotationQueryBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLOURS, withAnomalousPoints, withBand } from './band.ts';
import { dashboard } from './dashboard.ts';
import { colours, lines, thresholdLine } from './panels.ts';
import { DATASOURCE, DIFFERING_LABELS, flaggedWithin, OF_PIPELINE, over, SERIES } from './queries.ts';
import { choice, datasource, publishedChoices } from './variables.ts';

/** Series offered by the variable, and drawn where all are compared. */
const OFFERED = 500;
const COMPARED = 15;

/** One series in its band, its score below on the same time axis, and the rest of its pipeline for comparison. */
export function pipeline(): DashboardBuilder {
  const builder = dashboard('pipeline', {
    title: 'Pipeline',
    description: 'One series in its band, with its score; and how the other series of the pipeline do.',
    from: 'now-3h',
  })
    .variables([
      datasource(),
      ...publishedChoices('openanomaly_score', 'one'),
      choice('series', {
        label: 'Series',
        // Highest score of the time range first, so that a link that names a pipeline only opens its worst series.
        query: `query_result(topk(${OFFERED}, max_over_time(openanomaly_score{${OF_PIPELINE}}[$__range])))`,
        regex: '/\\{(.*)\\}/',
        sorted: true,
      }),
    ])
    .annotation(
      new AnnotationQueryBuilder()
        .name('Flagged')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor(COLOURS.anomalous)
        // Grafana asks for annotations at one instant a minute.
        .expr(`${flaggedWithin(`openanomaly_anomaly{${SERIES}}`, '1m')} > 0`)
        .titleFormat('Flagged: {{pipeline}}')
        .textFormat('{{instance}}'),
    );
  for (const panel of [...oneSeries(), ...allSeries()]) builder.withPanel(panel);
  return builder;
}

function oneSeries() {
  const flag = `openanomaly_anomaly{${SERIES}}`;
  const band = lines({
    title: 'Value in its band',
    description:
      'What came, what was expected, and the band known before the sample came. Points are flagged; outside without a point is within the tolerated difference.',
    unit: 'short',
    width: 24,
    height: 11,
    queries: [
      over(`openanomaly_lower{${SERIES}}`, 'lower'),
      over(`openanomaly_upper{${SERIES}}`, 'upper'),
      over(`openanomaly_expected{${SERIES}}`, 'expected'),
      over(`openanomaly_value{${SERIES}}`, 'value'),
      over(`openanomaly_value{${SERIES}} and (${flag} != 0 or ${flaggedWithin(flag, '$__interval')} > 0)`, 'anomalous'),
    ],
  });
  // As wide as the band's, so that both time axes begin at one place.
  const AXIS_WIDTH = 70;
  return [
    withAnomalousPoints(withBand(band)).axisWidth(AXIS_WIDTH),
    lines({
      title: 'Score',
      description: '0 on the expected line, 1 on the edge of the band, no upper bound.',
      unit: 'none',
      width: 24,
      height: 5,
      queries: [over(`openanomaly_score{${SERIES}}`, 'score')],
    })
      .min(0)
      .axisSoftMax(1.5)
      .axisWidth(AXIS_WIDTH)
      .fillOpacity(15)
      .thresholds(colours(COLOURS.band, [1, COLOURS.anomalous]))
      .thresholdsStyle(thresholdLine()),
    withBand(
      lines({
        title: 'Look-ahead of this instant',
        description:
          'What the last forecast said of each instant, with its band, which is wider than the one that flags.',
        unit: 'short',
        width: 24,
        height: 7,
        queries: [
          over(`openanomaly_forecast_lower{${SERIES}, horizon="0s"}`, 'lower'),
          over(`openanomaly_forecast_upper{${SERIES}, horizon="0s"}`, 'upper'),
          over(`openanomaly_forecast{${SERIES}, horizon="0s"}`, 'expected'),
          over(`openanomaly_value{${SERIES}}`, 'value'),
        ],
      }),
    ).axisWidth(AXIS_WIDTH),
  ];
}

function allSeries() {
  const size = { width: 12, height: 9 };
  return [
    lines({
      ...size,
      title: 'Highest scores of the pipeline',
      description: `The ${COMPARED} series of $pipeline with the highest scores within the time range.`,
      unit: 'none',
      queries: [
        over(
          `openanomaly_score{${OF_PIPELINE}} and topk(${COMPARED}, max_over_time(openanomaly_score{${OF_PIPELINE}}[$__range] @ end()))`,
          DIFFERING_LABELS,
        ),
      ],
    }).min(0),
    lines({
      ...size,
      title: 'Flagged share of the pipeline',
      description:
        'Share of the series of $pipeline that is flagged: one is a series, all at once is a cause they share.',
      unit: 'percentunit',
      queries: [over(`avg(${flaggedWithin(`openanomaly_anomaly{${OF_PIPELINE}}`, '$__rate_interval')})`, 'share')],
    })
      .min(0)
      .max(1)
      .fillOpacity(15),
  ];
}
