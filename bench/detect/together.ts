import type { JudgedSet } from '../data/judged-set.ts';
import type { Watched } from './watch.ts';

/**
 * Single series of one step as the series of one set, over the time of all of them. A pipeline with many series costs
 * much less a series than many pipelines, and scores each by itself all the same.
 */
export function merged(sets: readonly JudgedSet[]): JudgedSet {
  const { stepMs } = sets[0]!;
  const startMs = Math.min(...sets.map((set) => set.startMs));
  const endMs = Math.max(...sets.map((set) => set.startMs + set.steps * stepMs));
  const steps = Math.round((endMs - startMs) / stepMs);
  const values = new Float64Array(sets.length * steps).fill(Number.NaN);
  for (const [s, set] of sets.entries()) values.set(set.values, s * steps + offsetOf(set, startMs));
  return { ...sets[0]!, startMs, steps, series: sets.map(({ name }) => name), values };
}

/** What was published of one of the sets; its share of the time is that of its samples. */
export function partOf(watched: Watched, whole: JudgedSet, sets: readonly JudgedSet[], s: number): Watched {
  const set = sets[s]!;
  const from = s * whole.steps + offsetOf(set, whole.startMs);
  const part = (column: Float32Array) => (column.length === 0 ? column : column.slice(from, from + set.steps));
  const samples = sets.reduce((sum, { steps }) => sum + steps, 0);
  return {
    score: part(watched.score),
    lower: part(watched.lower),
    upper: part(watched.upper),
    view: watched.view.slice(from, from + set.steps),
    cpuMs: (watched.cpuMs * set.steps) / samples,
  };
}

function offsetOf({ startMs, stepMs }: JudgedSet, firstMs: number): number {
  return Math.round((startMs - firstMs) / stepMs);
}
