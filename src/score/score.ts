import type { SampleRun } from '../series/context.ts';
import type { Labels } from '../series/labels.ts';

/**
 * What all techniques share. A score is ≥ 0: 0 on the expected line, 1 on the edge of the band, without upper bound.
 * `anomaly` is −1 below, 0 normal, 1 above.
 */
export interface ScoreOptions {
  readonly confidenceLevel: number;
  readonly direction: 'both' | 'above' | 'below';
  readonly threshold: number;
  readonly minDeviation: { readonly absolute: number; readonly relative: number };
  readonly dataRange: readonly [number, number] | undefined;
}

/** One instant of many series, a column each. NaN in `value`: nothing to score. */
export interface ScoreColumns {
  readonly count: number;
  readonly value: Float64Array;
  /** Calibrated forecast quantiles, one a level of QUANTILE_LEVELS and series; NaN where a series has no forecast. Empty
   * where the pipeline makes none. */
  readonly quantiles: Float64Array;
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly score: Float64Array;
  readonly anomaly: Float64Array;
  /** Which of the technique's views had the most to do with the score, as an index into `Technique.views`. */
  readonly view: Uint8Array;
  /** Share that the series has in its group's score, for techniques that look at several series together. */
  readonly contribution?: Float64Array;
}

/** What every technique fills; which view spoke is the affair of those that have several. */
type AnswerColumns = Omit<ScoreColumns, 'view' | 'contribution'>;

/** Which series and instant a chunk of columns is about: entry i of every column belongs to slots[i]. */
export interface ScoreInstant {
  readonly slots: readonly number[];
  readonly timestampMs: number;
  /** 1 where a sample is in maintenance: others must not be judged by it. What is learnt of it is put back. */
  readonly excluded?: Uint8Array;
}

export interface Technique {
  readonly name: string;
  /** A pipeline whose technique needs neither reads increments only and runs no model. */
  readonly needs: { readonly forecast: boolean; readonly context: boolean };
  /** What a sample can be conspicuous by, such as `spike`; at least one. */
  readonly views: readonly string[];
  /** Past that a new series learns from before it is scored, where it can be had; 0 for techniques without memory. */
  readonly warmUpMs: number;
  /** Past that it learns from where the pipeline holds that much anyway; `warmUpMs` unless said. */
  readonly pastMs?: number;
  /** Whether what it remembers is by the clock of the pipeline's time zone, and of no use by another. */
  readonly knowsTimeOfDay?: boolean;
  /** Share of usual samples inside the band at a confidence level; undefined: the level itself. */
  coverageAt?(confidenceLevel: number): number;
  create(shape: ScorerShape): Scorer;
}

export interface ScorerShape {
  readonly stepMs: number;
  /** Labels whose values tell groups of series apart, for techniques that join series. */
  readonly by?: readonly string[];
  /** Whether the series of a group are one sample together. */
  readonly isMultivariate?: boolean;
  /** Whether the pipeline makes forecasts, so that columns bring their quantiles. */
  readonly hasForecasts?: boolean;
  /** IANA time zone of the pipeline, for techniques that know the time of day; UTC unless given. */
  readonly timezone?: string;
}

/**
 * What a technique remembers of the series of one pipeline, in columns over slots. Slots are those of the pipeline's
 * contexts: small integers that are used again. Instants of a series only ascend.
 */
export interface Scorer {
  /** Bytes held. */
  readonly bytes: number;
  /**
   * Series that are scored between two breaths; a thousand unless said. Infinity: a series is judged by others, so that
   * all of an instant come in one piece, and what is learnt of the past is learnt by scoring it.
   */
  readonly atOnce?: number;
  /** Starts a slot with nothing learnt, published under `labels`, which techniques that join series look at; before anything else is asked of it. */
  add(slot: number, labels?: Labels): void;
  remove(slot: number): void;
  /** Whether the next sample of the slot will be scored. */
  isWarm(slot: number): boolean;
  /** Learns from the past without an answer. NaN is a missing sample. */
  learn(slot: number, run: SampleRun): void;
  /**
   * Fills the six answer columns, NaN where a series cannot be scored, then learns the samples. The band is what was
   * known before the sample.
   */
  score(columns: ScoreColumns, at: ScoreInstant, options: ScoreOptions): void;
  /** What a snapshot keeps of a slot; undefined where that is nothing. */
  exportSlot(slot: number): Uint8Array | undefined;
  /** Takes back what `exportSlot` gave; the slot was added before. */
  importSlot(slot: number, memory: Uint8Array): void;
}

/** The scorer of a technique that remembers nothing: a function of the columns. */
export function memorylessScorer(score: (columns: ScoreColumns, options: ScoreOptions) => void): Scorer {
  return {
    bytes: 0,
    add() {},
    remove() {},
    isWarm: () => true,
    learn() {},
    score(columns, _, options) {
      columns.view.fill(0);
      score(columns, options);
    },
    exportSlot: () => undefined,
    importSlot() {},
  };
}

/**
 * Half-widths below this share of the expected value are rounding noise of the source, not a band: without a floor a
 * series that has never moved would be flagged for the last digit of a float.
 */
const NOISE_RELATIVE = 1e-4;
const NOISE_ABSOLUTE = 1e-12;
/** For techniques that learn what a series' own noise is: rounding of double-precision sums. */
const FLOAT_NOISE = 1e-9;

/** Scores above this grow with the logarithm, so that one fault does not flatten a dashboard's axis. */
const LINEAR_UP_TO = 10;

/** A sample outside `data_range` is an anomaly by itself and scores at least this multiple of the threshold. */
export const OUTSIDE_RANGE = 2;

/** Half-width a band has at least: what the user calls too small to matter, and the noise of floats. */
export function leastHalfWidth(expected: number, options: ScoreOptions, noise = NOISE_RELATIVE): number {
  const size = Math.abs(expected);
  const { absolute, relative } = options.minDeviation;
  return Math.max(absolute, relative * size, noise * size, NOISE_ABSOLUTE);
}

export function isOutsideRange(value: number, dataRange: ScoreOptions['dataRange']): boolean {
  return dataRange !== undefined && (value < dataRange[0] || value > dataRange[1]);
}

export function clipToRange(value: number, dataRange: ScoreOptions['dataRange']): number {
  return dataRange === undefined ? value : Math.min(Math.max(value, dataRange[0]), dataRange[1]);
}

export function compressScore(score: number): number {
  return score <= LINEAR_UP_TO ? score : LINEAR_UP_TO * (1 + Math.log(score / LINEAR_UP_TO));
}

/**
 * Writes score and flag of entry i, whose value and band stand in the columns. `raw` is the technique's opinion; here
 * it is made to agree with the band: inside the band and a score below 1 are the same statement, the edge is 1.
 */
export function settle(columns: AnswerColumns, i: number, raw: number, options: ScoreOptions): void {
  const value = columns.value[i]!;
  const expected = columns.expected[i]!;
  const isInside = value >= columns.lower[i]! && value <= columns.upper[i]!;
  const outsideRange = isOutsideRange(value, options.dataRange);
  // Numbers too small to divide leave the technique without an opinion: then the band alone decides.
  const opinion = Number.isNaN(raw) ? 0 : raw;
  let score = isInside ? Math.min(Math.max(opinion, 0), 1) : compressScore(Math.max(opinion, 1 + 1e-9));
  if (outsideRange) score = Math.max(score, OUTSIDE_RANGE * Math.max(options.threshold, 1));
  columns.score[i] = score;
  const side = value > expected ? 1 : value < expected ? -1 : 0;
  const isWatched = options.direction === 'both' || (options.direction === 'above' ? side > 0 : side < 0);
  columns.anomaly[i] = outsideRange || (isWatched && score > options.threshold) ? side : 0;
}

export interface Opinion {
  readonly lower: number;
  readonly upper: number;
  /** The middle of the band unless the technique knows better. */
  readonly expected?: number;
  readonly raw: number;
}

/**
 * As `settle`, for techniques that know a band and a score: the band is put into the columns, at least as wide as the
 * least half-width, inside the data range.
 */
export function settleBand(columns: AnswerColumns, i: number, opinion: Opinion, options: ScoreOptions): void {
  const { lower, upper, raw } = opinion;
  const expected = clipToRange(opinion.expected ?? lower / 2 + upper / 2, options.dataRange);
  const least = leastHalfWidth(expected, options, FLOAT_NOISE);
  columns.expected[i] = expected;
  columns.lower[i] = clipToRange(Math.min(lower, expected - least), options.dataRange);
  columns.upper[i] = clipToRange(Math.max(upper, expected + least), options.dataRange);
  settle(columns, i, raw, options);
}

export function setUnscored(columns: AnswerColumns, i: number): void {
  columns.expected[i] = Number.NaN;
  columns.lower[i] = Number.NaN;
  columns.upper[i] = Number.NaN;
  columns.score[i] = Number.NaN;
  columns.anomaly[i] = Number.NaN;
}
