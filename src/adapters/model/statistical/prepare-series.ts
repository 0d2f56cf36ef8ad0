/**
 * Magnitudes outside of these are brought to about 1: squares and sums stay finite and normal, and small units stay
 * clear of the least scale that models know.
 */
const LARGE = 1e100;
const SMALL = 1e-3;

export interface PreparedSeries {
  /** From the first sample on; NaN is a missing sample, and infinities count as missing. Not to be changed. */
  readonly values: Float64Array;
  /** What the values were divided by: a power of two, so nothing is rounded. */
  readonly scale: number;
}

/** A context as the engines want it, a copy only where something differs; undefined when it has no finite sample. */
export function prepareSeries(raw: Float64Array): PreparedSeries | undefined {
  const first = raw.findIndex(Number.isFinite);
  if (first < 0) return undefined;
  const view = raw.subarray(first);
  let largest = 0;
  let hasInfinity = false;
  for (let i = 0; i < view.length; i++) {
    const size = Math.abs(view[i]!);
    if (size === Number.POSITIVE_INFINITY) hasInfinity = true;
    else if (size > largest) largest = size;
  }
  const isScaled = largest > 0 && (largest >= LARGE || largest <= SMALL);
  if (!hasInfinity && !isScaled) return { values: view, scale: 1 };
  const scale = isScaled ? 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest)))) : 1;
  return {
    values: view.map((value) => (Math.abs(value) < Number.POSITIVE_INFINITY ? value / scale : Number.NaN)),
    scale,
  };
}
