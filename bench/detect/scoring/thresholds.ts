/** Thresholds that are tried, from the rarest score to this share of the rows. */
const MOST_FLAGGED = 0.02;
const LEAST_FLAGGED = 3e-6;
const TRIED = 120;

/**
 * Thresholds at which ever more rows of some score columns are flagged, in even steps of the logarithm, rarest first. Not
 * more than two rows of a hundred: alarms that are merged over ten rows would else grow together into one that is right.
 */
export function thresholdsOf(columns: readonly Float32Array[]): number[] {
  const rows = columns.reduce((sum, scores) => sum + scores.length, 0);
  const all = new Float32Array(rows);
  let at = 0;
  for (const scores of columns) {
    all.set(scores, at);
    at += scores.length;
  }
  all.sort();
  const thresholds = new Set<number>();
  for (let i = 0; i < TRIED; i++) {
    const share = LEAST_FLAGGED * (MOST_FLAGGED / LEAST_FLAGGED) ** (i / (TRIED - 1));
    const value = all[rows - 1 - Math.min(rows - 1, Math.floor(share * rows))];
    if (value !== undefined && value > 0) thresholds.add(value);
  }
  return [...thresholds];
}
