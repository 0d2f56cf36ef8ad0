import { basename } from 'node:path';
import type { JudgedFile } from '../data/judged-set.ts';
import { type Bench, progressBar } from '../support/suite.ts';
import { type Candidate, FoldCollector } from './folds.ts';
import { addFile, type Judged, nothingJudged } from './judge.ts';
import type { Row } from './rows.ts';
import type { SceneCollector } from './scenes.ts';

export interface RowJudged {
  readonly row: Row;
  readonly threshold: number;
  readonly sets: readonly Judged[];
  /** What folds choose from; empty unless they were asked for. */
  readonly candidates: readonly Candidate[];
}

export interface JudgeOptions {
  readonly rows: readonly Row[];
  readonly thresholdOf: (row: Row) => number;
  readonly withCandidates: boolean;
  /** Keeps what plots show of the technique `tail`. */
  readonly scenes?: SceneCollector | undefined;
}

/** Has every row watch every file. A file is read once and forgotten; what stays are the scores of its units. */
export async function judgeAll(
  bench: Pick<Bench, 'progress' | 'done'>,
  files: readonly JudgedFile[],
  { rows, thresholdOf, withCandidates, scenes }: JudgeOptions,
): Promise<RowJudged[]> {
  const work = rows.map((row) => ({
    row,
    threshold: thresholdOf(row),
    sets: new Map<string, Judged>(),
    folds: new FoldCollector(row.name, thresholdOf(row)),
  }));
  for (const [f, file] of files.entries()) {
    bench.progress(progressBar(f / files.length, `${file.set} ${basename(file.path)}`));
    const set = file.read();
    for (const [r, { row, sets, folds }] of work.entries()) {
      if (!row.fits(set)) continue;
      bench.progress(progressBar((f + r / work.length) / files.length, `${file.set} ${set.name} ${row.name}`));
      if (!sets.has(file.set)) sets.set(file.set, nothingJudged(file.set));
      const watched = await row.score(set);
      addFile(sets.get(file.set)!, set, watched, row);
      if (withCandidates) folds.add(set, watched.score);
      if (row.name === 'tail') scenes?.add(set, watched, row, thresholdOf(row));
    }
    bench.done(`${file.set} ${set.name}`);
  }
  return work.map(({ row, threshold, sets, folds }) => ({
    row,
    threshold,
    sets: [...sets.values()],
    candidates: withCandidates ? folds.candidates() : [],
  }));
}
