import type { SampleRun } from '../series/context.ts';
import { SlotTable } from './slot-table.ts';

/** Two hours of minutes: long enough for a quartile, short enough to follow the day. */
export const WINDOW_SAMPLES = 120;
/** Samples before anything is said. */
const LEAST_SAMPLES = 24;

/** Places in a slot's bytes: samples held, place of the oldest. */
const COUNT = 0;
const OLDEST = 1;

/** The last samples of many series, each in order of time and in order of size. */
export class SortedWindows {
  readonly #table = new SlotTable({ doubles: 2 * WINDOW_SAMPLES, floats: 0, words: 0, bytes: 2 });

  get bytes(): number {
    return this.#table.bytes;
  }

  add(slot: number): void {
    this.#table.add(slot);
  }

  isWarm(slot: number): boolean {
    return this.count(slot) >= LEAST_SAMPLES;
  }

  count(slot: number): number {
    return this.#table.small[2 * slot + COUNT]!;
  }

  /** The samples of a slot in ascending order. A view: it changes with the next sample. */
  sorted(slot: number): Float64Array {
    const from = 2 * WINDOW_SAMPLES * slot + WINDOW_SAMPLES;
    return this.#table.doubles.subarray(from, from + this.count(slot));
  }

  learn(slot: number, run: SampleRun): void {
    for (let i = 0; i < run.count; i++) this.push(slot, run.values[run.from + i]!);
  }

  /** Takes a sample; a missing one is no sample. */
  push(slot: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const { doubles, small } = this.#table;
    const ring = 2 * WINDOW_SAMPLES * slot;
    const sorted = ring + WINDOW_SAMPLES;
    const count = this.count(slot);
    const oldest = small[2 * slot + OLDEST]!;
    if (count < WINDOW_SAMPLES) {
      const place = placeOf(doubles, sorted, count, value);
      doubles.copyWithin(place + 1, place, sorted + count);
      doubles[place] = value;
      doubles[ring + count] = value;
      small[2 * slot + COUNT] = count + 1;
      return;
    }
    const gone = placeOf(doubles, sorted, count, doubles[ring + oldest]!);
    doubles.copyWithin(gone, gone + 1, sorted + count);
    const place = placeOf(doubles, sorted, count - 1, value);
    doubles.copyWithin(place + 1, place, sorted + count - 1);
    doubles[place] = value;
    doubles[ring + oldest] = value;
    small[2 * slot + OLDEST] = (oldest + 1) % WINDOW_SAMPLES;
  }

  exportSlot(slot: number): Uint8Array {
    return this.#table.exportRow(slot);
  }

  importSlot(slot: number, memory: Uint8Array): void {
    this.#table.importRow(slot, memory);
  }
}

/** Where the first sample that is not smaller stands, among `count` from `from` on. */
function placeOf(sorted: Float64Array, from: number, count: number, value: number): number {
  let low = from;
  let high = from + count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Quantile of ascending samples, linear between them. */
export function quantileOf(sorted: Float64Array, level: number): number {
  const place = level * (sorted.length - 1);
  const below = Math.floor(place);
  const left = sorted[below]!;
  const right = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return left === right ? left : left + (right - left) * (place - below);
}

/** Median of the distances from a point; `sorted` ascends, and so do the distances away from the point on either side. */
export function medianDistance(sorted: Float64Array, point: number): number {
  let right = placeOf(sorted, 0, sorted.length, point);
  let left = right - 1;
  let distance = 0;
  for (let i = 0; i <= Math.floor((sorted.length - 1) / 2); i++) {
    const toLeft = left >= 0 ? point - sorted[left]! : Number.POSITIVE_INFINITY;
    const toRight = right < sorted.length ? sorted[right]! - point : Number.POSITIVE_INFINITY;
    distance = Math.min(toLeft, toRight);
    if (toLeft <= toRight) left--;
    else right++;
  }
  return distance;
}
