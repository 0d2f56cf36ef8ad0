import type { JudgedSet } from '../data/judged-set.ts';
import { kindOf } from './kind.ts';
import type { Watched } from './watch.ts';

/**
 * What is judged as one: a series, or a server with all its metrics. A score and a label for each row of the file, in
 * the order of time. A score of 0 is also that of a row that was not scored.
 */
export interface Unit {
  readonly set: string;
  readonly part: string;
  readonly name: string;
  readonly kind: string;
  readonly stepMs: number;
  readonly scores: Float32Array;
  readonly labels: Uint8Array;
  /** Of a single series: its values, and which side of the band they lie on (1 above, −1 below, 0 inside or no band). */
  readonly values?: Float32Array;
  readonly sides?: Int8Array;
}

/** Days that a unit was watched: rows that the file does not have do not count. */
export function daysOf({ scores, stepMs }: Unit): number {
  return (scores.length * stepMs) / 86_400_000;
}

/** How the scores of several series at one step become the score of what they belong to. */
export type Join = (column: Float64Array) => number;

/** The k-th largest of the scores: k series have to agree. */
export function kthLargest(k: number): Join {
  return (column) => {
    const sorted = column.filter(Number.isFinite).sort();
    return sorted[sorted.length - Math.min(k, sorted.length)] ?? 0;
  };
}

/** Units of a set whose every series is judged by itself. */
export function unitsOfSeries(
  set: JudgedSet,
  { score, lower, upper }: Pick<Watched, 'score' | 'lower' | 'upper'>,
): Unit[] {
  const places = placesOf(set);
  const hasBands = lower.length > 0;
  return set.series.map((series, s) => {
    const values = set.values.subarray(s * set.steps, (s + 1) * set.steps);
    const own = score.subarray(s * set.steps, (s + 1) * set.steps);
    return {
      set: set.set,
      part: set.part,
      name: set.series.length === 1 ? set.name : `${set.name}.${series}`,
      kind: kindOf(values, set.stepMs),
      stepMs: set.stepMs,
      scores: Float32Array.from(places, (place) => own[place]! || 0),
      labels: labelsAt(set, places),
      ...(hasBands && {
        values: Float32Array.from(places, (place) => values[place]!),
        sides: Int8Array.from(places, (place) => {
          const at = s * set.steps + place;
          return values[place]! > upper[at]! ? 1 : values[place]! < lower[at]! ? -1 : 0;
        }),
      }),
    };
  });
}

/** The unit of a set whose series are parts of one thing. */
export function jointUnit(set: JudgedSet, joint: Float32Array): Unit {
  const places = placesOf(set);
  return {
    set: set.set,
    part: set.part,
    name: set.name,
    kind: 'several series',
    stepMs: set.stepMs,
    scores: Float32Array.from(places, (place) => joint[place]! || 0),
    labels: labelsAt(set, places),
  };
}

/** The scores of a set's series, joined step by step. */
export function joined({ series, steps }: JudgedSet, score: Float32Array, join: Join): Float32Array {
  const column = new Float64Array(series.length);
  return Float32Array.from({ length: steps }, (_, step) => {
    for (let s = 0; s < series.length; s++) column[s] = score[s * steps + step]!;
    return join(column);
  });
}

/** Places on the grid that are judged, in the order of time, each once. */
function placesOf({ rows, firstRow }: JudgedSet): Int32Array {
  const places = rows.slice(firstRow).sort();
  return places.filter((place, i) => i === 0 || place !== places[i - 1]);
}

function labelsAt(set: JudgedSet, places: Int32Array): Uint8Array {
  const onGrid = labelsOnGrid(set);
  return Uint8Array.from(places, (place) => onGrid[place]!);
}

/** 1 at each step of the grid that is labelled. */
export function labelsOnGrid({ judgement, rows, steps }: JudgedSet): Uint8Array {
  const labels = new Uint8Array(steps);
  if (judgement.kind === 'labels')
    for (const [row, place] of rows.entries()) if (judgement.labels[row] === 1) labels[place] = 1;
  if (judgement.kind === 'windows')
    for (const [first, last] of judgement.windows) labels.fill(1, rows[first]!, rows[last]! + 1);
  return labels;
}
