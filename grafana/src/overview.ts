import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLOURS } from './band.ts';
import { dashboard, linkTo } from './dashboard.ts';
import { colours, lines, number, ranking, stackedBars, thresholdLine } from './panels.ts';
import { flaggedWithin, now, over, PUBLISHED, rows, unnamed } from './queries.ts';
import { datasource, filters, fixedChoice, publishedChoices } from './variables.ts';

const RANKED = 50;
const FLAG = `openanomaly_anomaly{${PUBLISHED}}`;
const IS_FLAGGED = `${FLAG} != bool 0`;
const WAS_FLAGGED = flaggedWithin(FLAG, '$within');
const FLAGGED_AT_STEP = flaggedWithin(FLAG, '$__rate_interval');
const WORST = `topk(${RANKED}, max_over_time(openanomaly_score{${PUBLISHED}}[$within]) and ${WAS_FLAGGED} > 0)`;

/** What is anomalous or was lately, worst first; how much of each group; how it went. */
export function overview(): DashboardBuilder {
  const builder = dashboard('overview', {
    title: 'Overview',
    description: 'What is not as expected, worst first, and how much of each group.',
    from: 'now-3h',
  }).variables([
    datasource(),
    ...publishedChoices('openanomaly_score', 'many'),
    fixedChoice('within', 'Flagged within', ['15m', '5m', '1h', '6h', '1d']),
    fixedChoice('group', 'Share per', ['pipeline', 'job', 'instance', 'service', 'team', 'cluster', 'namespace']),
    filters(),
  ]);
  for (const panel of [...numbers(), worstFirst(), ...history()]) builder.withPanel(panel);
  return builder;
}

function numbers() {
  const size = { width: 5, height: 4 };
  return [
    number({
      ...size,
      title: 'Anomalous now',
      description: 'Series whose newest sample is flagged.',
      unit: 'short',
      queries: [now(`sum(${IS_FLAGGED})`, 'series')],
    }).thresholds(colours('green', [1, 'orange'])),
    number({
      ...size,
      title: 'Anomalous within $within',
      description: 'Series that were flagged, if only for a moment: one that goes on may have become usual.',
      unit: 'short',
      queries: [now(`sum(${WAS_FLAGGED})`, 'series')],
    }).thresholds(colours('green', [1, 'orange'])),
    number({
      ...size,
      title: 'Watched',
      description: 'Series that are scored.',
      unit: 'short',
      queries: [now(`count(openanomaly_score{${PUBLISHED}})`, 'series')],
    }).thresholds(colours('blue')),
    number({
      ...size,
      title: 'Share anomalous',
      description:
        'Share of the scored series that is flagged. A few of many are usual; a tenth at once is an incident.',
      unit: 'percentunit',
      queries: [now(`avg(${IS_FLAGGED})`, 'share')],
    }).thresholds(colours('green', [0.02, 'orange'], [0.1, 'red'])),
    number({
      ...size,
      width: 4,
      title: 'Highest score',
      description: 'Distance from the expected value of the worst series: 1 is the edge of its band.',
      unit: 'none',
      queries: [now(`max(openanomaly_score{${PUBLISHED}})`, 'score')],
    })
      .decimals(2)
      .thresholds(colours('green', [1, 'orange'], [3, 'red'])),
  ];
}

function worstFirst() {
  const ofWorst = (family: string) => `${unnamed(`openanomaly_${family}{${PUBLISHED}}`)} and ${WORST}`;
  return ranking({
    title: 'Anomalous within $within, worst first',
    description: `The ${RANKED} flagged series with the highest scores, and what they and their bands are now. Open a row to see the series in its band.`,
    unit: 'short',
    width: 24,
    height: 10,
    queries: [
      rows('A', WORST),
      rows('B', `sgn(max_over_time(${FLAG}[$within]) + min_over_time(${FLAG}[$within])) and ${WORST}`),
      rows('C', ofWorst('value')),
      rows('D', ofWorst('expected')),
      rows('E', ofWorst('lower')),
      rows('F', ofWorst('upper')),
    ],
    columns: {
      'Value #A': 'Highest score',
      'Value #B': 'Side',
      'Value #C': 'Value now',
      'Value #D': 'Expected',
      'Value #E': 'Lower',
      'Value #F': 'Upper',
    },
    sortedBy: 'Highest score',
  })
    .overrideByName('Highest score', [
      { id: 'decimals', value: 2 },
      { id: 'custom.cellOptions', value: { type: 'color-text' } },
      { id: 'thresholds', value: colours('text', [1, 'orange'], [3, 'red']).build() },
    ])
    .overrideByName('Side', [
      {
        id: 'mappings',
        value: [
          {
            type: 'value',
            options: {
              '1': { text: 'above', index: 0 },
              '-1': { text: 'below', index: 1 },
              '0': { text: 'both', index: 2 },
            },
          },
        ],
      },
    ])
    .overrideByName('pipeline', [
      { id: 'links', value: [linkTo('pipeline', 'Open the series', ['pipeline', 'job', 'instance'])] },
    ]);
}

function history() {
  const size = { width: 12, height: 8 };
  return [
    lines({
      ...size,
      title: 'Share anomalous per $group',
      description: 'Share of the series of each group that is flagged. Choose the label that makes the groups above.',
      unit: 'percentunit',
      queries: [over(`avg by ($group) (${FLAGGED_AT_STEP})`, '{{$group}}')],
    })
      .min(0)
      .fillOpacity(10),
    stackedBars({
      ...size,
      title: 'Anomalous series per pipeline',
      description: 'How many series of each pipeline are flagged.',
      unit: 'short',
      queries: [over(`sum by (pipeline) (${FLAGGED_AT_STEP})`, '{{pipeline}}')],
    }),
    lines({
      ...size,
      title: 'Highest score per pipeline',
      description: 'The worst series of each pipeline; the line is the edge of the band.',
      unit: 'none',
      queries: [over(`max by (pipeline) (openanomaly_score{${PUBLISHED}})`, '{{pipeline}}')],
    })
      .min(0)
      .thresholds(colours('transparent', [1, COLOURS.anomalous]))
      .thresholdsStyle(thresholdLine()),
    stackedBars({
      ...size,
      title: 'Flagged above and below',
      description: 'Series above and below their bands.',
      unit: 'short',
      queries: [
        over(`sum(max_over_time(${FLAG}[$__rate_interval]) > bool 0)`, 'above'),
        over(`sum(min_over_time(${FLAG}[$__rate_interval]) < bool 0)`, 'below'),
      ],
    }),
  ];
}
