/** Rounds at most for an edge. */
const MOST_ROUNDS = 12;
/** Precision of an edge, as a share of the sum there; the score is made to agree with the edge published. */
const PRECISION = 1e-2;
/** Where the search begins, as a share of where the first view reaches the target alone. */
const FIRST_GUESS = 0.72;

/** Views that there can be. */
const MOST_VIEWS = 4;

/** Places in `EdgeSearch.numbers`. `FARTHEST` and `EDGE` have a place a side, below and above. */
export const CALM = 0;
export const TARGET = 1;
export const FARTHEST = 2;
export const EDGE = 4;

/**
 * The search for where, on either side of a calm point, the sum of the weighted rarities to the fourth reaches a target.
 * Up to four views, a column each. On side k, 0 below and 1 above, a view has at the distance x from its centre, where
 * ρ = x · gain[k], the weighted rarity
 *   0                               for x ≤ noise
 *   flat + linear · ρ               for ρ ≤ 1
 *   flat + linear + steep · ln ρ    beyond
 * A view that counts for nothing has a finite centre and zeros.
 */
export class EdgeSearch {
  /** What is searched and found, in columns too: a number that is handed to a function or back is memory each time. */
  readonly numbers = new Float64Array(EDGE + 2);
  readonly centre = new Float64Array(MOST_VIEWS);
  readonly gain: readonly [Float64Array, Float64Array] = [new Float64Array(MOST_VIEWS), new Float64Array(MOST_VIEWS)];
  readonly noise = new Float64Array(MOST_VIEWS);
  readonly flat = new Float64Array(MOST_VIEWS);
  readonly linear = new Float64Array(MOST_VIEWS);
  readonly steep = new Float64Array(MOST_VIEWS);
}

/**
 * Puts both edges into their places; Infinity where the target is never reached. No edge is beyond `FARTHEST`.
 *
 * An edge lies no farther than where the first view reaches the target alone. The fourth root of the sum is nearly linear
 * in the logarithm of the distance, so Newton's method gets there in two steps; one that leaves what is left of the
 * interval halves it instead. All of it is one function over numbers in registers, views written out: it is most of what
 * a sample costs, and a call or a loop over views doubles it.
 */
export function findEdges({ numbers, centre, gain, noise, flat, linear, steep }: EdgeSearch): void {
  const calm = numbers[CALM]!;
  const target = numbers[TARGET]!;
  const edge = Math.sqrt(Math.sqrt(target));
  const n0 = noise[0]!;
  const n1 = noise[1]!;
  const n2 = noise[2]!;
  const n3 = noise[3]!;
  const f0 = flat[0]!;
  const f1 = flat[1]!;
  const f2 = flat[2]!;
  const f3 = flat[3]!;
  const l0 = linear[0]!;
  const l1 = linear[1]!;
  const l2 = linear[2]!;
  const l3 = linear[3]!;
  const s0 = steep[0]!;
  const s1 = steep[1]!;
  const s2 = steep[2]!;
  const s3 = steep[3]!;
  const t0 = f0 + l0;
  const t1 = f1 + l1;
  const t2 = f2 + l2;
  const t3 = f3 + l3;
  const hasFourth = t3 + s3 > 0;
  const reach0 = reachOf(edge, f0, l0, s0);
  const reach1 = reachOf(edge, f1, l1, s1);
  const reach2 = reachOf(edge, f2, l2, s2);
  const reach3 = hasFourth ? reachOf(edge, f3, l3, s3) : Number.POSITIVE_INFINITY;
  for (let k = 0; k < 2; k++) {
    const side = k === 0 ? -1 : 1;
    const beyond = gain[k]!;
    const before = gain[1 - k]!;
    const c0 = (centre[0]! - calm) * side;
    const c1 = (centre[1]! - calm) * side;
    const c2 = (centre[2]! - calm) * side;
    const c3 = (centre[3]! - calm) * side;
    const b0 = beyond[0]!;
    const b1 = beyond[1]!;
    const b2 = beyond[2]!;
    const b3 = beyond[3]!;
    const a0 = before[0]!;
    const a1 = before[1]!;
    const a2 = before[2]!;
    const a3 = before[3]!;
    let low = 0;
    let high = Math.min(numbers[FARTHEST + k]!, c0 + Math.max(reach0 / b0, n0));
    high = Math.min(high, c1 + Math.max(reach1 / b1, n1));
    high = Math.min(high, c2 + Math.max(reach2 / b2, n2));
    if (hasFourth) high = Math.min(high, c3 + Math.max(reach3 / b3, n3));
    if (!(high > 0 && high < Number.POSITIVE_INFINITY)) {
      numbers[EDGE + k] = high > 0 ? side * high : calm;
      continue;
    }
    let distance = FIRST_GUESS * high;
    let found = -1;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const x0 = distance - c0;
      const q0 = x0 > 0 ? x0 * b0 : -x0 * a0;
      const r0 = Math.abs(x0) <= n0 ? 0 : q0 <= 1 ? f0 + l0 * q0 : t0 + s0 * ln(q0);
      const x1 = distance - c1;
      const q1 = x1 > 0 ? x1 * b1 : -x1 * a1;
      const r1 = Math.abs(x1) <= n1 ? 0 : q1 <= 1 ? f1 + l1 * q1 : t1 + s1 * ln(q1);
      const x2 = distance - c2;
      const q2 = x2 > 0 ? x2 * b2 : -x2 * a2;
      const r2 = Math.abs(x2) <= n2 ? 0 : q2 <= 1 ? f2 + l2 * q2 : t2 + s2 * ln(q2);
      const cube0 = r0 * r0 * r0;
      const cube1 = r1 * r1 * r1;
      const cube2 = r2 * r2 * r2;
      let sum = cube0 * r0 + cube1 * r1 + cube2 * r2;
      let steepness = 0;
      if (hasFourth) {
        const x3 = distance - c3;
        const q3 = x3 > 0 ? x3 * b3 : -x3 * a3;
        const r3 = Math.abs(x3) <= n3 ? 0 : q3 <= 1 ? f3 + l3 * q3 : t3 + s3 * ln(q3);
        const cube3 = r3 * r3 * r3;
        sum += cube3 * r3;
        if (r3 > 0) steepness = (cube3 * (q3 <= 1 ? l3 * q3 : s3)) / x3;
      }
      if (Math.abs(sum - target) < PRECISION * target) {
        found = distance;
        break;
      }
      if (r0 > 0) steepness += (cube0 * (q0 <= 1 ? l0 * q0 : s0)) / x0;
      if (r1 > 0) steepness += (cube1 * (q1 <= 1 ? l1 * q1 : s1)) / x1;
      if (r2 > 0) steepness += (cube2 * (q2 <= 1 ? l2 * q2 : s2)) / x2;
      if (sum < target) low = distance;
      else high = distance;
      const root = Math.sqrt(Math.sqrt(sum));
      const next = distance * roughExp(((edge - root) * sum) / (steepness * distance * root));
      distance = next > low && next < high ? next : (low + high) / 2;
    }
    numbers[EDGE + k] = calm + side * (found < 0 ? high : found);
  }
}

/** The logarithm by a table, linear between its entries: less than 2e-4 too small for 1 ≤ x < `MOST`. */
const PER_UNIT = 32;
const MOST = 32;
const LOGARITHMS = Float64Array.from({ length: PER_UNIT * MOST + 1 }, (_, i) => Math.log(Math.max(i, 1) / PER_UNIT));

function ln(x: number): number {
  if (!(x < MOST)) return Math.log(x);
  const place = x * PER_UNIT;
  const i = place | 0;
  const low = LOGARITHMS[i]!;
  return low + (place - i) * (LOGARITHMS[i + 1]! - low);
}

/** ρ at which a view has a weighted rarity, or a little more; Infinity where it never has. */
function reachOf(rarity: number, flat: number, linear: number, steep: number): number {
  const beyond = rarity - flat - linear;
  if (beyond <= 0) return linear > 0 ? (rarity - flat) / linear : 0;
  return steep > 0 ? roughExp(beyond / steep) * (1 + ROUGH_ERROR) : Number.POSITIVE_INFINITY;
}

/** Error of `roughExp`. */
const ROUGH_ERROR = 3e-3;

/** eˣ, at most `ROUGH_ERROR` too small for 0 ≤ x ≤ 4; a call of the exact one takes five times as long. */
function roughExp(x: number): number {
  if (!(x > -1 && x < 4)) return Math.exp(x);
  const part = x / 16;
  const root = 1 + part * (1 + part * (1 / 2 + part * (1 / 6)));
  const square = root * root;
  const fourth = square * square;
  const eighth = fourth * fourth;
  return eighth * eighth;
}
