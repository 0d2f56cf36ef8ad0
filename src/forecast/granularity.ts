/**
 * The values a series can have, where it is counted or rounded at its source: origin + k · unit for whole k. Levels of a
 * forecast in between promise what never comes.
 */
export interface Granularity {
  readonly origin: number;
  /** Above 0. */
  readonly unit: number;
}

/** As many changes must all be of whole units: a value that moved twice has told nothing of the steps it goes by. */
const LEAST_CHANGES = 8;
/** Share of the unit by which a change may miss a whole number of them: rounding, no more. */
const TOLERANCE = 0.01;
/** Share of the series' reach below which a unit is too fine to matter, or is none. */
const FINEST = 1e-6;

/**
 * The granularity of a column (NaN is a missing sample), undefined where there is none: the greatest common divisor of the
 * changes from sample to sample, by Euclid's algorithm. A continuous column is known as one after some samples.
 */
export function granularityOf(values: Float64Array): Granularity | undefined {
  let origin = Number.NaN;
  let before = Number.NaN;
  let changes = -1;
  let reach = 0;
  let unit = 0;
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i]!;
    if (value === before || Number.isNaN(value)) continue;
    if (changes < 0) origin = value;
    // From one sample to the next rather than from the first, which may lie so far out that all are as far from it.
    const change = Math.abs(value - before);
    before = value;
    changes++;
    reach = Math.max(reach, Math.abs(value - origin));
    if (!(change > FINEST * reach)) continue;
    if (unit === 0) unit = change;
    else if (!isWhole(change / unit)) unit = commonDivisor(change, unit, FINEST * reach);
    if (unit < FINEST * reach) return undefined;
  }
  if (changes < LEAST_CHANGES) return undefined;
  // Of the longest distance the rounding is the least share.
  return { origin, unit: reach / Math.round(reach / unit) };
}

/** The value of the granularity that lies nearest. */
export function toGranularity(value: number, { origin, unit }: Granularity): number {
  return origin + Math.round((value - origin) / unit) * unit;
}

/** 0 when it is below `least`. */
function commonDivisor(larger: number, smaller: number, least: number): number {
  let a = larger;
  let b = smaller;
  while (b >= least) {
    if (isWhole(a / b)) return b;
    const rest = Math.abs(a - Math.round(a / b) * b);
    a = b;
    b = rest;
  }
  return 0;
}

function isWhole(multiple: number): boolean {
  return multiple > 0.5 && Math.abs(multiple - Math.round(multiple)) <= TOLERANCE;
}
