import { type CsvFile, columnIndex, numberColumn, readCsv } from './csv.ts';
import type { JudgedSet } from './judged-set.ts';
import type { FileOf } from './judged-values.ts';

const MINUTE_MS = 60_000;
/** Distance of rows, which the files do not tell. */
const STEPS: Readonly<Record<string, number>> = { asd: 5 * MINUTE_MS, smd: MINUTE_MS };

/**
 * A server with its metrics: `<name>_train` comes first and is only watched, `<name>_test` is judged by its column
 * `label`. Rows are counted, not timed, so the first is put at midnight.
 */
export function readServer(path: string, { set, part, stem }: FileOf & { readonly set: string }): JudgedSet {
  const test = readCsv(path);
  const train = readCsv(path.replace(/_test(\.csv(\.gz)?)$/, '_train$1'));
  const series = test.header.filter((title) => /^m\d+$/.test(title));
  const before = train.rows.length;
  const steps = before + test.rows.length;
  const values = new Float64Array(series.length * steps);
  series.forEach((title, s) => {
    values.set(column(train, title), s * steps);
    values.set(column(test, title), s * steps + before);
  });
  const labels = new Uint8Array(steps);
  labels.set(Uint8Array.from(column(test, 'label')), before);
  return {
    set,
    part,
    name: stem.replace(/_test$/, ''),
    startMs: 0,
    stepMs: STEPS[set]!,
    steps,
    series,
    values,
    rows: Int32Array.from({ length: steps }, (_, row) => row),
    firstRow: before,
    judgement: { kind: 'labels', labels },
  };
}

function column(file: CsvFile, title: string): Float64Array {
  return numberColumn(file, columnIndex(file, title));
}
