import { MEDIAN_SURPRISE, surpriseAt } from '../../src/forecast/band.ts';
import { CALIBRATION_FLOATS, calibrateRow, initCalibration, learnCalibration } from '../../src/forecast/calibrate.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Surprise at the edge of the product's default band, and how far beyond it samples still teach (evaluate/score-step). */
const EDGE_SURPRISE = -Math.log10(0.005);
const TEACHES_UP_TO = 3;
/** A band that flags more than this share of some 200 samples is wrong, and then everything teaches. */
const FLAG_SHARE_OF_A_WRONG_BAND = 0.2;
const FLAG_WEIGHT = 1 / 200;

/**
 * The product's calibration over forecasts that follow each other: each sample is compared with a row calibrated by the
 * samples before it, then teaches, as in an evaluation.
 */
export class RollingCalibration {
  readonly #state: Float32Array;
  readonly #flagShares: Float64Array;

  constructor(series: number) {
    this.#state = new Float32Array(series * CALIBRATION_FLOATS);
    this.#flagShares = new Float64Array(series);
    for (let s = 0; s < series; s++) initCalibration(this.#state, s * CALIBRATION_FLOATS);
  }

  /** Calibrated quantiles of one series over a window; each step knows the samples before it, and no later one. */
  calibrate(series: number, raw: Float64Array, actual: Float64Array): Float64Array {
    const calibrated = raw.slice();
    const offset = series * CALIBRATION_FLOATS;
    for (let step = 0; step < actual.length; step++) {
      const row = step * LEVELS;
      calibrateRow(this.#state, offset, step + 1, calibrated, row);
      const value = actual[step]!;
      const surprise = surpriseAt(calibrated, row, value);
      if (Number.isNaN(surprise)) continue;
      const score = (surprise - MEDIAN_SURPRISE) / (EDGE_SURPRISE - MEDIAN_SURPRISE);
      const isWrongBand = this.#flagShares[series]! > FLAG_SHARE_OF_A_WRONG_BAND;
      this.#flagShares[series]! += FLAG_WEIGHT * ((score >= 1 ? 1 : 0) - this.#flagShares[series]!);
      if (score <= TEACHES_UP_TO || isWrongBand) learnCalibration(this.#state, offset, step + 1, raw, row, value);
    }
    return calibrated;
  }
}
