import { writeFileSync } from 'node:fs';
import { findJudged } from './data/find-judged.ts';
import { type Candidate, foldsOf } from './detect/folds.ts';
import { readFrozen, writeFrozen } from './detect/freeze.ts';
import { judgeAll, type RowJudged } from './detect/judge-all.ts';
import { writePictures } from './detect/pictures/write.ts';
import { writeScenes } from './detect/plots.ts';
import { foldMeasurements, measurementsOf, type Result, resultsOf } from './detect/results.ts';
import { rowsNamed } from './detect/rows.ts';
import { SceneCollector } from './detect/scenes.ts';
import { foldTable, tableOf, variantTable } from './detect/tables.ts';
import { readVariants, runVariant, type VariantRun } from './detect/variants.ts';
import { asResult } from './support/report.ts';
import { setFilter } from './support/set-filter.ts';
import { type Bench, progressBar, type Suite } from './support/suite.ts';

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
    settings: 'FILE with variants of the settings of tail, each run as well',
    plots: 'DIR to draw the worst misses and loudest false alarms of tail to',
    pictures: 'DIR to draw the pictures of docs/detection.md to',
    candidates: 'FILE to write to what --folds would choose from',
  },
  flags: {
    alone: 'leave out the rows that are none of ours',
    folds: 'also choose threshold, rule for servers and variant without what they are judged by',
  },
  needs: ['data'],
  async run(bench) {
    const { options } = bench;
    const rows = rowsNamed(options['techniques'], options['alone'] !== undefined);
    const frozen = options['threshold'] === undefined ? {} : readFrozen(options['threshold']);
    const wanted = setFilter(options['sets']);
    const files = (await findJudged(options['data']!)).filter((file) => wanted(file.set, file.part));
    if (files.length === 0) throw new Error('no set of these names');
    const variants = options['settings'] === undefined ? [] : readVariants(options['settings']);
    const withCandidates = options['folds'] !== undefined || options['candidates'] !== undefined;
    const thresholdOf = ({ name, threshold }: (typeof rows)[number]) => frozen[name] ?? threshold;
    const scenes = [options['plots'], options['pictures']].every((dir) => dir === undefined)
      ? undefined
      : new SceneCollector();
    const judged = await judgeAll(bench, files, { rows, thresholdOf, withCandidates, scenes });
    if (scenes !== undefined && options['plots'] !== undefined) writeScenes(options['plots'], scenes.scenes);
    if (scenes !== undefined && options['pictures'] !== undefined)
      await writePictures(options['pictures'], files, { judged, scenes: scenes.scenes });
    const results = report(bench, judged);
    const tailResults = results
      .filter(({ row }) => row === 'tail')
      .flatMap(measurementsOf)
      .map(asResult);
    const runs: VariantRun[] = [];
    for (const [v, [name, settings]] of variants.entries()) {
      bench.progress(progressBar(v / variants.length, `tail with ${name}`));
      runs.push(await runVariant(name, settings, { data: options['data']!, sets: options['sets'] }));
      bench.done(`tail with ${name}`);
    }
    if (runs.length > 0) bench.print(`${variantTable([{ name: 'as it is', results: tailResults }, ...runs])}\n`);
    for (const { name, results: own } of runs)
      for (const result of own)
        if (result.name.startsWith('tail/'))
          bench.add({ name: `tail[${name}]${result.name.slice(4)}`, value: result.value, unit: result.unit });
    const candidates = judged.find(({ row }) => row.name === 'tail')?.candidates ?? [];
    if (options['candidates'] !== undefined) writeFileSync(options['candidates'], JSON.stringify(candidates));
    if (options['folds'] !== undefined) reportFolds(bench, [...candidates, ...runs.flatMap(named)]);
    if (options['freeze'] !== undefined) writeFrozen(options['freeze'], judged);
  },
};

function report(bench: Bench, judged: readonly RowJudged[]): Result[] {
  const results: Result[] = [];
  for (const { row, threshold, sets } of judged)
    for (const each of sets) {
      bench.progress(progressBar(1, `judging ${row.name} on ${each.set}`));
      results.push(...resultsOf(row.name, each, threshold));
    }
  for (const of of new Set(results.map((result) => result.of))) {
    const own = results.filter((result) => result.of === of);
    bench.print(`${tableOf(of, own)}\n`);
  }
  for (const measurement of results.flatMap(measurementsOf)) bench.add(measurement);
  return results;
}

function reportFolds(bench: Bench, candidates: readonly Candidate[]): void {
  if (candidates.length === 0) throw new Error('folds choose settings of tail: it must be among the techniques');
  const folds = foldsOf(candidates);
  bench.print(`${foldTable(folds)}\n`);
  for (const measurement of folds.flatMap(foldMeasurements)) bench.add(measurement);
}

function named({ name, candidates }: VariantRun): Candidate[] {
  return candidates.map((candidate) => ({ ...candidate, name: candidate.name.replace('tail', `tail with ${name}`) }));
}
