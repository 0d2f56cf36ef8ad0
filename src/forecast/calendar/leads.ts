import { QUANTILE_LEVELS } from '../quantile.ts';
import { expectAhead } from './levels.ts';
import {
  CANDIDATES,
  type CalendarMemory,
  type CalendarShape,
  LEAD_FIELDS,
  LEAD_RING,
  LEAD_STRIDES,
  LEADS,
  PLAIN,
  SEASONAL,
} from './shape.ts';

/**
 * What is known of the errors at some leads: forecasts wait in a small ring until their sample comes; then the loss of
 * each candidate and the quantiles of the errors of their mean are tracked.
 *
 * Quantiles by stochastic approximation (Robbins and Monro, Annals of Mathematical Statistics 22, 1951; for quantiles
 * with a step scaled by the spread: Tierney, SIAM Journal on Scientific and Statistical Computing 4, 1983), with a step
 * that settles at a constant so that they follow. Weights are those of exponentially weighted experts' cousins, a power
 * of the inverse loss (Bates and Granger, Operational Research Quarterly 20, 1969, take the inverse square).
 */

const LEVELS = QUANTILE_LEVELS.length;
/** Forecasts over which losses are averaged. */
const LOSS_MEMORY = 150;
/** Candidates below this share of the best one's weight are left out. */
const LEAST_SHARE = 0.05;
/** Weights are the inverse loss to this power. */
const SHARPNESS = 16;
const MOST_LOSS_RATIO = LEAST_SHARE ** (-1 / SHARPNESS);
/** Tracking steps, in mean errors: at first, at last, and the errors after which the first one is halved. */
const FIRST_STEP = 0.5;
const LAST_STEP = 0.03;
const HALVED_AFTER = 10;
/** Errors over which their mean size is taken, a lead each: far ones come rarely, and must not be of last month. */
const SIZE_MEMORY = [30, 30, 25, 20, 12, 8];
/** An error counts for the mean size up to so many of them. */
const SIZE_CLIP = 5;
/** Losses are shares of what the candidates lost on average, plus this share of the usual error: so a wild hour does not decide alone. */
const SCALE_SHARE = 1;
/** Errors below this, the least of single precision, are none; and then all candidates lost alike. */
const LEAST_MEAN = 2 ** -149;
/** Quantiles of a Laplace variable with a mean absolute deviation of 1: where tracking starts. */
const START = QUANTILE_LEVELS.map((p) => (p < 0.5 ? Math.log(2 * p) : -Math.log(2 * (1 - p))));

/** Weights of the candidates at a lead, into `target`; answers the sum of those that add the season. */
export function weighCandidates(
  shape: CalendarShape,
  { f32 }: CalendarMemory,
  lead: number,
  target: Float64Array,
): number {
  const total = fillShares(f32, leadAt(shape, lead) + LEAD_FIELDS.losses, target);
  let seasonal = 0;
  for (let k = 0; k < CANDIDATES; k++) {
    target[k]! /= total;
    if (k < SEASONAL || k >= SEASONAL + PLAIN) seasonal += target[k]!;
  }
  return seasonal;
}

/** What each candidate's weight is beside that of the best one, into `target`; answers their sum. */
function fillShares(f32: Float32Array, losses: number, target: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < CANDIDATES; k++) if (f32[losses + k]! < least) least = f32[losses + k]!;
  const most = least * MOST_LOSS_RATIO;
  let total = 0;
  for (let k = 0; k < CANDIDATES; k++) {
    const loss = f32[losses + k]!;
    let share = 0;
    if (loss === least) share = 1;
    else if (loss <= most) {
      const ratio = least / loss;
      const second = ratio * ratio;
      const fourth = second * second;
      const eighth = fourth * fourth;
      share = eighth * eighth;
    }
    target[k] = share;
    total += share;
  }
  return total;
}

const weights = new Float64Array(CANDIDATES);
const owns = new Float64Array(CANDIDATES);

/** Compares the forecasts that waited for this step with its value. */
export function verifyLeads(
  shape: CalendarShape,
  memory: CalendarMemory,
  step: number,
  seen: { readonly value: number; readonly season: number },
): void {
  const { f32 } = memory;
  for (let j = 0; j < LEADS.length; j++) {
    if (!isKept(j, step)) continue;
    const waiting = waitingAt(shape, j, step);
    if (Number.isNaN(f32[waiting]!)) continue;
    const at = leadAt(shape, j);
    const count = f32[at + LEAD_FIELDS.count]!;
    const losses = at + LEAD_FIELDS.losses;
    const shares = fillShares(f32, losses, weights);
    let error = 0;
    let total = 0;
    for (let k = 0; k < CANDIDATES; k++) {
      const season = k >= SEASONAL && k < SEASONAL + PLAIN ? 0 : seen.season;
      const own = seen.value - season - f32[waiting + k]!;
      error += weights[k]! * own;
      owns[k] = Math.abs(own);
      total += owns[k]!;
    }
    error /= shares;
    const lossRate = 1 / Math.min(LOSS_MEMORY, count + 1);
    const mean = total / CANDIDATES + SCALE_SHARE * f32[at + LEAD_FIELDS.size]!;
    const isExact = mean < LEAST_MEAN;
    const perError = isExact ? 0 : lossRate / mean;
    const always = isExact ? lossRate : 0;
    for (let k = 0; k < CANDIDATES; k++) {
      const loss = f32[losses + k]!;
      f32[losses + k] = loss + perError * owns[k]! + always - lossRate * loss;
    }
    trackError(f32, at, { count, error, memory: SIZE_MEMORY[j]! });
    f32[at + LEAD_FIELDS.count] = Math.min(1e6, count + 1);
  }
}

function trackError(
  f32: Float32Array,
  at: number,
  { count, error, memory }: { readonly count: number; readonly error: number; readonly memory: number },
): void {
  const quantiles = at + LEAD_FIELDS.quantiles;
  const size = Math.abs(error);
  const usual = f32[at + LEAD_FIELDS.size]!;
  if (count === 0) for (let level = 0; level < LEVELS; level++) f32[quantiles + level] = START[level]!;
  const counted = count === 0 || usual === 0 ? size : Math.min(size, SIZE_CLIP * usual);
  f32[at + LEAD_FIELDS.size] = usual + (counted - usual) / Math.min(memory, count + 1);
  if (usual === 0) return;
  const step = Math.max(LAST_STEP, FIRST_STEP / (1 + count / HALVED_AFTER));
  const relative = error / usual;
  for (let level = 0; level < LEVELS; level++) {
    const p = QUANTILE_LEVELS[level]!;
    f32[quantiles + level]! += step * (relative < f32[quantiles + level]! ? p - 1 : p);
  }
}

/** Puts the forecasts made at a step where they wait for theirs. */
export function awaitLeads(shape: CalendarShape, memory: CalendarMemory, step: number): void {
  for (let j = 0; j < LEADS.length; j++) {
    if (isKept(j, step)) expectAhead(memory, j, memory.f32, waitingAt(shape, j, step));
  }
}

/** Forecasts whose sample does not come are dropped: `from` to `to`, not counted, are steps without one. */
export function dropWaiting(shape: CalendarShape, { f32 }: CalendarMemory, from: number, to: number): void {
  for (let j = 0; j < LEADS.length; j++) {
    const stride = LEAD_STRIDES[j]!;
    let step = Math.ceil(from / stride) * stride;
    for (let n = 0; step < to && n < LEAD_RING[j]!; n++, step += stride) f32[waitingAt(shape, j, step)] = Number.NaN;
  }
}

/** Drops all forecasts that wait. */
export function dropAllWaiting(shape: CalendarShape, { f32 }: CalendarMemory): void {
  f32.fill(Number.NaN, shape.waiting[0], shape.visits);
}

export function leadAt(shape: CalendarShape, lead: number): number {
  return shape.leads + lead * LEAD_FIELDS.total;
}

/** Whether a forecast made at a step, or for it, is kept. Strides and rings are powers of two, and their bits whole. */
function isKept(lead: number, step: number): boolean {
  return (step & (LEAD_STRIDES[lead]! - 1)) === 0;
}

/** The forecast for a step waits where the next one, made at that step, will be put. */
function waitingAt(shape: CalendarShape, lead: number, step: number): number {
  const turn = (step & (LEADS[lead]! - 1)) / LEAD_STRIDES[lead]!;
  return shape.waiting[lead]! + turn * CANDIDATES;
}
