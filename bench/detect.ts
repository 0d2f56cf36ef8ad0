import { basename } from 'node:path';
import { findJudged } from './data/find-judged.ts';
import { readFrozen, writeFrozen } from './detect/freeze.ts';
import { addFile, type Judged, nothingJudged } from './detect/judge.ts';
import { measurementsOf, type Result, resultsOf } from './detect/results.ts';
import { type Row, rowsNamed } from './detect/rows.ts';
import { tableOf } from './detect/tables.ts';
import { setFilter } from './support/set-filter.ts';
import { progressBar, type Suite } from './support/suite.ts';

/**
 * How well the techniques find what people have labelled, and how quiet they are otherwise: every series of a folder is
 * watched by a pipeline of the product, and what it published is scored. README.md beside this file says how to read it.
 */
export const suite: Suite = {
  options: {
    data: 'DIR with files in a known layout, or with folders of them',
    techniques: 'a,b  only these; random, rolling_z_score and first_difference are always there',
    sets: 'a,b*  only the sets or folders of these names',
    threshold: 'FILE with thresholds that --freeze has written',
    freeze: 'FILE to write thresholds to that are chosen on these data',
  },
  needs: ['data'],
  async run(bench) {
    const { data, techniques, sets, threshold, freeze } = bench.options;
    const rows = rowsNamed(techniques);
    const frozen = threshold === undefined ? {} : readFrozen(threshold);
    const wanted = setFilter(sets);
    const files = (await findJudged(data!)).filter((file) => wanted(file.set, file.part));
    if (files.length === 0) throw new Error('no set of these names');
    const judged = new Map<Row, Map<string, Judged>>(rows.map((row) => [row, new Map()]));
    for (const [f, file] of files.entries()) {
      bench.progress(progressBar(f / files.length, `${file.set} ${basename(file.path)}`));
      const set = file.read();
      for (const [r, row] of rows.entries()) {
        if (!row.fits(set)) continue;
        bench.progress(progressBar((f + r / rows.length) / files.length, `${file.set} ${set.name} ${row.name}`));
        const bySet = judged.get(row)!;
        if (!bySet.has(file.set)) bySet.set(file.set, nothingJudged(file.set));
        addFile(bySet.get(file.set)!, set, await row.score(set), row);
      }
      bench.done(`${file.set} ${set.name}`);
    }
    const results: Result[] = [];
    for (const row of rows)
      for (const each of judged.get(row)!.values()) {
        bench.progress(progressBar(1, `judging ${row.name} on ${each.set}`));
        results.push(...resultsOf(row.name, each, frozen[row.name] ?? row.threshold));
      }
    for (const of of new Set(results.map((result) => result.of)))
      bench.print(
        `${tableOf(
          of,
          results.filter((result) => result.of === of),
        )}\n`,
      );
    for (const result of results) for (const measurement of measurementsOf(result)) bench.add(measurement);
    if (freeze !== undefined)
      writeFrozen(
        freeze,
        rows.map((row) => [row, [...judged.get(row)!.values()]]),
      );
  },
};
