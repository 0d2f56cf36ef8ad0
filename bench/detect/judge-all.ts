import { basename } from 'node:path';
import type { JudgedFile, JudgedSet } from '../data/judged-set.ts';
import { type Bench, progressBar } from '../support/suite.ts';
import { type Candidate, FoldCollector } from './folds.ts';
import { addFile, type Judged, nothingJudged } from './judge.ts';
import type { Row } from './rows.ts';
import type { SceneCollector } from './scenes.ts';
import { merged, partOf } from './together.ts';

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
  let behind = 0;
  for (const batch of batchesOf(files)) {
    const [first] = batch as [JudgedFile];
    bench.progress(progressBar(behind / files.length, `${first.set} ${basename(first.path)}`));
    for (const sets of byStep(batch.map((file) => file.read()))) {
      const whole = sets.length === 1 ? sets[0]! : merged(sets);
      for (const [r, { row, sets: judged, folds }] of work.entries()) {
        if (!row.fits(whole)) continue;
        const share = (behind + (batch.length * r) / work.length) / files.length;
        bench.progress(progressBar(share, `${first.set} ${whole.name} ${row.name}`));
        if (!judged.has(first.set)) judged.set(first.set, nothingJudged(first.set));
        const watched = await row.score(whole);
        for (const [s, set] of sets.entries()) {
          const own = sets.length === 1 ? watched : partOf(watched, whole, sets, s);
          addFile(judged.get(first.set)!, set, own, row);
          if (withCandidates) folds.add(set, own.score);
          if (row.name === 'tail') scenes?.add(set, own, row, thresholdOf(row));
        }
      }
    }
    behind += batch.length;
    bench.done(batch.length === 1 ? `${first.set} ${basename(first.path)}` : `${first.set}, ${batch.length} files`);
  }
  return work.map(({ row, threshold, sets, folds }) => ({
    row,
    threshold,
    sets: [...sets.values()],
    candidates: withCandidates ? folds.candidates() : [],
  }));
}

/** Files that are watched together: those of the KPI challenge, each of a single series. */
function batchesOf(files: readonly JudgedFile[]): JudgedFile[][] {
  const batches: JudgedFile[][] = [];
  for (const file of files) {
    const newest = batches.at(-1);
    if (file.set === 'kpi2018' && newest?.[0]?.part === file.part) newest.push(file);
    else batches.push([file]);
  }
  return batches;
}

function byStep(sets: readonly JudgedSet[]): JudgedSet[][] {
  if (sets.length === 1) return [[...sets]];
  const steps = [...new Set(sets.map(({ stepMs }) => stepMs))];
  return steps.map((stepMs) => sets.filter((set) => set.stepMs === stepMs));
}
