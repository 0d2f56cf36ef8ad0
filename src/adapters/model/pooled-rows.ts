import { QUANTILE_LEVELS } from '../../forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;
const FIRST = QUANTILE_LEVELS[0]!;
/** Knots of a distribution: its levels, and where it is thought to end on either side. */
const KNOTS = LEVELS + 2;
const SHARES = Float64Array.of(0, ...QUANTILE_LEVELS, 1);
/** Length of an end, as a share of the outermost stretch between two levels: the density goes on as it was. */
const END = FIRST / (QUANTILE_LEVELS[1]! - FIRST);
/**
 * How much the levels of the mixture count for beside the mean of the levels. Where candidates disagree the mean is the
 * narrower one (Lichtendahl, Grushka-Cockayne and Winkler 2013). A little short of half way errs as little as half way does
 * on four sources, and its bands, too wide on most of them, are nearer to what they promise.
 */
const MIXTURE_SHARE = 0.4;

/** Rows of several candidates as one: between the mean of their levels and the levels of their mixture. */
export class PooledRows {
  readonly #target: Float64Array;
  readonly #rows: Float64Array[] = [];
  readonly #weights: number[] = [];

  constructor(target: Float64Array) {
    this.#target = target;
  }

  /** Keeps a copy of rows, step by step and level by level. */
  add(rows: Float64Array, weight: number): void {
    this.#rows.push(rows.slice(0, this.#target.length));
    this.#weights.push(weight);
  }

  /** Puts what was added into the target: exact where all agree. */
  finish(): void {
    const total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    if (this.#rows.length === 1) this.#target.set(this.#rows[0]!);
    else if (this.#rows.length > 1)
      new Pool(
        this.#rows,
        this.#weights.map((weight) => weight / total),
      ).fill(this.#target);
  }
}

class Pool {
  readonly #rows: readonly Float64Array[];
  readonly #weights: Float64Array;
  /** Knots of each candidate at one step, ascending, and the first of them that was not passed yet. */
  readonly #knots: Float64Array;
  readonly #next: Int32Array;

  constructor(rows: readonly Float64Array[], weights: readonly number[]) {
    this.#rows = rows;
    this.#weights = Float64Array.from(weights);
    this.#knots = new Float64Array(rows.length * KNOTS);
    this.#next = new Int32Array(rows.length);
  }

  fill(target: Float64Array): void {
    for (let at = 0; at < target.length; at += LEVELS) {
      this.#setKnots(at);
      this.#fillMixture(target, at);
      this.#joinMean(target, at);
    }
  }

  #setKnots(at: number): void {
    const knots = this.#knots;
    for (let c = 0; c < this.#rows.length; c++) {
      const row = this.#rows[c]!;
      const first = c * KNOTS;
      const last = at + LEVELS - 1;
      for (let i = 0; i < LEVELS; i++) knots[first + 1 + i] = row[at + i]!;
      knots[first] = row[at]! - END * (row[at + 1]! - row[at]!);
      knots[first + KNOTS - 1] = row[last]! + END * (row[last]! - row[last - 1]!);
    }
    this.#next.fill(0);
  }

  /** Levels of the mixture: goes from knot to knot of all candidates, and writes the levels that lie between two. */
  #fillMixture(target: Float64Array, at: number): void {
    const knots = this.#knots;
    const next = this.#next;
    const weights = this.#weights;
    const count = weights.length;
    let before = Number.NaN;
    let shareBefore = 0;
    let i = 0;
    while (i < LEVELS) {
      let knot = Number.POSITIVE_INFINITY;
      for (let c = 0; c < count; c++) if (next[c]! < KNOTS) knot = Math.min(knot, knots[c * KNOTS + next[c]!]!);
      // Rows beyond what numbers can say have a mean at most.
      if (!(knot < Number.POSITIVE_INFINITY)) {
        target.fill(Number.NaN, at + i, at + LEVELS);
        return;
      }
      let below = 0;
      let upTo = 0;
      for (let c = 0; c < count; c++) {
        const first = c * KNOTS;
        let n = next[c]!;
        if (n === KNOTS) {
          below += weights[c]!;
          upTo += weights[c]!;
          continue;
        }
        const right = knots[first + n]!;
        const share =
          n === 0
            ? 0
            : SHARES[n - 1]! + shareBetween(knots[first + n - 1]!, right, knot) * (SHARES[n]! - SHARES[n - 1]!);
        below += weights[c]! * share;
        if (right !== knot) {
          upTo += weights[c]! * share;
          continue;
        }
        while (n < KNOTS && knots[first + n] === knot) n++;
        next[c] = n;
        upTo += weights[c]! * SHARES[n - 1]!;
      }
      // What lies on a value has a share of its own, such as the zero of a count.
      for (; i < LEVELS && QUANTILE_LEVELS[i]! <= upTo; i++) {
        const level = QUANTILE_LEVELS[i]!;
        const part = level < below ? (level - shareBefore) / (below - shareBefore) : 1;
        target[at + i] = part === 1 ? knot : before + part * (knot - before);
      }
      before = knot;
      shareBefore = upTo;
    }
  }

  /** From the mixture's levels to those between it and the mean, never outside of what the candidates say. */
  #joinMean(target: Float64Array, at: number): void {
    for (let i = at; i < at + LEVELS; i++) {
      let mean = 0;
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < this.#rows.length; c++) {
        const value = this.#rows[c]![i]!;
        mean += this.#weights[c]! * value;
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      const mixed = target[i]!;
      const joined = Number.isNaN(mixed) ? mean : mean + MIXTURE_SHARE * (mixed - mean);
      target[i] = Math.max(least, Math.min(most, joined));
    }
  }
}

function shareBetween(left: number, right: number, value: number): number {
  return value === right ? 1 : (value - left) / (right - left);
}
