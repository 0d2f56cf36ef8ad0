import { choice, number, optional, section } from '../document/schema.ts';
import { alarm } from './alarm-schema.ts';

/** The `anomaly:` block of a pipeline. */
export const anomaly = section(
  {
    technique: choice(['confidence_interval', 'tail', 'z_score', 'iqr', 'isolation_forest', 'peers'], {
      description:
        'How a sample is scored. `confidence_interval` compares it with the band of the forecast made before it.',
      default: 'confidence_interval',
      unavailable: ['tail', 'z_score', 'iqr', 'isolation_forest', 'peers'],
    }),
    confidence_level: number({
      description:
        'Share of usual samples that lie inside the band. Higher is quieter: at 0.99 one usual sample in a hundred is outside.',
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
    alarm: optional(alarm),
  },
  { title: 'anomaly', description: 'How samples are scored and flagged.', default: {} },
);
