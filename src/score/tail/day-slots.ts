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

/** The slot of the day, in UTC, that an instant lies in. */
export function daySlotOf(timeMs: number, slotsPerDay: number): number {
  return Math.floor(((((timeMs % DAY_MS) + DAY_MS) % DAY_MS) * slotsPerDay) / DAY_MS);
}

export function codeOf(size: number): number {
  if (!(size > 0)) return 0;
  const code = 1 + Math.round((Math.log2(size) - LEAST_OCTAVE) * CODES_PER_OCTAVE);
  return Math.max(1, Math.min(MOST_CODE, code));
}

export function sizeOf(code: number): number {
  return code === 0 ? 0 : 2 ** ((code - 1) / CODES_PER_OCTAVE + LEAST_OCTAVE);
}

/** A slot of the day is over: its usual maximum learns the one just seen. `cell` is the maximum's place in `codes`. */
export function learnMaximum(
  codes: Uint16Array,
  cell: number,
  seen: { readonly maximum: number; readonly scale: number; readonly visits: number },
): void {
  const usual = sizeOf(codes[cell]!);
  const most = MOST_SLOT_GROWTH * Math.max(usual, SLOT_FLOOR * seen.scale);
  const rate = Math.max(1 / seen.visits, SLOT_RATE);
  codes[cell] = codeOf(usual + rate * (Math.min(seen.maximum, most) - usual));
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
