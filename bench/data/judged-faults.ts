import { readFileSync } from 'node:fs';
import { numberColumn, parseTime, readCsv } from './csv.ts';
import type { InjectedFault, JudgedSet } from './judged-set.ts';
import type { FileOf } from './judged-values.ts';
import { onGrid, placeOnGrid } from './resample.ts';

/** Titles of columns that are no metrics. */
const ABOUT_ROW = new Set(['Time', 'TimeStamp', 'PodName']);
/** `2022-08-22 03:51:19` of a time with nanoseconds, zone and clock. */
const SECONDS_LENGTH = 19;

interface ListedFault {
  readonly inject_time: string;
  readonly inject_pod: string;
  readonly inject_type: string;
}

/** The metrics of a pod on one day, with the faults that were injected into it. */
export function readFaults(path: string, { part, stem, faults }: FileOf & { readonly faults: string }): JudgedSet {
  const file = readCsv(path);
  const times = Float64Array.from(file.rows, (cells) => parseTime(cells[0]!.slice(0, SECONDS_LENGTH)));
  const placement = placeOnGrid(times, stepMs(times));
  const columns = file.header
    .map((title, column) => ({ title, column }))
    .filter(({ title }) => !ABOUT_ROW.has(title))
    .map(({ title, column }) => ({ title, values: onGrid(numberColumn(file, column), placement).values }))
    .filter(({ values }) => values.some(Number.isFinite));
  const { steps } = placement;
  const values = new Float64Array(columns.length * steps);
  columns.forEach((column, s) => void values.set(column.values, s * steps));
  const pod = stem.replace(/_metric$/, '');
  return {
    set: 'nezha',
    part,
    name: pod,
    startMs: placement.startMs,
    stepMs: placement.stepMs,
    steps,
    series: columns.map(({ title }) => title),
    values,
    rows: placement.positions,
    firstRow: 0,
    judgement: { kind: 'faults', faults: faultsOf(faults, pod) },
  };
}

/** Instants jitter by some milliseconds: the step is the median distance, in whole seconds. */
function stepMs(times: Float64Array): number {
  const distances = times.slice(1).map((time, i) => time - times[i]!);
  return Math.round(distances.sort()[distances.length >> 1]! / 1000) * 1000;
}

function faultsOf(path: string, pod: string): InjectedFault[] {
  const listed = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, readonly ListedFault[]>>;
  return Object.values(listed)
    .flat()
    .filter((fault) => fault.inject_pod === pod)
    .map((fault) => ({ kind: fault.inject_type, startMs: parseTime(fault.inject_time) }))
    .sort((a, b) => a.startMs - b.startMs);
}
