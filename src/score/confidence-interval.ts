import { MEDIAN_SURPRISE, quantileAt, surpriseAt } from '../forecast/band.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../forecast/quantile.ts';
import {
  clipToRange,
  leastHalfWidth,
  memorylessScorer,
  type ScoreColumns,
  type ScoreOptions,
  settle,
  setUnscored,
  type Technique,
} from './score.ts';

/**
 * Position in the calibrated predictive distribution. With c the confidence level and α = 1 − c, the band runs from
 * the quantile α/2 to 1 − α/2, and with p the mass beyond a value on its side
 *
 *     score = (−log₁₀ p − log₁₀ 2) / (−log₁₀(α/2) − log₁₀ 2)
 *
 * which is 0 at the median and 1 on the edge; in the exponential tail beyond, it is linear in the distance. Where the
 * band is as narrow as the least half-width (minimum deviation, float noise), the score is the distance in half-widths.
 */
export const confidenceInterval: Technique = {
  name: 'confidence_interval',
  needs: { forecast: true, context: true },
  views: ['forecast'],
  warmUpMs: 0,
  create: () => memorylessScorer(scoreAgainstForecast),
};

/** Scores a chunk against its forecast; the six answer columns but `view` are filled. */
export function scoreAgainstForecast(columns: Omit<ScoreColumns, 'view'>, options: ScoreOptions): void {
  const tail = (1 - options.confidenceLevel) / 2;
  const scale = 1 / (-Math.log10(tail) - MEDIAN_SURPRISE);
  for (let i = 0; i < columns.count; i++) scoreOne(columns, i, { options, tail, scale });
}

interface Edge {
  readonly options: ScoreOptions;
  readonly tail: number;
  readonly scale: number;
}

function scoreOne(columns: Omit<ScoreColumns, 'view'>, i: number, { options, tail, scale }: Edge): void {
  const offset = i * QUANTILE_LEVELS.length;
  const value = columns.value[i]!;
  const median = columns.quantiles[offset + MEDIAN_INDEX]!;
  if (!Number.isFinite(value) || !Number.isFinite(median)) {
    setUnscored(columns, i);
    return;
  }
  const expected = clipToRange(median, options.dataRange);
  const least = leastHalfWidth(expected, options);
  const below = Math.max(expected - quantileAt(columns.quantiles, offset, tail), 0);
  const above = Math.max(quantileAt(columns.quantiles, offset, 1 - tail) - expected, 0);
  columns.expected[i] = expected;
  columns.lower[i] = clipToRange(expected - Math.max(below, least), options.dataRange);
  columns.upper[i] = clipToRange(expected + Math.max(above, least), options.dataRange);
  const width = value < expected ? below : above;
  const distance = Math.abs(value - expected);
  const raw =
    width < least
      ? distance / least
      : distance === 0
        ? 0
        : (surpriseAt(columns.quantiles, offset, value) - MEDIAN_SURPRISE) * scale;
  settle(columns, i, raw, options);
}
