import type { Unit } from '../unit.ts';
import { eventsOf } from './alarms.ts';

/** Rows before an event that say what was usual. */
const USUAL_ROWS = 60;

/**
 * For each event of a unit that was found at a threshold: whether its first flag is on the side of the band that the
 * event lies on, which the median of its rows tells against that of the rows before it. Events that lie on neither, or have
 * no quiet hour of rows before them, are left out; so are units of several series, and techniques that publish no band.
 */
export function flaggedRightly(unit: Unit, threshold: number): boolean[] {
  const { scores, labels, values, sides } = unit;
  if (values === undefined || sides === undefined) return [];
  return eventsOf(labels).flatMap(([first, last]) => {
    const before = first - USUAL_ROWS;
    if (before < 0 || labels.subarray(before, first).includes(1)) return [];
    const usual = values.subarray(before, first);
    const labelled = Math.sign(medianOf(values.subarray(first, last + 1)) - medianOf(usual));
    let row = first;
    while (row <= last && !(scores[row]! > threshold)) row++;
    return row > last || labelled === 0 || Number.isNaN(labelled) ? [] : [sides[row] === labelled];
  });
}

/** NaN of nothing. */
function medianOf(values: Float32Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
}
