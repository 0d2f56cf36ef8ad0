import { RARITY_AT_START } from './rarity.ts';
import {
  LEAST_INDEX,
  LEAST_RANGE_SIDE,
  MOST_EXCESS,
  MOST_RANGE_GROWTH,
  RANGE_DAYS,
  RANGE_INDEX,
  RANGE_INDEX_WEIGHT,
  RANGE_MEMORY,
  RANGE_WEIGHT,
} from './settings.ts';

/**
 * Where a series has been: the least and the most of the mean of its newest three values over a week. What falls below
 * the lowest night of the week is rare however slowly it got there, and stays so for a while, which the views of the
 * newest samples cannot say. With c the mean of the series, beyond the range
 *
 *   −log₁₀ P(m) = −log₁₀ q₀ + ln ρ / (index · ln 10)   for ρ = |m − c| / |end of the range on m's side − c| > 1
 *
 * and nothing inside it. Each side has an index of its own, learnt from how far beyond the range of before a slot of the
 * day went. The newest one to two slots of the day are not in the range, or what leaves it would widen it at once.
 *
 * A row of doubles: a place near the series, from which all the rest is told, and the mean. A row of floats: a pair, below
 * and above, each of ends of the range, extremes of the slot of the day that goes on, of the one before, of the day but for
 * these two and of the days before, of indexes, excesses learnt, and the largest ln ρ of the slot that goes on. Two bytes:
 * the days seen, as far as a byte counts, and the place of the oldest.
 */
const ANCHOR = 0;
const MEAN = 1;
export const RANGE_DOUBLES = 2;

const ENDS = 0;
const SLOT = 2;
const LAST_SLOT = 4;
const DAY = 6;
const DAYS = 8;
const INDEX = DAYS + 2 * RANGE_DAYS;
const EXCESSES = INDEX + 2;
const PEAK = EXCESSES + 2;
export const RANGE_FLOATS = PEAK + 2;

const SEEN = 0;
const OLDEST = 1;
export const RANGE_BYTES = 2;
const MOST_SEEN = 255;

const SIDES = [0, 1] as const;
/** Newest values whose mean is looked at. */
const VALUES = 3;
/** What single precision takes for beyond the range is at its end. */
const LEAST_RATIO = 1 + 1e-5;

export interface Band {
  expected: number;
  lower: number;
  upper: number;
}

/** The columns of a table that hold the rows, and where the rows of a series begin. */
export interface RangeRow {
  doubles: Float64Array;
  floats: Float32Array;
  small: Uint8Array;
  double: number;
  float: number;
  byte: number;
}

/** Starts a row; it was zeroed. */
export function startRange({ doubles, floats, double, float }: RangeRow): void {
  doubles[double + ANCHOR] = Number.NaN;
  for (let at = ENDS; at < INDEX; at += 2) clear(floats, float + at);
  floats.fill(RANGE_INDEX, float + INDEX, float + INDEX + 2);
  floats.fill(RANGE_INDEX_WEIGHT, float + EXCESSES, float + EXCESSES + 2);
}

/** What the range says of the newest value of one series; one is used for series after series. */
export class Range {
  /** Edges of the band in the unit of the series; infinite where it says nothing. */
  lower = Number.NEGATIVE_INFINITY;
  upper = Number.POSITIVE_INFINITY;
  /** Weighted rarity of the value last looked at. */
  rarity = 0;
  readonly row: RangeRow = {
    doubles: new Float64Array(0),
    floats: new Float32Array(0),
    small: new Uint8Array(0),
    double: 0,
    float: 0,
    byte: 0,
  };
  /** Part of the mean that the values before the newest are: a third of their sum, NaN where too few are known. */
  before = Number.NaN;

  /** Puts the edges where the weighted rarity reaches `edge`. */
  findEdges(edge: number): void {
    this.lower = Number.NEGATIVE_INFINITY;
    this.upper = Number.POSITIVE_INFINITY;
    if (!this.#isKnown()) return;
    const decades = edge / RANGE_WEIGHT - RARITY_AT_START;
    const { doubles, double } = this.row;
    const mean = doubles[double + ANCHOR]! + doubles[double + MEAN]!;
    for (const k of SIDES) {
      const reach = this.#unit(k) * Math.exp(Math.max(decades, 0) * this.#index(k) * Math.LN10);
      const value = VALUES * ((k === 0 ? mean - reach : mean + reach) - this.before);
      if (k === 0) this.lower = value;
      else this.upper = value;
    }
  }

  /** Leaves the weighted rarity of a value behind. */
  look(value: number): void {
    this.rarity = 0;
    if (!this.#isKnown()) return;
    const { doubles, floats, double, float } = this.row;
    const away = value / VALUES + this.before - doubles[double + ANCHOR]! - doubles[double + MEAN]!;
    const k = away < 0 ? 0 : 1;
    const ratio = Math.abs(away) / this.#unit(k);
    if (!(ratio > LEAST_RATIO)) return;
    const excess = Math.log(ratio);
    this.rarity = RANGE_WEIGHT * (RARITY_AT_START + excess / (this.#index(k) * Math.LN10));
    if (excess > floats[float + PEAK + k]!) floats[float + PEAK + k] = excess;
  }

  /** Learns a value that was looked at; `rate` is that of the mean. */
  learn(value: number, rate: number): void {
    if (Number.isNaN(this.before)) return;
    const { doubles, floats, double, float } = this.row;
    const newest = value / VALUES + this.before;
    if (Number.isNaN(doubles[double + ANCHOR]!)) doubles[double + ANCHOR] = newest;
    const place = newest - doubles[double + ANCHOR]!;
    doubles[double + MEAN] = (1 - rate) * doubles[double + MEAN]! + rate * place;
    widen(floats, float + SLOT, place, place);
  }

  /** Puts a band inside the edges. Where they have nothing in common it is one point, the edge that the band lies beyond. */
  narrow(band: Band): void {
    const { lower, upper } = this;
    if (band.upper < lower) band.lower = band.upper = lower;
    else if (band.lower > upper) band.lower = band.upper = upper;
    else {
      band.lower = Math.max(band.lower, lower);
      band.upper = Math.min(band.upper, upper);
    }
    band.expected = Math.max(band.lower, Math.min(band.upper, band.expected));
  }

  /** A slot of the day is over, and with it perhaps a day. */
  turn(isNewDay: boolean): void {
    const { floats, small, float, byte } = this.row;
    this.#learnExcesses();
    const [low, high] = this.#withinReach(floats[float + LAST_SLOT]!, floats[float + LAST_SLOT + 1]!);
    widen(floats, float + DAY, low, high);
    floats.copyWithin(float + LAST_SLOT, float + SLOT, float + SLOT + 2);
    clear(floats, float + SLOT);
    if (isNewDay) {
      const oldest = small[byte + OLDEST]!;
      floats.copyWithin(float + DAYS + 2 * oldest, float + DAY, float + DAY + 2);
      clear(floats, float + DAY);
      small[byte + OLDEST] = (oldest + 1) % RANGE_DAYS;
      small[byte + SEEN] = Math.min(small[byte + SEEN]! + 1, MOST_SEEN);
    }
    clear(floats, float + ENDS);
    for (let at = DAY; at < INDEX; at += 2) widen(floats, float + ENDS, floats[float + at]!, floats[float + at + 1]!);
  }

  /** A week has been seen, the series has moved in it, and the values before the newest are there. */
  #isKnown(): boolean {
    return !Number.isNaN(this.before) && this.#isWhole();
  }

  #isWhole(): boolean {
    const { floats, small, float, byte } = this.row;
    return small[byte + SEEN]! >= RANGE_DAYS && floats[float + ENDS + 1]! > floats[float + ENDS]!;
  }

  /** From the mean to the end of the range on a side. A series that rests on one end must not be flagged for a trifle. */
  #unit(k: 0 | 1): number {
    const { doubles, floats, double, float } = this.row;
    const low = floats[float + ENDS]!;
    const high = floats[float + ENDS + 1]!;
    const mean = doubles[double + MEAN]!;
    return Math.max(k === 0 ? mean - low : high - mean, LEAST_RANGE_SIDE * (high - low));
  }

  #index(k: 0 | 1): number {
    return Math.max(this.row.floats[this.row.float + INDEX + k]!, LEAST_INDEX);
  }

  /** Extremes as they are learnt: an outage of half an hour must not make outages usual for a week. */
  #withinReach(low: number, high: number): [number, number] {
    if (!this.#isWhole()) return [low, high];
    const mean = this.row.doubles[this.row.double + MEAN]!;
    return [
      Math.max(low, mean - MOST_RANGE_GROWTH * this.#unit(0)),
      Math.min(high, mean + MOST_RANGE_GROWTH * this.#unit(1)),
    ];
  }

  #learnExcesses(): void {
    const { floats, float } = this.row;
    for (const k of SIDES) {
      const peak = floats[float + PEAK + k]!;
      if (peak === 0) continue;
      const index = floats[float + INDEX + k]!;
      const excesses = Math.min(floats[float + EXCESSES + k]! + 1, RANGE_MEMORY);
      floats[float + EXCESSES + k] = excesses;
      floats[float + INDEX + k] = index + (Math.min(peak, MOST_EXCESS * index) - index) / excesses;
      floats[float + PEAK + k] = 0;
    }
  }
}

function clear(floats: Float32Array, at: number): void {
  floats[at] = Number.POSITIVE_INFINITY;
  floats[at + 1] = Number.NEGATIVE_INFINITY;
}

function widen(floats: Float32Array, at: number, low: number, high: number): void {
  if (low < floats[at]!) floats[at] = low;
  if (high > floats[at + 1]!) floats[at + 1] = high;
}
