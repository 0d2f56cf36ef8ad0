import { choice, duration, list, number, optional, section, text } from '../document/schema.ts';
import { alarm } from './alarm-schema.ts';

/** The `anomaly:` block of a pipeline. */
export const anomaly = section(
  {
    technique: choice(['tail', 'confidence_interval', 'z_score', 'iqr', 'isolation_forest', 'peers'], {
      description:
        'How a sample is scored. `tail`: by how rare it is for its own series; needs no forecast, looks at one where there is one, and is the best of them on labelled operational data. `confidence_interval`: by the band of the forecast made before it. `z_score` and `iqr`: by the samples just before it, for those who know them. `peers`: one member of a fleet by its siblings at the same instant. `isolation_forest`: by how easily it is told from the samples of the last days; with `series_type: multivariate`, those of several series together.',
      default: 'tail',
    }),
    confidence_level: number({
      description:
        'How wide the band is. Higher is quieter: for `confidence_interval` it is the share of usual samples inside, for `tail` another nine asks for samples that are ten times rarer.',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.99,
    }),
    direction: choice(['both', 'above', 'below'], {
      description:
        'Side on which samples are flagged: a low latency is rarely worth an alert. The score speaks of both sides.',
      default: 'both',
    }),
    threshold: number({
      description:
        'Samples with a higher score are flagged. 1 is the edge of the band, 2 twice as far from the expected value.',
      exclusiveMinimum: 0,
      default: 1,
    }),
    paging_threshold: number({
      description:
        'Score from which a flagged sample may wake somebody: generated alerts of the severity `critical` count only those. With `tail` 1.2 is about ten times rarer than 1.',
      exclusiveMinimum: 0,
      default: 1.2,
    }),
    adapt_after: duration({
      description:
        'How long samples beyond the band of the forecast are kept out of the past that forecasts are made from; what lasts longer is a new level and accepted. 0s: never kept out.',
      default: '1h',
    }),
    min_deviation: section(
      {
        absolute: number({
          description: 'In the unit of the series, such as 0.02 for two points of a ratio.',
          minimum: 0,
          default: 0,
        }),
        relative: number({ description: 'As a share of the expected value, such as 0.1.', minimum: 0, default: 0 }),
      },
      {
        title: 'min_deviation',
        description:
          'Differences from the expected value that are too small to matter, however unusual: the band is at least that wide. Where both are given, the larger counts.',
        default: {},
      },
    ),
    peers: section(
      {
        by: list(text({ description: 'A label name.' }), {
          description:
            'Labels whose values make groups: a member is compared with those that have the same. Everything of the pipeline is one group unless given.',
          default: [],
        }),
      },
      { title: 'peers', description: 'For the technique `peers`.', default: {} },
    ),
    join: section(
      {
        on: list(text({ description: 'A label name.' }), {
          description:
            'Labels whose values join series: those that have the same are one sample, such as all metrics of an `instance`. Everything of the pipeline is one unless given.',
          default: [],
        }),
      },
      { title: 'join', description: 'For `series_type: multivariate`.', default: {} },
    ),
    alarm: optional(alarm),
  },
  { title: 'anomaly', description: 'How samples are scored and flagged.', default: {} },
);
