import { basename } from 'node:path';
import type { Collection } from '../data/series-set.ts';
import type { Measurement } from '../support/report.ts';
import { setFilter } from '../support/set-filter.ts';
import { type Bench, progressBar } from '../support/suite.ts';
import { aggregateMeasurements, meanOfFolders, setMeasurements } from './measurements.ts';
import { writePlots } from './plot.ts';
import { type Folder, Published, type SetScores } from './results.ts';
import { type EngineRow, NAIVE } from './rows.ts';
import { runSet } from './run-set.ts';
import type { Engines } from './run-term.ts';
import { aggregateTable, setTable } from './tables.ts';

export interface How {
  readonly rows: readonly EngineRow[];
  readonly contextSteps: number | undefined;
  /** Most windows of a term; undefined: those of the protocol, the only ones that compare with published scores. */
  readonly mostWindows?: number | undefined;
  readonly engines: Engines;
}

/**
 * Measures the rows on every set of the folders: prints a table a set and one a folder, and adds a result for each score.
 * Options of the bench: `sets`, `plots`.
 */
export async function measure(bench: Bench, collections: readonly Collection[], how: How): Promise<void> {
  const wanted = setFilter(bench.options['sets']);
  const files = collections.reduce((sum, collection) => sum + collection.files.length, 0);
  const unavailable = new Map<string, string>();
  const folders: Folder[] = [];
  let behind = 0;
  for (const collection of collections) {
    const published = new Published(how.mostWindows === undefined ? collection.published : []);
    const sets: SetScores[] = [];
    for (const file of collection.files) {
      bench.progress(progressBar(behind++ / files, basename(file)));
      const inFile = collection.read(file).filter((set) => wanted(collection.name, set.name));
      for (const set of inFile) {
        const startedMs = performance.now();
        const result = await runSet(how.engines, set, {
          ...how,
          plotted: (engine) => bench.options['plots'] !== undefined && engine !== NAIVE,
          started: (text, share) => bench.progress(progressBar((behind - 1 + share / inFile.length) / files, text)),
        });
        for (const [engine, reason] of result.unavailable) unavailable.set(engine, reason);
        if (bench.options['plots'] !== undefined) writePlots(bench.options['plots'], set, result.windows);
        sets.push(result.scores);
        bench.print(`${setTable(result.scores, how.rows, published)}\n`);
        for (const measurement of setMeasurements(result.scores, how.rows, published)) bench.add(measurement);
        bench.done(`${set.name} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      }
    }
    if (sets.length > 0) folders.push({ name: collection.name, sets, published });
  }
  for (const folder of folders) bench.print(`${aggregateTable(folder, how.rows)}\n`);
  for (const [engine, reason] of unavailable) bench.print(`${engine} is not available: ${reason}\n`);
  addAggregates(bench, folders, how.rows);
}

/** Each folder by itself, and all together: a folder counts as one there, however many sets it has. */
function addAggregates(bench: Bench, folders: readonly Folder[], rows: readonly EngineRow[]): void {
  const [first, ...others] = folders;
  if (first === undefined) throw new Error('no set of these names');
  for (const row of rows) {
    const parts = folders.map((folder) => aggregateMeasurements(folder, row.name));
    if (others.length > 0) {
      for (const [i, folder] of folders.entries()) addNamed(bench, `${row.name}/${folder.name}`, parts[i]!);
    }
    addNamed(bench, `${row.name}/all`, meanOfFolders(parts));
  }
}

function addNamed(bench: Bench, prefix: string, measurements: readonly Measurement[]): void {
  for (const measurement of measurements) bench.add({ ...measurement, name: `${prefix}/${measurement.name}` });
}
