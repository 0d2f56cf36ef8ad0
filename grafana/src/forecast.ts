import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { withBand } from './band.ts';
import { dashboard, linkTo } from './dashboard.ts';
import { lines, ranking } from './panels.ts';
import { OF_PIPELINE, over, rows, SERIES, unnamed } from './queries.ts';
import { choice, datasource, publishedChoices, textInput } from './variables.ts';

const RANKED = 30;

/**
 * Seconds of a horizon, which is a label only: the clock, less the clock one horizon ago. Durations are no numbers in
 * PromQL before Prometheus 3.
 */
const HORIZON_SECONDS = 'scalar(time() - last_over_time(vector(time())[1s:1s] offset $horizon))';

/** What is ahead: by horizon, against a limit, and how well earlier look-aheads held. */
export function forecast(): DashboardBuilder {
  const builder = dashboard('forecast', {
    title: 'Forecast',
    description: 'What is expected ahead, when a limit is reached, and how well earlier forecasts held.',
    from: 'now-12h',
  }).variables([
    datasource(),
    ...publishedChoices('openanomaly_forecast', 'one'),
    choice('horizon', {
      label: 'Horizon',
      query: 'label_values(openanomaly_forecast{pipeline="$pipeline"}, horizon)',
      // 0s is the present, and path has no one horizon.
      regex: '/^(?!0s$|path$)(.*)$/',
    }),
    textInput('limit', 'Limit', '0.9'),
    choice('series', {
      label: 'Series',
      query: `query_result(max without (horizon) (openanomaly_forecast_upper{${OF_PIPELINE}, horizon="$horizon"}))`,
      regex: '/\\{(.*)\\}/',
    }),
  ]);
  for (const panel of [...oneSeries(), ...limits(), ...quality()]) builder.withPanel(panel);
  return builder;
}

function oneSeries() {
  const ahead = `${SERIES}, horizon="$horizon"`;
  return [
    withBand(
      lines({
        title: 'Expected $horizon ahead',
        description: 'At each instant, what was then expected for $horizon later, and the band of it.',
        unit: 'short',
        width: 12,
        height: 10,
        queries: [
          over(`openanomaly_forecast_lower{${ahead}}`, 'lower'),
          over(`openanomaly_forecast_upper{${ahead}}`, 'upper'),
          over(`openanomaly_forecast{${ahead}}`, 'expected'),
          over('vector($limit)', 'limit'),
        ],
      }),
    ).overrideByName('limit', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }]),
    withBand(
      lines({
        title: 'What came, against the forecast of $horizon before',
        description:
          'The forecast, moved to the instant it was for. A pipeline that only forecasts has no value to show.',
        unit: 'short',
        width: 12,
        height: 10,
        queries: [
          over(`openanomaly_forecast_lower{${ahead}} offset $horizon`, 'lower'),
          over(`openanomaly_forecast_upper{${ahead}} offset $horizon`, 'upper'),
          over(`openanomaly_forecast{${ahead}} offset $horizon`, 'expected'),
          over(`openanomaly_value{${SERIES}}`, 'value'),
        ],
      }),
    ),
    ranking({
      title: 'Look-ahead now, by horizon',
      description: 'What is expected of the chosen series at each published horizon.',
      unit: 'short',
      width: 24,
      height: 6,
      queries: [
        rows('A', `max by (horizon) (openanomaly_forecast_lower{${SERIES}, horizon!="path"})`),
        rows('B', `max by (horizon) (openanomaly_forecast{${SERIES}, horizon!="path"})`),
        rows('C', `max by (horizon) (openanomaly_forecast_upper{${SERIES}, horizon!="path"})`),
      ],
      columns: { 'Value #A': 'Lower', 'Value #B': 'Expected', 'Value #C': 'Upper', horizon: 'Horizon' },
      sortedBy: 'Upper',
    }),
  ];
}

function limits() {
  const size = { width: 12, height: 9 };
  const present = `max without (horizon) (openanomaly_forecast{${OF_PIPELINE}, horizon="0s"})`;
  const later = `max without (horizon) (openanomaly_forecast{${OF_PIPELINE}, horizon="$horizon"})`;
  const open = [{ id: 'links', value: [linkTo('forecast', 'Open the series', ['pipeline', 'job', 'instance'])] }];
  return [
    ranking({
      ...size,
      title: 'May reach $limit within a horizon',
      description:
        'Series whose upper quantile reaches the limit at a published horizon. Alert on the same expression.',
      unit: 'short',
      queries: [
        rows(
          'A',
          `topk(${RANKED}, ${unnamed(`openanomaly_forecast_upper{${OF_PIPELINE}, horizon!="path"}`)} >= $limit)`,
        ),
      ],
      columns: { Value: 'Upper quantile', horizon: 'Horizon' },
      sortedBy: 'Upper quantile',
    }).overrideByName('instance', open),
    ranking({
      ...size,
      title: 'Time until $limit',
      description:
        'How long until the limit, by the line from what is expected now to what is expected $horizon ahead; beyond the horizon that is an extrapolation. Series that fall or are past the limit are left out.',
      unit: 's',
      queries: [
        rows(
          'A',
          [
            `bottomk(${RANKED}, ${HORIZON_SECONDS}`,
            `  * ($limit - (${present} < $limit))`,
            `  / (${later} - ${present} > 0))`,
          ].join('\n'),
        ),
      ],
      columns: { Value: 'Time left' },
      sortedBy: 'Time left',
    }).overrideByName('instance', open),
  ];
}

function quality() {
  const size = { width: 12, height: 8 };
  const before = (family: string) =>
    `ignoring (horizon) (openanomaly_${family}{${OF_PIPELINE}, horizon="$horizon"} offset $horizon)`;
  const value = `openanomaly_value{${OF_PIPELINE}}`;
  return [
    lines({
      ...size,
      title: 'Error of the forecast $horizon ahead',
      description: 'Mean absolute difference between what came and what had been expected, all series of the pipeline.',
      unit: 'short',
      queries: [over(`avg by (pipeline) (abs(${value} - ${before('forecast')}))`, '{{pipeline}}')],
    }).min(0),
    lines({
      ...size,
      title: 'Inside the band $horizon ahead',
      description: 'Share of what came that lay between the lower and the upper quantile forecast $horizon before.',
      unit: 'percentunit',
      queries: [
        over(
          `avg by (pipeline) ((${value} >= bool ${before('forecast_lower')}) * (${value} <= bool ${before('forecast_upper')}))`,
          '{{pipeline}}',
        ),
      ],
    })
      .min(0)
      .max(1),
  ];
}
