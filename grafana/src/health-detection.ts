import { colours, lines, number, stackedBars } from './panels.ts';
import { now, over, SELF } from './queries.ts';

const THIRD = { width: 8, height: 8 };
const SMALL = { width: 4, height: 4 };

const self = (family: string, more = '') => `openanomaly_${family}{${SELF}${more}}`;

export function status() {
  return [
    number({
      ...SMALL,
      title: 'Ready',
      description: 'Processes that loaded their rules and warmed their engines, of those that are scraped.',
      unit: 'percentunit',
      queries: [now(`avg(${self('ready')})`, 'ready')],
    }).thresholds(colours('red', [1, 'green'])),
    number({
      ...SMALL,
      title: 'Last reload',
      description:
        'Whether the newest configuration runs. If not, the log names file and line; the old pipelines go on.',
      unit: 'bool_yes_no',
      queries: [now(`min(${self('config_last_reload_successful')})`, 'successful')],
    }).thresholds(colours('red', [1, 'green'])),
    number({
      ...SMALL,
      title: 'Unhealthy pipelines',
      description: 'Pipelines whose last evaluation failed; the page of the process says why.',
      unit: 'short',
      queries: [now(`sum(${self('pipeline_healthy')} == bool 0)`, 'pipelines')],
    }).thresholds(colours('green', [1, 'red'])),
    number({
      ...SMALL,
      title: 'Series',
      description: 'Series that all pipelines hold.',
      unit: 'short',
      queries: [now(`sum(${self('pipeline_series')})`, 'series')],
    }).thresholds(colours('blue')),
    number({
      ...SMALL,
      title: 'Warming up',
      description:
        'Series without a forecast yet: they are not scored. New series take a moment; it should come back to 0.',
      unit: 'short',
      queries: [now(`sum(${self('pipeline_series_warming_up')})`, 'series')],
    }).thresholds(colours('green', [1, 'orange'])),
    number({
      ...SMALL,
      title: 'Since the last reload',
      description: 'Time since the configuration was last loaded.',
      unit: 's',
      queries: [now(`time() - min(${self('config_last_reload_success_timestamp_seconds')})`, 'since')],
    }).thresholds(colours('blue')),
  ];
}

export function bands() {
  const coverage = `min by (pipeline) (${self('pipeline_band_coverage_ratio')})`;
  const target = `max by (pipeline) (${self('pipeline_band_coverage_target_ratio')})`;
  return [
    lines({
      ...THIRD,
      title: 'Coverage of the bands',
      description: 'Share of scored samples inside their band, in a window of 1000 samples a series.',
      unit: 'percentunit',
      queries: [over(coverage, '{{pipeline}}')],
    }).max(1),
    lines({
      ...THIRD,
      title: 'Coverage less its target',
      description:
        'Below 0 more samples leave the band than the confidence level promises: an incident, or bands that are too narrow. Above 0 they are wider than they need be.',
      unit: 'percentunit',
      queries: [over(`${coverage} - ${target}`, '{{pipeline}}')],
    }),
    stackedBars({
      ...THIRD,
      title: 'Flagged samples',
      description: 'Samples flagged per second.',
      unit: 'cps',
      queries: [over(`sum by (pipeline) (rate(${self('samples_flagged_total')}[$__rate_interval]))`, '{{pipeline}}')],
    }),
  ];
}

export function anomalies() {
  const quarter = { width: 6, height: 8 };
  return [
    lines({
      ...quarter,
      title: 'Flagged share per group',
      description: 'Share of the series of each group of the rule files that is flagged, as the process sees it.',
      unit: 'percentunit',
      queries: [over(`max by (group) (${self('group_anomaly_ratio')})`, '{{group}}')],
    }).min(0),
    stackedBars({
      ...quarter,
      title: 'Open anomalies',
      description: 'Anomalies that are open: flags of one series that belong together.',
      unit: 'short',
      queries: [over(`sum by (pipeline) (${self('anomalies_open')})`, '{{pipeline}}')],
    }),
    stackedBars({
      ...quarter,
      title: 'Anomalies that began',
      description: 'How many were opened.',
      unit: 'short',
      queries: [
        over(`sum by (pipeline) (increase(${self('anomalies_opened_total')}[$__rate_interval]))`, '{{pipeline}}'),
      ],
    }),
    lines({
      ...quarter,
      title: 'Flags per series and day',
      description:
        'False alarms to expect, from the past of the pipeline: at its threshold, and at its paging threshold. Known after a day of a series.',
      unit: 'short',
      queries: [over(`max by (pipeline, level) (${self('pipeline_flags_per_series_day')})`, '{{pipeline}}: {{level}}')],
    }).min(0),
  ];
}

export function evaluations() {
  const quantile = (of: string, by: string) =>
    `histogram_quantile(0.99, sum by (le, ${by}) (rate(${self(`${of}_bucket`)}[$__rate_interval])))`;
  return [
    lines({
      ...THIRD,
      title: 'Lag of evaluations',
      description: 'Time since the last evaluation that succeeded. It should stay below the interval of the group.',
      unit: 's',
      queries: [
        over(`time() - min by (pipeline) (${self('pipeline_last_evaluation_timestamp_seconds')})`, '{{pipeline}}'),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Age of forecasts',
      description: 'Time since the newest forecast. It should stay below the forecast schedule.',
      unit: 's',
      queries: [
        over(`time() - min by (pipeline) (${self('pipeline_last_forecast_timestamp_seconds')})`, '{{pipeline}}'),
      ],
    }).min(0),
    stackedBars({
      ...THIRD,
      title: 'Missed slots and failures',
      description:
        'Slots dropped as the evaluation before still ran (raise the interval or give it room), and failures.',
      unit: 'short',
      queries: [
        over(
          `sum by (group, task) (increase(${self('evaluations_missed_total')}[$__rate_interval]))`,
          'missed: {{group}} {{task}}',
        ),
        over(
          `sum by (group, task) (increase(${self('evaluation_failures_total')}[$__rate_interval]))`,
          'failed: {{group}} {{task}}',
        ),
      ],
    }),
    lines({
      ...THIRD,
      title: 'Time of evaluations (p99)',
      description: 'Reading included. When it comes near the interval, slots are missed next.',
      unit: 's',
      queries: [over(quantile('evaluation_duration_seconds', 'group, task'), '{{group}} {{task}}')],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Time of forecast batches (p99)',
      description: 'Model time in the worker threads, by engine.',
      unit: 's',
      queries: [over(quantile('model_batch_duration_seconds', 'engine'), '{{engine}}')],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Batches that wait for a worker',
      description: 'A queue that does not empty means too few worker threads for the forecast schedule.',
      unit: 'short',
      queries: [
        over(`sum by (instance) (${self('model_queue_batches')})`, 'waiting: {{instance}}'),
        over(`sum by (instance) (${self('model_workers')})`, 'workers: {{instance}}'),
      ],
    }).min(0),
    stackedBars({
      ...THIRD,
      title: 'Series by engine',
      description: 'Which engine forecasts how many series.',
      unit: 'short',
      queries: [over(`sum by (engine) (${self('pipeline_engine_series')})`, '{{engine}}')],
    }),
    lines({
      ...THIRD,
      title: 'Samples scored',
      description: 'Samples scored per second.',
      unit: 'cps',
      queries: [over(`sum by (pipeline) (rate(${self('samples_scored_total')}[$__rate_interval]))`, '{{pipeline}}')],
    }).min(0),
    stackedBars({
      ...THIRD,
      title: 'Series that ended',
      description: 'Series that vanished from the answers of the queries.',
      unit: 'short',
      queries: [over(`sum by (pipeline) (increase(${self('series_ended_total')}[$__rate_interval]))`, '{{pipeline}}')],
    }),
  ];
}
