/** What hits and mistakes are worth in a profile of the Numenta benchmark. */
export interface NabProfile {
  readonly hit: number;
  readonly miss: number;
  readonly falseAlarm: number;
}

export const NAB_PROFILES = {
  nab_standard: { hit: 1, miss: 1, falseAlarm: 0.11 },
  nab_low_fp: { hit: 1, miss: 1, falseAlarm: 0.22 },
  nab_low_fn: { hit: 1, miss: 2, falseAlarm: 0.11 },
} as const satisfies Record<string, NabProfile>;

export type NabMeasure = keyof typeof NAB_PROFILES;

/** Rows and windows of a file, and the rows at which something was detected, ascending. */
export interface NabFile {
  readonly rows: number;
  readonly windows: readonly (readonly [number, number])[];
  readonly detections: readonly number[];
}

const PROBATION_SHARE = 0.15;
const MOST_PROBATION = 750;
/** Beyond it the sigmoid is taken to be at its end. */
const FAR = 3;

function sigmoid(x: number): number {
  return x > FAR ? -1 : 2 / (1 + Math.exp(5 * x)) - 1;
}

/** Rows at the start of a file in which detections do not count. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(PROBATION_SHARE * rows), MOST_PROBATION);
}

/**
 * The score of the benchmark over all files together: 100 for one detection at the start of every window and none
 * elsewhere, 0 for no detection at all (Lavin, Ahmad: Evaluating Real-time Anomaly Detection Algorithms, 2015).
 */
export function nabScore(files: readonly NabFile[], profile: NabProfile): number {
  const windows = files.reduce((sum, file) => sum + file.windows.length, 0);
  const nothing = -profile.miss * windows;
  const raw = files.reduce((sum, file) => sum + rawScore(file, profile), 0);
  return (100 * (raw - nothing)) / (profile.hit * windows - nothing);
}

function rawScore({ rows, windows, detections }: NabFile, { hit, miss, falseAlarm }: NabProfile): number {
  const best = windows.map(() => -miss);
  const probation = probationRows(rows);
  let score = 0;
  for (const row of detections) {
    if (row < probation) continue;
    const inside = windows.findIndex(([first, last]) => row >= first && row <= last);
    if (inside >= 0) {
      const [first, last] = windows[inside]!;
      const place = -(last - row + 1) / (last - first + 1);
      best[inside] = Math.max(best[inside]!, (hit * sigmoid(place)) / sigmoid(-1));
      continue;
    }
    const before = windows.findLast(([, last]) => last < row);
    const place = before === undefined ? Number.POSITIVE_INFINITY : (row - before[1]) / (before[1] - before[0]);
    score += falseAlarm * sigmoid(place);
  }
  return best.reduce((sum, each) => sum + each, score);
}
