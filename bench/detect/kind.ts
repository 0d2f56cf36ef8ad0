const DAY_MS = 86_400_000;
/** Share of samples equal to the one before from which a series counts as one that mostly stands still. */
const STILL_SHARE = 0.5;
/** A series is daily where yesterday's sample is that much nearer than the middle of all is. */
const DAILY_SHARE = 0.6;
const LEAST_DAYS = 3;

/**
 * Kind of a series, by its values alone: `still` mostly repeats the value before, `daily` is much like the day before,
 * `restless` is neither.
 */
export function kindOf(values: Float64Array, stepMs: number): string {
  let repeats = 0;
  let pairs = 0;
  for (let i = 1; i < values.length; i++) {
    const move = values[i]! - values[i - 1]!;
    if (Number.isNaN(move)) continue;
    pairs++;
    if (move === 0) repeats++;
  }
  if (pairs === 0 || repeats > STILL_SHARE * pairs) return 'still';
  const day = Math.round(DAY_MS / stepMs);
  if (values.length < LEAST_DAYS * day) return 'restless';
  const known = values.filter(Number.isFinite).sort();
  const middle = known[known.length >> 1]!;
  let fromYesterday = 0;
  let fromMiddle = 0;
  for (let i = day; i < values.length; i++) {
    const move = Math.abs(values[i]! - values[i - day]!);
    if (Number.isNaN(move)) continue;
    fromYesterday += move;
    fromMiddle += Math.abs(values[i]! - middle);
  }
  return fromYesterday < DAILY_SHARE * fromMiddle ? 'daily' : 'restless';
}
