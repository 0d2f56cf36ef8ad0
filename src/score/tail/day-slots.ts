import { MOST_SLOT_GROWTH, SLOT_FLOOR, SLOT_RATE } from './settings.ts';

/**
 * What a time of day is used to: per slot of the day and view the usual maximum of |d|, an exponential mean over days.
 * A batch job that jumps every night at two is then no news. Maxima are kept as logarithms in 16 bits, 0.3 % apart.
 */
const CODES_PER_OCTAVE = 220;
const LEAST_OCTAVE = -160;
const MOST_CODE = 65_535;
const MOST_VISITS = 255;

const DAY_MS = 86_400_000;

/** The slot of the day that an instant of the wall clock lies in. */
export function daySlotOf(wallMs: number, slotsPerDay: number): number {
  // A remainder of what is beyond 32 bits is a call, and this is asked for each sample.
  const timeOfDay = wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS;
  return Math.floor((timeOfDay * slotsPerDay) / DAY_MS);
}

export function codeOf(size: number): number {
  if (!(size > 0)) return 0;
  const code = 1 + Math.round((Math.log2(size) - LEAST_OCTAVE) * CODES_PER_OCTAVE);
  return Math.max(1, Math.min(MOST_CODE, code));
}

export function sizeOf(code: number): number {
  return code === 0 ? 0 : 2 ** ((code - 1) / CODES_PER_OCTAVE + LEAST_OCTAVE);
}

/** The largest |d| of a slot of the day that is over, and the scale it is judged by. */
export interface SlotSeen {
  readonly maximum: number;
  readonly scale: number;
}

/** A usual maximum after one more slot, which counts for some times the old one at most. */
export function learntMaximum(usual: number, { maximum, scale }: SlotSeen, rate: number): number {
  const most = MOST_SLOT_GROWTH * Math.max(usual, SLOT_FLOOR * scale);
  return usual + rate * (Math.min(maximum, most) - usual);
}

/** The usual maximum at a place in `codes` learns the one just seen on a visit to its slot, counted from 1. */
export function learnMaximum(codes: Uint16Array, cell: number, seen: SlotSeen, visits: number): void {
  codes[cell] = codeOf(learntMaximum(sizeOf(codes[cell]!), seen, Math.max(1 / visits, SLOT_RATE)));
}

/** The largest usual maximum of a slot and its neighbours; `from` is the view's first place in `codes`. */
export function maximumAround(codes: Uint16Array, from: number, slot: number, slotsPerDay: number): number {
  const before = codes[from + ((slot + slotsPerDay - 1) % slotsPerDay)]!;
  const after = codes[from + ((slot + 1) % slotsPerDay)]!;
  return sizeOf(Math.max(before, codes[from + slot]!, after));
}

export function countVisit(visits: Uint8Array, cell: number): number {
  const count = Math.min(visits[cell]! + 1, MOST_VISITS);
  visits[cell] = count;
  return count;
}
