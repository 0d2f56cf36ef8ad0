import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnIndex, numberColumn, parseTime, timeColumn } from './csv.ts';
import type { JudgedSet, Judgement } from './judged-set.ts';
import { type LabelledFile, readLabelled } from './labelled.ts';
import { onGrid } from './resample.ts';

export interface FileOf {
  readonly part: string;
  readonly stem: string;
}

/** File → windows, each the first and the last instant. */
export type WindowLabels = Readonly<Record<string, readonly (readonly [string, string])[]>>;

/** The labels of the Numenta benchmark, where a folder holds them. */
export function windowLabelsIn(dir: string): WindowLabels | undefined {
  const path = join(dir, 'labels', 'windows.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as WindowLabels) : undefined;
}

/** A KPI of the challenge of 2018: a label a row. */
export function readKpi(path: string, { part, stem }: FileOf): JudgedSet {
  const labelled = readLabelled(path, 'timestamp');
  const labels = Uint8Array.from(numberColumn(labelled.file, columnIndex(labelled.file, 'label')));
  return judged(labelled, { set: 'kpi2018', part, stem }, { kind: 'labels', labels });
}

/** A file of the Numenta benchmark. A window begins and ends at the first row of its instants, as its scorer has it. */
export function readWindows(
  path: string,
  { part, stem, windows }: FileOf & { readonly windows: WindowLabels[string] },
): JudgedSet {
  const labelled = readLabelled(path, 'timestamp');
  const times = timeColumn(labelled.file, columnIndex(labelled.file, 'timestamp'));
  const rowOf = (text: string): number => {
    const row = times.indexOf(parseTime(text.trim()));
    if (row < 0) throw new Error(`${path}: no row at ${text}, where a window begins or ends`);
    return row;
  };
  const rows = windows.map(([from, to]): [number, number] => [rowOf(from), rowOf(to)]);
  return judged(labelled, { set: 'nab', part, stem }, { kind: 'windows', windows: rows });
}

function judged(
  { file, placement }: LabelledFile,
  { set, part, stem }: FileOf & { readonly set: string },
  judgement: Judgement,
): JudgedSet {
  const { startMs, stepMs, values } = onGrid(numberColumn(file, columnIndex(file, 'value')), placement);
  return {
    set,
    part,
    name: stem,
    startMs,
    stepMs,
    steps: values.length,
    series: ['value'],
    values,
    rows: placement.positions,
    firstRow: 0,
    judgement,
  };
}
