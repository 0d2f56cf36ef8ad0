import { correct, stepCorrection, uncorrect } from '../tail/front.ts';
import {
  EITHER,
  EXCESSES,
  INDEX,
  learnTail,
  RARITY_AT_START,
  RARITY_FLOATS,
  ratioAt,
  SAMPLES,
  SCALE,
  START_ABOVE,
  startTail,
  tailSlope,
} from '../tail/rarity.ts';
import { edgeOf } from '../tail/scorer.ts';
import { FIRST_INDEX, FIRST_INDEX_WEIGHT, TAIL_SHARE } from '../tail/settings.ts';

/** Place of the mean isolation, after a rarity's floats. */
const MEAN = RARITY_FLOATS;
const FLOATS = RARITY_FLOATS + 1;
/** Weight of the newest sample in mean and scale: some days of minutes. */
const RATE = 1 / 4000;
const MOST_SCALES = 5;
const LEAST_SCALE = 1e-4;

/**
 * How rare an isolation is for its own forest: its distance above the usual one, in mean deviations, has a tail that is
 * learnt as in the technique `tail`. That makes scores of forests of different sizes and series comparable.
 */
export class IsolationCalibration {
  readonly #row = new Float32Array(FLOATS);

  get isStarted(): boolean {
    return this.#row[EXCESSES]! > 0;
  }

  get row(): Float32Array {
    return this.#row;
  }

  /** Starts from isolations of samples that the forest knows. */
  start(isolations: Float64Array): void {
    const row = this.#row;
    const mean = isolations.reduce((sum, value) => sum + value, 0) / isolations.length;
    const size = isolations.reduce((sum, value) => sum + Math.abs(value - mean), 0) / isolations.length;
    row[MEAN] = mean;
    row[SCALE] = Math.max(size, LEAST_SCALE);
    row[INDEX] = FIRST_INDEX;
    row[EXCESSES] = FIRST_INDEX_WEIGHT;
    startTail(
      row,
      0,
      Float32Array.from(isolations, (value) => Math.max(value - mean, 0) / row[SCALE]!),
    );
    row[SAMPLES] = isolations.length;
  }

  /** Rarity as −log₁₀, corrected as scores are. */
  rarity(isolation: number, stepMs: number): number {
    const row = this.#row;
    const ratio = this.#ratio(isolation);
    const slope = tailSlope(row[INDEX]!);
    const rarity = ratio <= 1 ? RARITY_AT_START * ratio : RARITY_AT_START + slope * Math.log(ratio);
    return correct(rarity, { step: stepCorrection(stepMs), samples: row[SAMPLES]! });
  }

  /** The isolation at which the corrected rarity reaches an edge. */
  isolationAt(edge: number, stepMs: number): number {
    const row = this.#row;
    const rarity = uncorrect(edge, { step: stepCorrection(stepMs), samples: row[SAMPLES]! });
    const ratio = ratioAt(rarity, tailSlope(row[INDEX]!));
    return row[MEAN]! + ratio * row[SCALE]! * row[START_ABOVE]!;
  }

  learn(isolation: number): void {
    const row = this.#row;
    const ratio = this.#ratio(isolation);
    learnTail(row, 0, ratio > 1 ? Math.log(ratio) : 0, EITHER);
    const distance = Math.abs(isolation - row[MEAN]!);
    const most = MOST_SCALES * row[SCALE]!;
    row[MEAN]! += RATE * Math.max(-most, Math.min(most, isolation - row[MEAN]!));
    row[SCALE] = Math.max(LEAST_SCALE, row[SCALE]! + RATE * (Math.min(distance, most) - row[SCALE]!));
    row[SAMPLES]!++;
  }

  #ratio(isolation: number): number {
    const row = this.#row;
    return Math.max(isolation - row[MEAN]!, 0) / (row[SCALE]! * row[START_ABOVE]!);
  }
}

/**
 * A forest's own tail is thinner than those of series, and less well known: the rarity on the edge of the band, in those
 * of `tail`, that makes the fewest mistakes on the labelled servers of two sets.
 */
const EDGE_SHARE = 1.1;

export function forestEdgeOf(confidenceLevel: number): number {
  return EDGE_SHARE * edgeOf(confidenceLevel);
}

/** Rows a forest is asked about to start its calibration: as many as tell the start of a tail. */
export const START_ROWS = Math.ceil(4 / TAIL_SHARE);
