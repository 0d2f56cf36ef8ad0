import { RARITY_AT_START, ratioAt } from './rarity.ts';
import { STEP_WEIGHT, YOUTH } from './settings.ts';

/** Views join as a power mean: between their mean and the loudest of them. */
const POWER = 4;
const MINUTE_MS = 60_000;
/** Rounds of false position at most for an edge of the band. */
const MOST_ROUNDS = 12;
/** Precision of an edge, as a share of the joined rarity there; the score is made to agree with the edge published. */
const PRECISION = 1e-2;
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
  /** OFF: too little known, counts as 0. STILL: never moved, any move is as rare as `rarity`. TAIL: by ratio. */
  readonly kind: Uint8Array;
  readonly weight: Float64Array;
  readonly centre: Float64Array;
  /** ρ of a value is |value − centre| · gain. */
  readonly gain: Float64Array;
  /** Rarity a unit of ln ρ beyond the start of the tail. */
  readonly slope: Float64Array;
  /** Of the sample last looked at: rarity and ln ρ of each view. */
  readonly rarity: Float64Array;
  readonly logRatio: Float64Array;
  lower = Number.NaN;
  upper = Number.NaN;

  constructor(weights: readonly number[]) {
    this.views = weights.length;
    this.kind = new Uint8Array(this.views);
    this.weight = Float64Array.from(weights);
    this.centre = new Float64Array(this.views);
    this.gain = new Float64Array(this.views);
    this.slope = new Float64Array(this.views);
    this.rarity = new Float64Array(this.views);
    this.logRatio = new Float64Array(this.views);
  }

  /** Joined rarity of a value, before corrections: (Σ (w · rarity)⁴ / views)^¼. Leaves the views' own behind. */
  look(value: number): number {
    return fourthRoot(this.#sum(value) / this.views);
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
   * stays below `edge`. Where it is not below it anywhere the band collapses to the calmest point.
   */
  findBand(edge: number): void {
    const target = this.views * edge ** POWER;
    const middle = this.#calmest(target);
    if (this.#sum(middle) >= target) {
      this.lower = middle;
      this.upper = middle;
      return;
    }
    this.lower = this.#edgeBeyond(middle, -1, target);
    this.upper = this.#edgeBeyond(middle, 1, target);
  }

  #sum(value: number): number {
    let sum = 0;
    for (let j = 0; j < this.views; j++) {
      const rarity = this.#rarityOf(j, value);
      const square = (rarity * this.weight[j]!) ** 2;
      sum += square * square;
    }
    return sum;
  }

  #rarityOf(j: number, value: number): number {
    const kind = this.kind[j]!;
    let rarity = 0;
    let logRatio = 0;
    if (kind === TAIL) {
      const ratio = Math.abs(value - this.centre[j]!) * this.gain[j]!;
      if (ratio <= 1) rarity = RARITY_AT_START * ratio;
      else {
        logRatio = Math.log(ratio);
        rarity = RARITY_AT_START + logRatio * this.slope[j]!;
      }
    } else if (kind === STILL && value !== this.centre[j]!) rarity = this.gain[j]!;
    this.rarity[j] = rarity;
    this.logRatio[j] = logRatio;
    return rarity;
  }

  /** The newest value where it is calm there, else the calmest point between the views' centres. */
  #calmest(target: number): number {
    let least = Number.POSITIVE_INFINITY;
    let calmest = Number.NaN;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < this.views; j++) {
      if (this.kind[j] === OFF) continue;
      const centre = this.centre[j]!;
      low = Math.min(low, centre);
      high = Math.max(high, centre);
      const sum = this.#sum(centre);
      if (sum < target) return centre;
      if (sum >= least) continue;
      least = sum;
      calmest = centre;
    }
    for (let i = 1; i < CENTRE_ROUNDS; i++) {
      const point = low + ((high - low) * i) / CENTRE_ROUNDS;
      const sum = this.#sum(point);
      if (sum >= least) continue;
      least = sum;
      calmest = point;
    }
    return calmest;
  }

  /**
   * Where the joined rarity reaches the target on one side of a calm point. It lies between the nearest points at which
   * some view could reach it with the help of all others and at which one reaches it alone; false position finds it.
   */
  #edgeBeyond(calm: number, side: number, target: number): number {
    let near = Number.POSITIVE_INFINITY;
    let far = Number.POSITIVE_INFINITY;
    for (let j = 0; j < this.views; j++) {
      near = Math.min(near, this.#distanceAt(j, fourthRoot(target / this.views) / this.weight[j]!, calm, side));
      far = Math.min(far, this.#distanceAt(j, fourthRoot(target) / this.weight[j]!, calm, side));
    }
    if (far === Number.POSITIVE_INFINITY) return side * far;
    if (far <= 0) return calm;
    let inside = Math.max(near, 0);
    let insideExcess = this.#sum(calm + side * inside) - target;
    if (insideExcess >= 0) {
      inside = 0;
      insideExcess = this.#sum(calm) - target;
    }
    let outside = far;
    let outsideExcess = this.#sum(calm + side * outside) - target;
    let moved = 0;
    for (let round = 0; round < MOST_ROUNDS && outsideExcess > 0; round++) {
      const share = insideExcess / (insideExcess - outsideExcess);
      const between = inside + (outside - inside) * share;
      const excess = this.#sum(calm + side * between) - target;
      if (Math.abs(excess) < PRECISION * target) return calm + side * between;
      // An end that stays twice counts half, or the other would creep (the Illinois rule).
      if (excess < 0) {
        inside = between;
        insideExcess = excess;
        if (moved < 0) outsideExcess /= 2;
      } else {
        outside = between;
        outsideExcess = excess;
        if (moved > 0) insideExcess /= 2;
      }
      moved = excess;
    }
    return calm + side * outside;
  }

  /** Distance from `from` on a side at which one view has a rarity; may be negative, Infinity where it never has. */
  #distanceAt(j: number, rarity: number, from: number, side: number): number {
    const kind = this.kind[j]!;
    if (kind === OFF) return Number.POSITIVE_INFINITY;
    const toCentre = (this.centre[j]! - from) * side;
    if (kind === STILL) return rarity <= this.gain[j]! ? toCentre : Number.POSITIVE_INFINITY;
    return toCentre + ratioAt(rarity, this.slope[j]!) / this.gain[j]!;
  }
}

function fourthRoot(value: number): number {
  return Math.sqrt(Math.sqrt(value));
}

/** Corrections of the joined rarity for the length of a step and the youth of a series, and the way back. */
export function correct(joined: number, by: { readonly stepMs: number; readonly samples: number }): number {
  const stepped = joined > 1 ? joined + stepCorrection(by.stepMs) : joined;
  return stepped * youthOf(by.samples);
}

/** The joined rarity at which the corrected one reaches `edge`. */
export function uncorrect(edge: number, by: { readonly stepMs: number; readonly samples: number }): number {
  return Math.max(edge / youthOf(by.samples) - stepCorrection(by.stepMs), 1);
}

function stepCorrection(stepMs: number): number {
  return STEP_WEIGHT * Math.log10(stepMs / MINUTE_MS);
}

function youthOf(samples: number): number {
  return samples / (samples + YOUTH);
}
