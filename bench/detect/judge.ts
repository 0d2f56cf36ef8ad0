import type { JudgedSet } from '../data/judged-set.ts';
import type { Row } from './rows.ts';
import { addFaults, type FaultTally, tallyFaults } from './scoring/faults.ts';
import { type Join, joined, jointUnit, type Unit, unitsOfSeries } from './unit.ts';
import type { Watched } from './watch.ts';

/** Scores of a file of the Numenta benchmark, a row each. NaN: another row of the same instant has it. */
export interface WindowedScores {
  readonly scores: Float32Array;
  readonly windows: readonly (readonly [number, number])[];
}

/** What a row made of all files of a set. */
export interface Judged {
  readonly set: string;
  readonly units: Unit[];
  readonly windowed: WindowedScores[];
  /** Faults found at a threshold, one a member. */
  readonly faults: ((threshold: number) => FaultTally)[];
  series: number;
  samples: number;
  cpuMs: number;
}

export function nothingJudged(set: string): Judged {
  return { set, units: [], windowed: [], faults: [], series: 0, samples: 0, cpuMs: 0 };
}

/** Adds a file that a row has scored. Series of a set that is watched for one server, or one pod, are joined. */
export function addFile(judged: Judged, set: JudgedSet, watched: Watched, row: Pick<Row, 'join'>): void {
  judged.series += set.series.length;
  judged.samples += set.values.length;
  judged.cpuMs += watched.cpuMs;
  const { judgement } = set;
  if (set.series.length === 1 || judgement.kind === 'clean') judged.units.push(...unitsOfSeries(set, watched));
  else judged.units.push(jointUnit(set, jointScore(set, watched, row.join)));
  if (judgement.kind === 'windows')
    judged.windowed.push({ scores: scoresOfRows(set, watched.score), windows: judgement.windows });
  if (judgement.kind === 'faults') {
    const joint = jointScore(set, watched, row.join);
    judged.faults.push((threshold) => tallyFaults(set, judgement.faults, joint, threshold));
  }
}

export function faultsAt({ faults }: Judged, threshold: number): FaultTally {
  return addFaults(faults.map((tally) => tally(threshold)));
}

function jointScore(set: JudgedSet, { score }: Watched, join: Join): Float32Array {
  return set.series.length === 1 ? score : joined(set, score, join);
}

function scoresOfRows({ rows, steps }: JudgedSet, score: Float32Array): Float32Array {
  const lastRow = new Int32Array(steps);
  for (const [row, place] of rows.entries()) lastRow[place] = row;
  return Float32Array.from(rows, (place, row) => (lastRow[place] === row ? score[place]! : Number.NaN));
}
