import { MEDIAN_INDEX, QUANTILE_LEVELS } from './quantile.ts';

/**
 * Online conformal recalibration: per series, per side of the median and per lead-time bucket, one factor on the
 * distance from the median for each of the outer levels. Factors follow quantile tracking (conformal PID control,
 * arXiv 2307.16895) in logarithms: a sample beyond a level's edge moves the edge out, every other one moves it in, in
 * proportions that balance exactly when the level holds what it promises.
 *
 * A side that has no width of its own (counts that are mostly zero, and whose forecast is zero) has factors apart: what
 * a thousand zeros teach about the floor such a side stands on says nothing of the distances forecast in a busy hour.
 *
 * State of one series is CALIBRATION_FLOATS floats in an array of the caller:
 *   log factors [side][bucket][level], samples learnt [side][bucket], floor [side], allowance [side], held samples so far
 */

const SIDES = 2;
/** Last lead of each bucket, in steps: the next sample, a few, some, and everything later. */
const BUCKET_ENDS = [1, 6, 24, Number.POSITIVE_INFINITY];
/** The bucket of sides without width, whatever the lead. */
const FLAT = BUCKET_ENDS.length;
const BUCKETS = FLAT + 1;
/** Tail masses per side that have their own factor; the inner levels share the first. */
const TAILS = [0.1, 0.05, 0.01];
const LEVELS = TAILS.length;
/** Levels from the median to the innermost of them. */
const INNER = MEDIAN_INDEX - LEVELS + 1;

const COUNTS = SIDES * BUCKETS * LEVELS;
const FLOORS = COUNTS + SIDES * BUCKETS;
const ALLOWANCES = FLOORS + SIDES;
const HELD = ALLOWANCES + SIDES;
export const CALIBRATION_FLOATS = HELD + 1;

/** Step of the log factors: fast while a bucket is young, then slow enough to keep edges within a few percent. */
const FIRST_STEP = 0.3;
const LAST_STEP = 0.03;
const STEP_HALVES_AFTER = 25;
/**
 * A sample exactly on the median, where its row does not expect one, is held: it says little of how far the value will
 * move, the less the longer it stands still. The n-th held sample in a row counts 1 / (1 + n / this many). Counted in full, a
 * day of standing still leaves a band that misses most of the day after; counted for little from the first, the 80 % band of an order
 * process, whose values are held for hours, holds 83 %.
 */
const HELD_SAMPLES_OF_HALF_WEIGHT = 48;
/** A row that gives the median itself this much expects samples there, as of counts that are mostly zero. */
const EXPECTED_MASS = 0.7;
/** Share of the 0.9 level's moves that the rarer levels follow at once: misfit is partly one scale for all of them. */
const FOLLOW = 0.5;
/** Share of a bucket's moves that the others, once they have learnt, follow at once: misfit is mostly one scale for all leads. */
const SHARED = 0.8;
const LEAST_LOG_FACTOR = Math.log(0.1);
const MOST_LOG_FACTOR = Math.log(30);

/**
 * Growth (in logarithms) that samples far outside may cause: enough to quadruple a band that starts too narrow, after
 * that less than half as wide again in one go, refilled by samples that are not far outside. This is what keeps an incident from
 * widening its band, and lets the band of a series that jumps every few hours widen.
 */
const FIRST_ALLOWANCE = Math.log(4);
const FULL_ALLOWANCE = Math.log(1.3);
/** What is not needed of the first allowance goes within some hundred samples. */
const FIRST_ALLOWANCE_KEPT = 0.998;
const ALLOWANCE_REFILL = 0.003;
/** Far outside: beyond the edge by more than the way from the 0.99 to the 0.999 level. */
const FAR_IN_SCALES = Math.log(10);
const OUTER_LOG_RATIO = Math.log(5);
const MEDIAN_LOG_RATIO = Math.log(50);

/**
 * A side without width starts from a floor: this share of the typical deviation on that side, which is tracked as a
 * quantile (so that a spike hardly moves it), beginning far below the first deviation seen.
 */
const FLOOR_SHARE = 0.25;
const FLOOR_STEP = 0.03;
const FLOOR_TAIL = 0.25;
const FLOOR_START = 1e-3;
/** Floors are kept in single precision. */
const MOST_DEVIATION = 1e37;
const LEAST_DEVIATION = 1e-37;
/** A bucket that has seen nothing starts from its nearest neighbour, as if after this many samples at most. */
const INHERITED_SAMPLES = 50;
const MOST_SAMPLES = 1e6;

/** Distances of the levels from the median on one side, as shares of the 0.99 level's, for a side without width. */
const FLOOR_SHAPE = [0.11, 0.23, 0.36, 0.55, 0.71, 1];

/** Puts the series at `offset` of `state` to "nothing learnt": rows pass unchanged. */
export function initCalibration(state: Float32Array, offset: number): void {
  state.fill(0, offset, offset + ALLOWANCES);
  state.fill(FIRST_ALLOWANCE, offset + ALLOWANCES, offset + HELD);
  state[offset + HELD] = 0;
}

/**
 * Scales the row's distances from its median, in place. The median stays, levels never cross, and a finite row stays
 * finite. `leadSteps` counts from 1, the first step after the context.
 */
export function calibrateRow(
  state: Float32Array,
  offset: number,
  leadSteps: number,
  row: Float64Array,
  rowOffset: number,
): void {
  const center = rowOffset + MEDIAN_INDEX;
  const median = row[center]!;
  for (let side = 0; side < SIDES; side++) {
    const sign = side === 0 ? -1 : 1;
    const floor = state[offset + FLOORS + side]! * FLOOR_SHARE;
    const inner = (row[center + sign * INNER]! - median) * sign;
    const counts = countsAt(offset, side);
    const bucket = learntBucket(state, counts, bucketOf(leadSteps, inner, floor));
    let reached = 0;
    for (let i = 1; i <= MEDIAN_INDEX; i++) {
      const raw = (row[center + sign * i]! - median) * sign;
      const logFactor = state[factorAt(offset, side, bucket, Math.max(0, i - INNER))]!;
      const distance = Math.max(raw, floor * FLOOR_SHAPE[i - 1]!) * (logFactor === 0 ? 1 : Math.exp(logFactor));
      reached = Math.max(reached, distance);
      const value = median + sign * reached;
      row[center + sign * i] = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
    }
  }
}

/**
 * Learns from one scored sample and the raw (uncalibrated) row that was forecast for it. Meant for every scored
 * sample, flagged or not: samples far outside draw on a small allowance, so that an incident hardly widens the band,
 * whereas leaving them out altogether makes every band settle too narrow (measured on noise without
 * incidents: 2 to 7 % of the samples outside the 99 % band instead of 1). Missing samples and rows are ignored.
 */
export function learnCalibration(
  state: Float32Array,
  offset: number,
  leadSteps: number,
  rawRow: Float64Array,
  rowOffset: number,
  value: number,
): void {
  const median = rawRow[rowOffset + MEDIAN_INDEX]!;
  if (Number.isNaN(value) || Number.isNaN(median)) return;
  const isHeld = value === median && massOfMedian(rawRow, rowOffset) < EXPECTED_MASS;
  const held = state[offset + HELD]!;
  const weight = isHeld ? 1 / (1 + held / HELD_SAMPLES_OF_HALF_WEIGHT) : 1;
  state[offset + HELD] = isHeld ? Math.min(MOST_SAMPLES, held + 1) : 0;
  for (let side = 0; side < SIDES; side++) {
    const sign = side === 0 ? -1 : 1;
    const deviation = Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, (value - median) * sign));
    const floor = state[offset + FLOORS + side]! * FLOOR_SHARE;
    const center = rowOffset + MEDIAN_INDEX;
    const own = (rawRow[center + sign * INNER]! - median) * sign;
    const inner = Math.max(own, floor * FLOOR_SHAPE[INNER - 1]!);
    const middle = Math.max((rawRow[center + sign * (INNER + 1)]! - median) * sign, floor * FLOOR_SHAPE[INNER]!);
    const outer = Math.max((rawRow[center + sign * (INNER + 2)]! - median) * sign, floor * FLOOR_SHAPE[INNER + 1]!);
    const bucket = bucketOf(leadSteps, own, floor);
    inherit(state, offset, side, bucket);
    const count = countsAt(offset, side) + bucket;
    const samples = state[count]!;
    const step = weight * Math.max(LAST_STEP, FIRST_STEP / (1 + samples / STEP_HALVES_AFTER));
    state[count] = Math.min(MOST_SAMPLES, samples + 1);
    if (outer > 0) {
      const sample = { inner, middle, outer, deviation, step };
      moveFactors(state, { offset, side, bucket }, sample);
    }
    trackFloor(state, offset + FLOORS + side, deviation);
  }
}

/** Mass between the lowest and the highest level that equal the median; 0 where none but itself does. */
function massOfMedian(row: Float64Array, rowOffset: number): number {
  const median = row[rowOffset + MEDIAN_INDEX]!;
  let low = MEDIAN_INDEX;
  let high = MEDIAN_INDEX;
  while (low > 0 && row[rowOffset + low - 1] === median) low--;
  while (high < QUANTILE_LEVELS.length - 1 && row[rowOffset + high + 1] === median) high++;
  return QUANTILE_LEVELS[high]! - QUANTILE_LEVELS[low]!;
}

interface SideOfSample {
  /** Raw distances of the 0.9, 0.95 and 0.99 level from the median, floor included. */
  readonly inner: number;
  readonly middle: number;
  readonly outer: number;
  /** The sample's distance from the median towards this side; negative on the other one. */
  readonly deviation: number;
  readonly step: number;
}

interface Place {
  readonly offset: number;
  readonly side: number;
  readonly bucket: number;
}

function moveFactors(state: Float32Array, place: Place, sample: SideOfSample): void {
  const { inner, middle, outer, deviation, step } = sample;
  const { offset, side, bucket } = place;
  const factors = factorAt(offset, side, bucket, 0);
  const innerEdge = inner * Math.exp(state[factors]!);
  const ownMiddle = middle * Math.exp(state[factors + 1]!);
  const middleEdge = Math.max(innerEdge, ownMiddle);
  const ownOuter = outer * Math.exp(state[factors + 2]!);
  const outerEdge = Math.max(middleEdge, ownOuter);
  const scale = Math.max((outerEdge - middleEdge) / OUTER_LOG_RATIO, outerEdge / MEDIAN_LOG_RATIO / 3);
  const isFar = deviation > outerEdge + FAR_IN_SCALES * scale;
  if (!drawOnAllowance(state, offset + ALLOWANCES + side, isFar ? step * (1 + FOLLOW) : 0)) return;

  // A hit teaches nothing where there is no width to take from, nor where a level only rests on the one inside it.
  const innerMove = inner > 0 || deviation > innerEdge ? step * ((deviation > innerEdge ? 1 : 0) - TAILS[0]!) : 0;
  const follow = FOLLOW * innerMove;
  const middleFree = middle > 0 && ownMiddle >= innerEdge;
  const outerFree = outer > 0 && ownOuter >= middleEdge;
  const middleMove = follow + step * (deviation > middleEdge ? 1 - TAILS[1]! : middleFree ? -TAILS[1]! : 0);
  const outerMove = follow + step * (deviation > outerEdge ? 1 - TAILS[2]! : outerFree ? -TAILS[2]! : 0);
  const counts = countsAt(offset, side);
  for (let other = 0; other < BUCKETS; other++) {
    const isOwn = other === bucket;
    if (!isOwn && (bucket === FLAT || other === FLAT || state[counts + other] === 0)) continue;
    const share = isOwn ? 1 : SHARED;
    const at = factorAt(offset, side, other, 0);
    state[at] = bounded(state[at]! + share * innerMove);
    state[at + 1] = bounded(state[at + 1]! + share * middleMove);
    state[at + 2] = bounded(state[at + 2]! + share * outerMove);
  }
}

/** Takes the growth a sample far outside causes from what is left; one that causes none refills it. False when too little is left. */
function drawOnAllowance(state: Float32Array, allowance: number, growth: number): boolean {
  const left = state[allowance]!;
  if (growth > 0) {
    if (left < growth) return false;
    state[allowance] = left - growth;
  } else {
    state[allowance] =
      left > FULL_ALLOWANCE ? left * FIRST_ALLOWANCE_KEPT : Math.min(FULL_ALLOWANCE, left + ALLOWANCE_REFILL);
  }
  return true;
}

function trackFloor(state: Float32Array, floor: number, deviation: number): void {
  const tracked = state[floor]!;
  if (tracked === 0) state[floor] = deviation > LEAST_DEVIATION ? deviation * FLOOR_START : 0;
  else state[floor] = tracked * Math.exp(FLOOR_STEP * (deviation > tracked ? 1 - FLOOR_TAIL : -FLOOR_TAIL));
}

function bounded(logFactor: number): number {
  return Math.max(LEAST_LOG_FACTOR, Math.min(MOST_LOG_FACTOR, logFactor));
}

function factorAt(offset: number, side: number, bucket: number, level: number): number {
  return offset + (side * BUCKETS + bucket) * LEVELS + level;
}

function countsAt(offset: number, side: number): number {
  return offset + COUNTS + side * BUCKETS;
}

/** A side whose 0.9 level lies no farther out than its floor has no width of its own. */
function bucketOf(leadSteps: number, inner: number, floor: number): number {
  if (inner <= floor * FLOOR_SHAPE[INNER - 1]!) return FLAT;
  let bucket = 0;
  while (leadSteps > BUCKET_ENDS[bucket]!) bucket++;
  return bucket;
}

/** The bucket itself once it has learnt, otherwise the nearest lead that has, otherwise itself. */
function learntBucket(state: Float32Array, counts: number, bucket: number): number {
  if (bucket === FLAT) return FLAT;
  for (let distance = 0; distance < FLAT; distance++) {
    for (const other of [bucket - distance, bucket + distance]) {
      if (other >= 0 && other < FLAT && state[counts + other]! > 0) return other;
    }
  }
  return bucket;
}

function inherit(state: Float32Array, offset: number, side: number, bucket: number): void {
  const counts = countsAt(offset, side);
  const from = learntBucket(state, counts, bucket);
  if (from === bucket) return;
  for (let level = 0; level < LEVELS; level++) {
    state[factorAt(offset, side, bucket, level)] = state[factorAt(offset, side, from, level)]!;
  }
  state[counts + bucket] = Math.min(INHERITED_SAMPLES, state[counts + from]!);
}
