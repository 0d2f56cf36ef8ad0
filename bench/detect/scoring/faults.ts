import type { InjectedFault, JudgedSet } from '../../data/judged-set.ts';

/** An alarm in so many milliseconds from its injection on finds a fault. */
const WINDOW_MS = 600_000;
/** What comes so soon after a fault may still be of it, and is no control. */
const AFTERMATH_MS = 600_000;

export interface FaultCount {
  found: number;
  of: number;
}

/** What was found in the windows of faults, by their kind, and in windows of the same length in which there was none. */
export interface FaultTally {
  readonly faults: ReadonlyMap<string, FaultCount>;
  readonly control: FaultCount;
}

/** `score` is of the steps of the set's grid. */
export function tallyFaults(
  set: JudgedSet,
  faults: readonly InjectedFault[],
  score: Float32Array,
  threshold: number,
): FaultTally {
  const stepOf = (timeMs: number) => Math.ceil((timeMs - set.startMs) / set.stepMs);
  const windowSteps = Math.round(WINDOW_MS / set.stepMs);
  const isFound = (from: number) => {
    for (let step = Math.max(0, from); step <= from + windowSteps && step < set.steps; step++)
      if (score[step]! > threshold) return 1;
    return 0;
  };
  const byKind = new Map<string, FaultCount>();
  for (const { kind, startMs } of faults) {
    const count = byKind.get(kind) ?? { found: 0, of: 0 };
    count.of++;
    count.found += isFound(stepOf(startMs));
    byKind.set(kind, count);
  }
  const control = { found: 0, of: 0 };
  const aftermath = Math.round(AFTERMATH_MS / set.stepMs);
  const taken = faults.map(({ startMs }) => [stepOf(startMs), stepOf(startMs) + windowSteps + aftermath] as const);
  for (let from = 0; from + windowSteps < set.steps; from += windowSteps + 1) {
    if (taken.some(([first, last]) => from <= last && from + windowSteps >= first)) continue;
    control.of++;
    control.found += isFound(from);
  }
  return { faults: byKind, control };
}

export function addFaults(tallies: readonly FaultTally[]): FaultTally {
  const faults = new Map<string, FaultCount>();
  const control = { found: 0, of: 0 };
  const add = (sum: FaultCount, more: FaultCount) => {
    sum.found += more.found;
    sum.of += more.of;
  };
  for (const tally of tallies) {
    add(control, tally.control);
    for (const [kind, count] of tally.faults) {
      if (!faults.has(kind)) faults.set(kind, { found: 0, of: 0 });
      add(faults.get(kind)!, count);
    }
  }
  return { faults, control };
}
