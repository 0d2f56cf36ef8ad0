import { hash32 } from '../../src/series/labels.ts';
import type { JudgedSet } from '../data/judged-set.ts';

/** Scores of one series, step by step, by what came up to each; NaN where there is no sample. */
export type Baseline = (
  values: Float64Array,
  about: { readonly stepMs: number; readonly name: string },
) => Float32Array;

const WINDOW_MS = 2 * 3_600_000;
const LEAST_WINDOW = 30;
/** Share of the mean that a deviation is at least taken for, so that a flat stretch divides by something. */
const LEAST_SHARE = 0.01;
const DAY_MS = 86_400_000;

export function scoreBaseline(set: JudgedSet, baseline: Baseline): Float32Array {
  const score = new Float32Array(set.series.length * set.steps);
  set.series.forEach((series, s) => {
    const values = set.values.subarray(s * set.steps, (s + 1) * set.steps);
    score.set(baseline(values, { stepMs: set.stepMs, name: `${set.name}/${series}` }), s * set.steps);
  });
  return score;
}

/** Chance: what a scoring gives away for nothing. The same series gets the same numbers. */
export const random: Baseline = (values, { name }) => {
  let state = hash32(name);
  return Float32Array.from(values, (value) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Number.isNaN(value) ? value : ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
};

/** Distance from the mean of the two hours before, in their standard deviations. */
export const rollingZScore: Baseline = (values, { stepMs }) => {
  const window = Math.max(LEAST_WINDOW, Math.round(WINDOW_MS / stepMs));
  const recent: number[] = [];
  let next = 0;
  return Float32Array.from(values, (value) => {
    if (Number.isNaN(value)) return value;
    let score = 0;
    if (recent.length >= window / 4) {
      let sum = 0;
      for (const each of recent) sum += each;
      const mean = sum / recent.length;
      let squares = 0;
      for (const each of recent) squares += (each - mean) * (each - mean);
      const variance = squares / Math.max(1, recent.length - 1);
      score = Math.abs(value - mean) / (Math.sqrt(variance) + LEAST_SHARE * Math.abs(mean) + 1e-9);
    }
    if (recent.length < window) recent.push(value);
    else {
      recent[next] = value;
      next = (next + 1) % window;
    }
    return score;
  });
};

/** Size of the step from the sample before, in what such steps were so far, over a day. */
export const firstDifference: Baseline = (values, { stepMs }) => {
  const rate = 1 - 2 ** (-stepMs / DAY_MS);
  let before = Number.NaN;
  let usual = 0;
  let moves = 0;
  return Float32Array.from(values, (value) => {
    if (Number.isNaN(value)) return value;
    const move = Math.abs(value - before);
    before = value;
    if (Number.isNaN(move)) return 0;
    const score = usual > 0 && moves >= LEAST_WINDOW ? move / usual : 0;
    moves++;
    usual += Math.max(rate, 1 / moves) * (move - usual);
    return score;
  });
};
