import type { Static } from 'typebox';
import {
  anyText,
  anything,
  choice,
  duration,
  flag,
  list,
  mapOf,
  number,
  optional,
  positiveDuration,
  section,
  text,
  whole,
} from '../document/schema.ts';
import { anomaly } from './anomaly-schema.ts';
import { holidays } from './holidays-schema.ts';
import { model } from './model-schema.ts';

const labels = mapOf(anyText({ description: 'A value.' }), {
  description:
    'Labels added to everything that is published; a pipeline’s own win over its group’s. `pipeline` and `horizon` are ours.',
  default: {},
});

const excludeOptions = {
  description:
    'Windows such as `Sat 02:00-04:00`, `daily 03:00-03:30` or `2026-12-24/2026-12-26`, in the time zone of the pipeline: samples are scored in them, but not flagged, and nothing is learnt. Those of the group hold too.',
  default: [],
};

const output = section(
  {
    horizons: optional(
      list(positiveDuration({ description: 'How far ahead.' }), {
        description:
          'How far ahead values are published, stamped now, with a label `horizon="1h"`: alert today on tomorrow. The prediction horizon unless given; `[]` for none.',
      }),
    ),
    quantiles: list(number({ description: 'A level.', exclusiveMinimum: 0, exclusiveMaximum: 1 }), {
      description:
        'Levels of the look-ahead; the lowest and the highest are the edges of its band. 0.05 and 0.95 hold nine in ten.',
      minItems: 2,
      default: [0.05, 0.5, 0.95],
    }),
    future_samples: flag({
      description:
        'Remote write only: also write the forecast path at its own instants, as far ahead as the endpoint takes. Off, since many receivers refuse the future and none takes a revision.',
      default: false,
    }),
  },
  { title: 'output', description: 'What is published beside the score.', default: {} },
);

const covariate = section(
  {
    name: text({ description: 'Name of the covariate.' }),
    query: text({ description: 'PromQL of its values.' }),
    known_future: flag({ description: 'Whether its future is known.', default: false }),
  },
  { title: 'covariate', description: 'A series that explains others.' },
);

const training = section(
  {
    schedule: optional(text({ description: 'Cron of trainings.' })),
    window: optional(positiveDuration({ description: 'History that is trained on.' })),
    parameters: anything({ description: 'Parameters of the training.', default: {} }),
    endpoint: optional(text({ description: 'URL where a remote model is trained.' })),
  },
  { title: 'training', description: 'Training of engines that need it.', 'x-unavailable': 'training' },
);

const pipeline = section(
  {
    name: text({ description: 'Unique over all files; becomes the label `pipeline`.' }),
    description: anyText({ description: 'One line for people; shown on the landing page and in alerts.', default: '' }),
    enabled: flag({ description: 'A disabled pipeline is checked and shown, and does not run.', default: true }),
    query: optional(
      text({
        description:
          'PromQL; each series of its answer is forecast and scored by itself. A plain selector is read raw, anything else is evaluated at each step. Needed, unless there is a `selector`.',
      }),
    ),
    selector: optional(
      text({
        description:
          'In the place of `query`: a plain selector, such as `up{job="api"}`, of series that pass through the remote-write proxy. They are scored without being read; the data source, where there is one, is asked for their past only.',
      }),
    ),
    rate: optional(
      positiveDuration({
        description:
          'With `selector`: the series are counters, and what is scored is their increase a second over this window, resets taken into account, as PromQL’s `rate()` has it.',
      }),
    ),
    datasource: optional(
      text({ description: 'Name of a data source of the settings; the group’s, else `default`, else the only one.' }),
    ),
    step: positiveDuration({
      description: 'Distance of samples. The scrape interval or a multiple of it: a finer step only makes gaps.',
      default: '1m',
    }),
    context_window: positiveDuration({
      description:
        'How much past the engines see. A week holds the rhythm of the day and a first trace of the week’s; it costs 4 bytes a step and series.',
      default: '7d',
    }),
    prediction_horizon: positiveDuration({
      description:
        'How far a forecast reaches: at least the distance of two forecasts, so that each sample meets a band made before it.',
      default: '1h',
    }),
    mode: choice(['forecast_and_anomaly', 'forecast_only', 'anomaly_only'], {
      description:
        '`forecast_only` publishes the look-ahead each interval, `anomaly_only` bands and scores, `forecast_and_anomaly` all of it.',
      default: 'forecast_and_anomaly',
    }),
    forecast_schedule: text({
      description:
        'Cron (5 or 6 fields, or @hourly and the like) of forecasts: often enough to follow a level that moved, rare enough to be cheap.',
      default: '*/15 * * * *',
    }),
    anomaly_schedule: optional(
      text({
        description: 'Cron of scoring; the group’s interval unless given. All samples since the last time are scored.',
      }),
    ),
    timezone: text({
      description:
        'Time zone of schedules, exclude windows, holidays, and of the days and hours that the engine `calendar` and the technique `tail` know, such as Europe/Berlin.',
      default: 'UTC',
    }),
    holidays: optional(holidays),
    series_type: choice(['univariate', 'multivariate', 'covariate'], {
      description:
        'Whether series are looked at one by one or together. `multivariate` is for the technique `isolation_forest`: the series that `anomaly.join` names are scored as one sample.',
      default: 'univariate',
      unavailable: ['covariate'],
    }),
    covariates: list(covariate, {
      description: 'Other series that explain this one.',
      default: [],
      'x-unavailable': 'covariates',
    }),
    limit: optional(whole({ description: 'The same for this pipeline alone; the group’s unless given.', minimum: 0 })),
    labels,
    exclude: list(text({ description: 'A window.' }), excludeOptions),
    model,
    training: optional(training),
    anomaly,
    data_range: optional(
      list(number({ description: 'An end, `.inf` and `-.inf` included.', 'x-infinite': true }), {
        description:
          'Values that are possible, such as `[0, 1]` or `[0, .inf]`: bands and forecasts are clipped to them, and a value outside is an anomaly by itself.',
        minItems: 2,
        maxItems: 2,
      }),
    ),
    output,
  },
  {
    title: 'pipeline',
    description: 'One query that is forecast and scored.',
    'x-meant': {
      expr: 'query',
      record: 'name',
      alert: 'name',
      window: 'context_window',
      horizon: 'prediction_horizon',
      frequency: 'step',
      resolution: 'step',
      lookback: 'context_window',
      schedule: 'forecast_schedule',
    },
  },
);

export const groupSchema = section(
  {
    name: text({ description: 'Unique in the file.' }),
    interval: positiveDuration({
      description:
        'Distance of evaluations, at aligned slots that are spread over the groups. A minute, as Prometheus evaluates rules.',
      default: '1m',
    }),
    query_offset: duration({
      description:
        'How long data may take to settle before it is read. VictoriaMetrics shows a false flat end for 30 seconds; lower it on Prometheus if you like.',
      default: '30s',
    }),
    limit: whole({
      description:
        'Most series one pipeline may publish; above it nothing of that pipeline is published. 0 is no limit.',
      minimum: 0,
      default: 0,
    }),
    labels,
    exclude: list(text({ description: 'A window.' }), excludeOptions),
    holidays: optional(holidays),
    datasource: optional(text({ description: 'Data source of the pipelines that name none.' })),
    pipelines: list(pipeline, { description: 'The pipelines of the group.', default: [] }),
  },
  {
    title: 'group',
    description: 'Pipelines that share an interval.',
    'x-meant': {
      rules: 'pipelines',
      evaluation_interval: 'interval',
      eval_offset: 'query_offset',
      eval_delay: 'query_offset',
    },
  },
);

/** A rule file: one source for the static type, the defaults, the JSON Schema and the reference. */
export const rulesSchema = section(
  {
    groups: list(groupSchema, { description: 'Groups of pipelines.', default: [] }),
    pipelines: list(pipeline, {
      description: 'Pipelines without a group: one group with every default, named after the file.',
      default: [],
    }),
  },
  { title: 'rule file', description: 'Pipelines of OpenAnomaly.' },
);

export type RawRules = Static<typeof rulesSchema>;
export type RawGroup = RawRules['groups'][number];
export type RawPipeline = RawRules['pipelines'][number];
