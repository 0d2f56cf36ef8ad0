import type { Run } from './sample-log.ts';

/** Samples farther apart than this many mean distances are a gap, which a rate is not carried over. */
const GAP = 1.1;

/**
 * Increase a second of a counter at an instant, over the window that ends there, left end excluded: what PromQL's
 * `rate()` answers, so that a past read from Prometheus continues without a jump. A value below the one before is a reset, after which the
 * counter began at zero. The increase is carried to the window's ends where samples come near enough, or half a
 * distance beyond them, and never to before the counter was zero. NaN with fewer than two samples.
 *
 * Formula: Prometheus, promql/functions.go, `extrapolatedRate`.
 */
export function counterRate(
  run: Pick<Run, 'times' | 'values'>,
  /** Positions [from, to) are the samples of the window. */
  { from, to }: { readonly from: number; readonly to: number },
  window: { readonly endMs: number; readonly ms: number },
): number {
  const { times, values } = run;
  if (to - from < 2) return Number.NaN;
  const last = to - 1;
  let increase = values[last]! - values[from]!;
  for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) increase += values[i - 1]!;
  const sampledMs = times[last]! - times[from]!;
  const distanceMs = sampledMs / (to - from - 1);
  let beforeMs = times[from]! - (window.endMs - window.ms);
  let afterMs = window.endMs - times[last]!;
  if (beforeMs >= GAP * distanceMs) beforeMs = distanceMs / 2;
  if (increase > 0 && values[from]! >= 0) beforeMs = Math.min(beforeMs, sampledMs * (values[from]! / increase));
  if (afterMs >= GAP * distanceMs) afterMs = distanceMs / 2;
  return (increase * ((sampledMs + beforeMs + afterMs) / sampledMs)) / (window.ms / 1000);
}
