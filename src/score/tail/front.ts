import { CALM, EDGE, EdgeSearch, FARTHEST, findEdges, TARGET } from './edges.ts';
import { RARITY_AT_START } from './rarity.ts';
import { FORECAST, SPIKE } from './recent.ts';
import { STEP_WEIGHT, YOUTH } from './settings.ts';

const MINUTE_MS = 60_000;
/** Points tried between the views' centres for a place where nothing is rare. */
const CENTRE_ROUNDS = 12;

export const OFF = 0;
export const STILL = 1;
export const TAIL = 2;

/**
 * All that decides about a sample before it is there: the views of one series, and from them the joined rarity of any
 * value, and the interval in which it stays below the edge. One front is used for series after series.
 */
export class Front {
  readonly views: number;
  /** OFF: too little known, counts as 0. STILL: never moved, any move is rare and a large one rarer. TAIL: by ρ. */
  readonly kind: Uint8Array;
  readonly weight: Float64Array;
  readonly centre: Float64Array;
  /** What a view compares with, in the unit of the series. */
  readonly usual: Float64Array;
  /** ρ of a value is |value − centre| · gain on its side of the centre. */
  readonly gainAbove: Float64Array;
  readonly gainBelow: Float64Array;
  /** Rarity a unit of ln ρ beyond the start of the tail. */
  readonly slope: Float64Array;
  /** Of views that never moved: rarity of a move of ρ up to 1, and the distance that is no move. */
  readonly stillness: Float64Array;
  readonly noise: Float64Array;
  /** Of the sample last looked at: rarity and ln ρ of each view. */
  readonly rarity: Float64Array;
  readonly logRatio: Float64Array;
  lower = Number.NaN;
  upper = Number.NaN;
  readonly #search = new EdgeSearch();

  constructor(weights: readonly number[]) {
    this.views = weights.length;
    this.kind = new Uint8Array(this.views);
    this.weight = Float64Array.from(weights);
    this.centre = new Float64Array(this.views);
    this.usual = new Float64Array(this.views);
    this.gainAbove = new Float64Array(this.views);
    this.gainBelow = new Float64Array(this.views);
    this.slope = new Float64Array(this.views);
    this.stillness = new Float64Array(this.views);
    this.noise = new Float64Array(this.views);
    this.rarity = new Float64Array(this.views);
    this.logRatio = new Float64Array(this.views);
  }

  /** Joined rarity of a value, before corrections: (Σ (w · rarity)⁴ / members)^¼. Leaves the views' own behind. */
  look(value: number): number {
    return fourthRoot(this.#sum(value) / this.#members());
  }

  /**
   * Views that the joined rarity is a mean of. Those of the newest samples count always; the forecast's, where there is
   * one, as much as its weight can add, so that false alarms are as many with it as without.
   */
  #members(): number {
    if (this.views <= FORECAST || this.kind[FORECAST] === OFF) return Math.min(this.views, FORECAST);
    return FORECAST + fourthPower(this.weight[FORECAST]!);
  }

  /** View with the largest weighted rarity in the last look. */
  loudest(): number {
    let loudest = 0;
    for (let j = 1; j < this.views; j++)
      if (this.weight[j]! * this.rarity[j]! > this.weight[loudest]! * this.rarity[loudest]!) loudest = j;
    return loudest;
  }

  /**
   * Puts the band into `lower` and `upper`: around the newest place where nothing is rare, as far as the joined rarity
   * stays below `edge`. Where it is not below it anywhere, as in the middle of an incident, the band collapses to what the
   * view compares with that would speak if the series stayed where it is: that was usual, and the values are beyond it.
   */
  findBand(edge: number): void {
    const { numbers } = this.#search;
    numbers[TARGET] = this.#members() * fourthPower(edge);
    if (this.#findCalm()) {
      this.#prepareSearch();
      findEdges(this.#search);
      this.lower = numbers[EDGE]!;
      this.upper = numbers[EDGE + 1]!;
    } else {
      this.#sum(this.centre[SPIKE]!);
      this.lower = this.usual[this.loudest()]!;
      this.upper = this.lower;
    }
  }

  /** Puts the views into the search. */
  #prepareSearch(): void {
    const { kind, weight, slope } = this;
    const { numbers, centre, gain, noise, flat, linear, steep } = this.#search;
    let isStill = false;
    for (let j = 0; j < this.views; j++) {
      const isTail = kind[j] === TAIL;
      centre[j] = kind[j] === OFF ? 0 : this.centre[j]!;
      gain[0][j] = this.gainBelow[j]!;
      gain[1][j] = this.gainAbove[j]!;
      noise[j] = 0;
      flat[j] = 0;
      linear[j] = isTail ? weight[j]! * RARITY_AT_START : 0;
      steep[j] = isTail ? weight[j]! * slope[j]! : 0;
      if (kind[j] !== STILL) continue;
      isStill = true;
      noise[j] = this.noise[j]!;
      flat[j] = weight[j]! * this.stillness[j]!;
      // Without a size to judge a move by it is as rare at once as it ever will be.
      if (gain[1][j] === 0) gain[0][j] = gain[1][j] = 1;
      else steep[j] = weight[j]! * slope[j]!;
    }
    numbers[FARTHEST] = Number.POSITIVE_INFINITY;
    numbers[FARTHEST + 1] = Number.POSITIVE_INFINITY;
    if (isStill) this.#boundStill();
  }

  /** Sum of the weighted rarities to the fourth; leaves the views' own behind. */
  #sum(value: number): number {
    const { kind, weight, centre, gainAbove, gainBelow, slope, rarity, logRatio } = this;
    let sum = 0;
    for (let j = 0; j < kind.length; j++) {
      const away = value - centre[j]!;
      const ratio = away < 0 ? -away * gainBelow[j]! : away * gainAbove[j]!;
      let own = 0;
      let log = 0;
      if (kind[j] === TAIL) {
        if (ratio <= 1) own = RARITY_AT_START * ratio;
        else {
          log = Math.log(ratio);
          own = RARITY_AT_START + log * slope[j]!;
        }
      } else if (kind[j] === STILL && Math.abs(away) > this.noise[j]!) {
        own = this.stillness[j]!;
        if (ratio > 1) {
          log = Math.log(ratio);
          own += log * slope[j]!;
        }
      }
      rarity[j] = own;
      logRatio[j] = log;
      const weighted = own * weight[j]!;
      const square = weighted * weighted;
      sum += square * square;
    }
    return sum;
  }

  /** Views that never moved add up wherever they all moved: no edge lies beyond. */
  #boundStill(): void {
    const { numbers, flat, centre, noise } = this.#search;
    let sum = 0;
    let below = Number.NEGATIVE_INFINITY;
    let above = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < this.views; j++) {
      if (this.kind[j] !== STILL) continue;
      sum += fourthPower(flat[j]!);
      below = Math.max(below, numbers[CALM]! - centre[j]! + noise[j]!);
      above = Math.max(above, centre[j]! - numbers[CALM]! + noise[j]!);
    }
    if (sum < numbers[TARGET]!) return;
    numbers[FARTHEST] = below;
    numbers[FARTHEST + 1] = above;
  }

  /**
   * Puts the calmest point into the search: the newest value where it is calm there, else a point between the views'
   * centres. Answers whether anything is calm.
   */
  #findCalm(): boolean {
    const { numbers } = this.#search;
    let least = Number.POSITIVE_INFINITY;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < this.views; j++) {
      if (this.kind[j] === OFF) continue;
      const centre = this.centre[j]!;
      low = Math.min(low, centre);
      high = Math.max(high, centre);
      const sum = this.#sum(centre);
      if (sum >= least) continue;
      least = sum;
      numbers[CALM] = centre;
      if (sum < numbers[TARGET]!) return true;
    }
    for (let i = 1; i < CENTRE_ROUNDS; i++) {
      const point = low + ((high - low) * i) / CENTRE_ROUNDS;
      const sum = this.#sum(point);
      if (sum >= least) continue;
      least = sum;
      numbers[CALM] = point;
    }
    return least < numbers[TARGET]!;
  }
}

function fourthPower(value: number): number {
  const square = value * value;
  return square * square;
}

function fourthRoot(value: number): number {
  return Math.sqrt(Math.sqrt(value));
}

/** What the joined rarity is corrected by: `stepCorrection` of the length of a step, and the samples a series has had. */
export interface Correction {
  readonly step: number;
  readonly samples: number;
}

export function correct(joined: number, by: Correction): number {
  return (joined > 1 ? joined + by.step : joined) * youthOf(by.samples);
}

/** The joined rarity at which the corrected one reaches `edge`. */
export function uncorrect(edge: number, by: Correction): number {
  return Math.max(edge / youthOf(by.samples) - by.step, 1);
}

export function stepCorrection(stepMs: number): number {
  return STEP_WEIGHT * Math.log10(stepMs / MINUTE_MS);
}

/** What a series counts for by the samples it has had. */
export function youthOf(samples: number): number {
  return samples / (samples + YOUTH);
}
