/** Values on an even grid. */
export interface EvenSeries {
  /** Instant of the first value, a multiple of the step. */
  readonly startMs: number;
  readonly stepMs: number;
  /** NaN is a missing sample. */
  readonly values: Float64Array;
}

/** More than this many steps for each sample means that the step is wrong: no file is that empty. */
const MOST_STEPS_PER_SAMPLE = 100;

/** The most frequent distance between neighbours that is above zero: the step of a file with gaps and doubles. */
export function stepOf(timesMs: Float64Array): number {
  const counts = new Map<number, number>();
  for (let i = 1; i < timesMs.length; i++) {
    const distance = timesMs[i]! - timesMs[i - 1]!;
    if (distance > 0) counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  let step = Number.NaN;
  let most = 0;
  for (const [distance, count] of counts) {
    if (count < most || (count === most && distance > step)) continue;
    step = distance;
    most = count;
  }
  return step;
}

/** The grid that covers all instants, and for each sample its position on it. */
export interface Placement {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly positions: Int32Array;
}

/**
 * Puts samples onto the nearest instant of a grid whose instants are multiples of the step. Order does not matter, so
 * that clocks set back and doubled rows are no trouble. Throws when no step can be told.
 */
export function placeOnGrid(timesMs: Float64Array, stepMs: number = stepOf(timesMs)): Placement {
  if (!(stepMs > 0)) throw new Error('fewer than two different timestamps');
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const timeMs of timesMs) {
    first = Math.min(first, timeMs);
    last = Math.max(last, timeMs);
  }
  // All samples of a file have about the same offset from the grid; it is taken off, or they would fall to either side.
  const phaseMs = first % stepMs;
  const startMs = first - phaseMs;
  const steps = Math.round((last - first) / stepMs) + 1;
  if (steps > MOST_STEPS_PER_SAMPLE * timesMs.length) throw new Error(`${timesMs.length} samples over ${steps} steps`);
  const positions = Int32Array.from(timesMs, (timeMs) => Math.round((timeMs - first) / stepMs));
  return { startMs, stepMs, steps, positions };
}

/** A column on its grid: NaN where nothing fell, the later row where several did, missing values aside. */
export function onGrid(values: Float64Array, placement: Placement): EvenSeries {
  const { startMs, stepMs, steps, positions } = placement;
  const even = new Float64Array(steps).fill(Number.NaN);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) even[positions[i]!] = value;
  }
  return { startMs, stepMs, values: even };
}
