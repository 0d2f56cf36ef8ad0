import { QUANTILE_LEVELS } from './quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Time blocks among which the tail must be spread, see `fillErrorQuantiles`. */
const BLOCKS = 8;
/** Errors from which on the blocks are long enough to judge by. */
const LEAST_ERRORS = 64;
/** Most of a tail's exceedances that one block may hold. */
const SHARE_OF_BLOCK = 0.5;
const GUARDED_TAILS = [0.1, 0.05, 0.01];

/**
 * Quantiles at QUANTILE_LEVELS of a sorted sample without NaN, at least one value; level p lies at rank p(n + 1).
 * Levels beyond the extremes of a small sample go on exponentially, at the slope between median and extreme: ten
 * values cannot say where the 0.99 level is, but it is not at their largest.
 */
export function fillSampleQuantiles(sorted: Float64Array, target: Float64Array, offset: number): void {
  const n = sorted.length;
  const middle = (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
  for (let i = 0; i < LEVELS; i++) {
    const level = QUANTILE_LEVELS[i]!;
    const position = level * (n + 1) - 1;
    if (position < 0) target[offset + i] = beyond(middle, sorted[0]!, { n, tail: level });
    else if (position > n - 1) target[offset + i] = beyond(middle, sorted[n - 1]!, { n, tail: 1 - level });
    else {
      const index = Math.floor(position);
      const left = sorted[index]!;
      const right = sorted[Math.min(n - 1, index + 1)]!;
      target[offset + i] = left === right ? left : left + (position - index) * (right - left);
    }
  }
}

function beyond(middle: number, extreme: number, at: { readonly n: number; readonly tail: number }): number {
  if (at.n < 2) return extreme;
  const slope = (extreme - middle) / Math.log((at.n + 1) / 2);
  return extreme + slope * Math.log(1 / (at.n + 1) / at.tail);
}

/**
 * As `fillSampleQuantiles` for forecast errors in the order of time (they need not be sorted), with outer levels that
 * one event cannot move: no eighth of the time counts for more than half of a tail. A level shift or an incident in
 * the context would otherwise hold the band open until it leaves the context; what recurs keeps its weight.
 */
export function fillErrorQuantiles(errors: Float64Array, target: Float64Array, offset: number): void {
  const n = errors.length;
  fillSampleQuantiles(errors.slice().sort(), target, offset);
  if (n < LEAST_ERRORS) return;
  const blocks = errors.slice();
  for (let b = 0; b < BLOCKS; b++) blocks.subarray(blockStart(b, n), blockStart(b + 1, n)).sort();
  const last = offset + LEVELS - 1;
  GUARDED_TAILS.forEach((tail, i) => {
    const lower = offset + 2 - i;
    const upper = last - 2 + i;
    target[upper] = Math.max(target[upper - 1]!, Math.min(target[upper]!, spreadExtreme(blocks, tail, 1)));
    target[lower] = Math.min(target[lower + 1]!, Math.max(target[lower]!, spreadExtreme(blocks, tail, -1)));
  });
}

function blockStart(block: number, n: number): number {
  return Math.floor((block * n) / BLOCKS);
}

/** The value that a tail of the sample begins with when each block counts for at most its share of the tail. */
function spreadExtreme(blocks: Float64Array, tail: number, sign: 1 | -1): number {
  const n = blocks.length;
  const rank = Math.max(1, Math.floor(tail * (n + 1)));
  const most = Math.max(1, Math.floor(rank * SHARE_OF_BLOCK));
  const taken = new Int32Array(BLOCKS);
  let value = 0;
  for (let k = 0; k < rank; k++) {
    let best = -1;
    for (let b = 0; b < BLOCKS; b++) {
      if (taken[b]! >= most) continue;
      const candidate = extremeOf(blocks, b, taken[b]!, sign);
      if (best < 0 || candidate * sign > value * sign) {
        best = b;
        value = candidate;
      }
    }
    taken[best]!++;
  }
  return value;
}

/** The largest (sign 1) or smallest value of a block after `taken` others. */
function extremeOf(blocks: Float64Array, block: number, taken: number, sign: 1 | -1): number {
  const n = blocks.length;
  return blocks[sign > 0 ? blockStart(block + 1, n) - 1 - taken : blockStart(block, n) + taken]!;
}
