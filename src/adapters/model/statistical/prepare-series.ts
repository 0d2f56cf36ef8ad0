/**
 * Magnitudes outside of these are brought to about 1: squares and sums stay finite and normal, and small units stay
 * clear of the least scale that models know.
 */
const LARGE = 1e100;
const SMALL = 1e-3;

export interface PreparedSeries {
  /** From the first sample on; NaN is a missing sample, and infinities count as missing. */
  readonly values: Float64Array;
  /** What the values were divided by: a power of two, so nothing is rounded. */
  readonly scale: number;
}

/** A context as the engines want it; undefined when it has no finite sample. */
export function prepareSeries(raw: Float64Array): PreparedSeries | undefined {
  const first = raw.findIndex(Number.isFinite);
  if (first < 0) return undefined;
  const values = raw.slice(first);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size < Number.POSITIVE_INFINITY) largest = Math.max(largest, size);
    else values[i] = Number.NaN;
  }
  if (largest === 0 || (largest < LARGE && largest > SMALL)) return { values, scale: 1 };
  const scale = 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))));
  for (let i = 0; i < values.length; i++) values[i]! /= scale;
  return { values, scale };
}
