import { RARITY_AT_START, ratioAt } from './rarity.ts';
import { FORECAST, SPIKE } from './recent.ts';
import { STEP_WEIGHT, YOUTH } from './settings.ts';

/** Views join as a power mean: between their mean and the loudest of them. */
const POWER = 4;
const MINUTE_MS = 60_000;
/** Rounds at most for an edge of the band. */
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
  /** ρ of the views between which the edge lies: with the help of all, and alone. */
  readonly #near: Float64Array;
  readonly #far: Float64Array;
  /** Sum at the calmest point. */
  #calmSum = 0;

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
    this.#near = new Float64Array(this.views);
    this.#far = new Float64Array(this.views);
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
    return FORECAST + this.weight[FORECAST]! ** POWER;
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
    const target = this.#members() * edge ** POWER;
    const alone = fourthRoot(target);
    for (let j = 0; j < this.views; j++) {
      this.#near[j] = this.#reachOf(j, edge / this.weight[j]!);
      this.#far[j] = this.#reachOf(j, alone / this.weight[j]!);
    }
    const middle = this.#calmest(target);
    if (this.#calmSum < target) {
      this.lower = this.#edgeBeyond(middle, -1, target);
      this.upper = this.#edgeBeyond(middle, 1, target);
    } else {
      this.#sum(this.centre[SPIKE]!);
      this.lower = this.usual[this.loudest()]!;
      this.upper = this.lower;
    }
  }

  /** Sum of the weighted rarities to the fourth; leaves them behind. */
  #sum(value: number): number {
    let sum = 0;
    for (let j = 0; j < this.views; j++) {
      const weighted = this.#rarityOf(j, value) * this.weight[j]!;
      const square = weighted * weighted;
      sum += square * square;
    }
    return sum;
  }

  /** Derivative of the sum at the value that was summed last. */
  #steepnessAt(value: number): number {
    let steepness = 0;
    for (let j = 0; j < this.views; j++) {
      const weighted = this.rarity[j]! * this.weight[j]!;
      if (weighted === 0) continue;
      const away = value - this.centre[j]!;
      const before = this.kind[j] === TAIL ? this.#signedGain(j, away) * RARITY_AT_START : 0;
      const growth = this.logRatio[j]! > 0 ? this.slope[j]! / away : before;
      steepness += POWER * weighted * weighted * weighted * this.weight[j]! * growth;
    }
    return steepness;
  }

  #rarityOf(j: number, value: number): number {
    const kind = this.kind[j]!;
    let rarity = 0;
    let logRatio = 0;
    const away = value - this.centre[j]!;
    if (kind === TAIL || (kind === STILL && Math.abs(away) > this.noise[j]!)) {
      const ratio = away * this.#signedGain(j, away);
      const atStart = kind === TAIL ? RARITY_AT_START : this.stillness[j]!;
      if (ratio <= 1) rarity = kind === TAIL ? RARITY_AT_START * ratio : atStart;
      else {
        logRatio = Math.log(ratio);
        rarity = atStart + logRatio * this.slope[j]!;
      }
    }
    this.rarity[j] = rarity;
    this.logRatio[j] = logRatio;
    return rarity;
  }

  /** Gain on the side that a value lies on, with the sign of the side. */
  #signedGain(j: number, away: number): number {
    return away < 0 ? -this.gainBelow[j]! : this.gainAbove[j]!;
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
      if (sum < target) {
        this.#calmSum = sum;
        return centre;
      }
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
    this.#calmSum = least;
    return calmest;
  }

  /**
   * Where the joined rarity reaches the target on one side of a calm point. It lies between the nearest points at which
   * some view could reach it with the help of all others and at which one reaches it alone. The fourth root of the sum
   * is nearly linear in the logarithm of the distance, so Newton's method gets there in two or three steps; a step that
   * leaves what is left of the interval halves it instead.
   */
  #edgeBeyond(calm: number, side: number, target: number): number {
    let near = Number.POSITIVE_INFINITY;
    let far = Number.POSITIVE_INFINITY;
    let still = 0;
    let farthestStill = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < this.views; j++) {
      if (this.kind[j] === OFF) continue;
      const toCentre = (this.centre[j]! - calm) * side;
      near = Math.min(near, toCentre + this.#distanceOf(j, this.#near[j]!, side));
      far = Math.min(far, toCentre + this.#distanceOf(j, this.#far[j]!, side));
      if (this.kind[j] !== STILL) continue;
      still += (this.stillness[j]! * this.weight[j]!) ** POWER;
      farthestStill = Math.max(farthestStill, toCentre + this.noise[j]!);
    }
    // Views that never moved add up wherever they all moved.
    if (still >= target) far = Math.min(far, farthestStill);
    if (far === Number.POSITIVE_INFINITY) return side * far;
    if (far <= 0) return calm;
    near = Math.max(near, 0);
    let isNearCalm = false;
    const edge = fourthRoot(target);
    let distance = (near + far) / 2;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const value = calm + side * distance;
      const sum = this.#sum(value);
      if (Math.abs(sum - target) < PRECISION * target) return value;
      if (sum < target) {
        near = distance;
        isNearCalm = true;
      } else far = distance;
      const root = fourthRoot(sum);
      const rise = (this.#steepnessAt(value) * side * distance * root) / (POWER * sum);
      const next = distance * Math.exp((edge - root) / rise);
      if (next > near && next < far) distance = next;
      else {
        // What was thought to be calm need not be, where the views' centres lie on either side.
        if (!isNearCalm && next <= near) near = 0;
        distance = (near + far) / 2;
      }
    }
    return calm + side * far;
  }

  /** ρ at which one view has a rarity; Infinity where it never has. */
  #reachOf(j: number, rarity: number): number {
    const kind = this.kind[j]!;
    if (kind === OFF) return Number.POSITIVE_INFINITY;
    if (kind === TAIL) return ratioAt(rarity, this.slope[j]!);
    return rarity <= this.stillness[j]! ? 0 : Math.exp((rarity - this.stillness[j]!) / this.slope[j]!);
  }

  /** Distance from its centre at which a view has a ρ, on a side. */
  #distanceOf(j: number, ratio: number, side: number): number {
    const gain = side > 0 ? this.gainAbove[j]! : this.gainBelow[j]!;
    const distance = ratio === 0 ? 0 : ratio / gain;
    return this.kind[j] === STILL ? Math.max(distance, this.noise[j]!) : distance;
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

/** What a series counts for by the samples it has had. */
export function youthOf(samples: number): number {
  return samples / (samples + YOUTH);
}
