import { type CsvFile, numberColumn, readText, timeColumn } from './csv.ts';
import type { JudgedSet } from './judged-set.ts';
import type { FileOf } from './judged-values.ts';
import { onGrid, placeOnGrid } from './resample.ts';

/** Rows that name service, metric and statistic, and one for the index. */
const HEADER_ROWS = 4;
/** Fewer samples make no series to speak of. */
const LEAST_SAMPLES = 50;

/** Hours of a shop in which nothing was wrong, a column a metric of a service. */
export function readSpell(path: string, { part, stem }: FileOf): JudgedSet {
  const rows = readText(path)
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','));
  const file: CsvFile = { path, header: rows[0]!, rows: rows.slice(HEADER_ROWS) };
  const placement = placeOnGrid(timeColumn(file, 0));
  const columns = file.header
    .map((_, c) => ({
      name: rows
        .slice(0, HEADER_ROWS - 1)
        .map((row) => row[c]!)
        .join('.'),
      column: c,
    }))
    .slice(1)
    .map(({ name, column }) => ({ name, values: onGrid(numberColumn(file, column), placement).values }))
    .filter(
      ({ values }) => values.reduce((count, value) => count + (Number.isFinite(value) ? 1 : 0), 0) >= LEAST_SAMPLES,
    );
  const { steps } = placement;
  const values = new Float64Array(columns.length * steps);
  columns.forEach((column, s) => void values.set(column.values, s * steps));
  return {
    set: 'petshop',
    part,
    name: stem,
    startMs: placement.startMs,
    stepMs: placement.stepMs,
    steps,
    series: columns.map(({ name }) => name),
    values,
    rows: placement.positions,
    firstRow: 0,
    judgement: { kind: 'clean' },
  };
}
