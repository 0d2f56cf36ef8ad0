import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;
/** The nine levels 0.1 … 0.9 of the protocol's CRPS. */
const CRPS_LEVELS = QUANTILE_LEVELS.flatMap((level, i) => (level >= 0.1 && level <= 0.9 ? [i] : []));
/** Lower and upper level of the 80, 90 and 98 % intervals. */
const INTERVALS = [2, 1, 0].map((lower) => [lower, LEVELS - 1 - lower] as const);

/** Scores of an engine on the windows of one set and term. */
export interface Scores {
  /** Mean absolute scaled error of the median; NaN when no window has a scale. */
  readonly mase: number;
  /** Mean weighted quantile loss over 0.1 … 0.9; NaN when all values are zero. */
  readonly crps: number;
  readonly mae: number;
  /** Share of the samples inside, edges included. */
  readonly coverage80: number;
  readonly coverage90: number;
  readonly coverage98: number;
  /** Processor time of a forecast. */
  readonly msPerSeries: number;
  /** Samples that were judged. */
  readonly samples: number;
}

/** One series in one window. */
export interface WindowPart {
  /** Step-major, a value per level. */
  readonly quantiles: Float64Array;
  /** What came; NaN where nothing did. */
  readonly actual: Float64Array;
  /** Mean seasonal difference of the past. */
  readonly scale: number;
}

/** Adds up what the protocol's scores are made of. */
export class Tally {
  readonly #losses = new Float64Array(CRPS_LEVELS.length);
  readonly #inside = new Float64Array(INTERVALS.length);
  #scaledErrors = 0;
  #scaledSamples = 0;
  #errors = 0;
  #sizes = 0;
  #samples = 0;
  #durationMs = 0;
  #forecasts = 0;

  /** Throws when a forecast is not finite where a sample came: an engine that says nothing must not look good. */
  add({ quantiles, actual, scale }: WindowPart): void {
    for (let step = 0; step < actual.length; step++) {
      const value = actual[step]!;
      if (Number.isNaN(value)) continue;
      const at = step * LEVELS;
      const error = Math.abs(value - quantiles[at + MEDIAN_INDEX]!);
      if (!Number.isFinite(error))
        throw new Error(`the forecast of step ${step + 1} is ${quantiles[at + MEDIAN_INDEX]}`);
      this.#samples++;
      this.#errors += error;
      this.#sizes += Math.abs(value);
      if (scale > 0) {
        this.#scaledErrors += error / scale;
        this.#scaledSamples++;
      }
      CRPS_LEVELS.forEach((level, i) => {
        const quantile = quantiles[at + level]!;
        this.#losses[i]! += 2 * Math.abs((value - quantile) * ((value <= quantile ? 1 : 0) - QUANTILE_LEVELS[level]!));
      });
      INTERVALS.forEach(([lower, upper], i) => {
        if (value >= quantiles[at + lower]! && value <= quantiles[at + upper]!) this.#inside[i]! += 1;
      });
    }
  }

  addTime(durationMs: number, forecasts: number): void {
    this.#durationMs += durationMs;
    this.#forecasts += forecasts;
  }

  scores(): Scores {
    const losses = this.#losses.reduce((sum, loss) => sum + loss, 0) / CRPS_LEVELS.length;
    const [coverage80, coverage90, coverage98] = [...this.#inside].map((count) => count / this.#samples);
    return {
      mase: this.#scaledErrors / this.#scaledSamples,
      crps: this.#sizes > 0 ? losses / this.#sizes : Number.NaN,
      mae: this.#errors / this.#samples,
      coverage80: coverage80!,
      coverage90: coverage90!,
      coverage98: coverage98!,
      msPerSeries: this.#durationMs / this.#forecasts,
      samples: this.#samples,
    };
  }
}
