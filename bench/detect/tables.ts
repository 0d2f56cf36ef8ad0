import type { BenchResult } from '../support/report.ts';
import type { Fold } from './folds.ts';
import type { Result } from './results.ts';
import { measuresOf } from './scoring/alarms.ts';

const COLUMNS: readonly { readonly title: string; readonly measure: string; readonly digits: number }[] = [
  { title: 'event F1', measure: 'event_f1', digits: 3 },
  { title: '@best', measure: 'event_f1@best', digits: 3 },
  { title: 'precision', measure: 'event_precision', digits: 2 },
  { title: 'recall', measure: 'event_recall', digits: 2 },
  { title: 'false/day', measure: 'false_alarms_per_series_day', digits: 3 },
  { title: '@best', measure: 'false_alarms_per_series_day@best', digits: 3 },
  { title: 'paging', measure: 'false_alarms_per_series_day_paging', digits: 3 },
  { title: 'alarms', measure: 'alarms', digits: 0 },
  { title: 'delay', measure: 'delay_steps_median', digits: 0 },
  { title: 'p90', measure: 'delay_steps_p90', digits: 0 },
  { title: 'delay-7', measure: 'delay7_f1', digits: 3 },
  { title: '@best', measure: 'delay7_f1@best', digits: 3 },
  { title: 'side', measure: 'direction', digits: 2 },
  { title: 'AUC-PR', measure: 'auc_pr', digits: 3 },
  { title: 'VUS-PR', measure: 'vus_pr', digits: 3 },
  { title: 'NAB', measure: 'nab_standard', digits: 1 },
  { title: '@best', measure: 'nab_standard@best', digits: 1 },
  { title: 'low FP', measure: 'nab_low_fp', digits: 1 },
  { title: 'low FN', measure: 'nab_low_fn', digits: 1 },
  { title: 'faults', measure: 'fault_recall', digits: 2 },
  { title: 'by chance', measure: 'fault_control', digits: 2 },
  { title: 's/1000 series', measure: 'seconds_per_1000_series', digits: 1 },
];

/** The results of all rows on one set, or part of one, with the columns that any of them fills. */
export function tableOf(of: string, results: readonly Result[]): string {
  const columns = COLUMNS.filter(({ measure }) => results.some(({ measures }) => measures.values.has(measure)));
  const head = [
    '',
    'threshold',
    ...columns.flatMap(({ title, measure }) => [title, ...(hasInterval(measure) ? ['90 %'] : [])]),
  ];
  const rows = results.map(({ row, threshold, measures }) => [
    row,
    threshold.toPrecision(3),
    ...columns.flatMap(({ measure, digits }) => {
      const cell = decimals(measures.values.get(measure), digits);
      if (!hasInterval(measure)) return [cell];
      const interval = measures.intervals.get(measure);
      return [cell, interval === undefined ? '' : interval.map((end) => decimals(end, 2)).join('–')];
    }),
  ]);
  return `${of}: ${results[0]?.units ?? 0} judged\n${alignedColumns([head, ...rows])}\n`;
}

/** What the folds gave: choices made without what they are judged by. */
export function foldTable(folds: readonly Fold[]): string {
  const head = ['', 'without the', 'event F1', 'precision', 'recall', 'false/day', 'delay-7', 'chosen'];
  const rows = folds.map(({ of, leftOut, chosen, counts }) => {
    const measures = measuresOf(counts);
    return [
      of,
      leftOut === 'set' ? 'whole set' : 'judged fifth',
      decimals(measures.event_f1, 3),
      decimals(measures.event_precision, 2),
      decimals(measures.event_recall, 2),
      decimals(measures.false_alarms_per_series_day, 3),
      decimals(counts.events === 0 ? Number.NaN : measures.delay7_f1, 3),
      chosen.join('; '),
    ];
  });
  return `folds: settings, rule for servers and threshold chosen without what they are judged by\n${alignedColumns([head, ...rows])}\n`;
}

/** What each variant of the settings measures, the first being that of the product. */
export function variantTable(
  variants: readonly { readonly name: string; readonly results: readonly BenchResult[] }[],
): string {
  const value = (results: readonly BenchResult[], name: string) =>
    results.find((result) => result.name === `tail/${name}`)?.value;
  const columns = ABLATION.filter(({ name }) => variants.some(({ results }) => value(results, name) !== undefined));
  const head = ['', ...columns.map(({ title }) => title)];
  const rows = variants.map(({ name, results }) => [
    name,
    ...columns.map((column) => decimals(value(results, column.name), column.digits)),
  ]);
  return `variants of tail\n${alignedColumns([head, ...rows])}\n`;
}

const ABLATION = [
  { title: 'KPI F1', name: 'kpi2018/event_f1', digits: 3 },
  { title: 'false/day', name: 'kpi2018/false_alarms_per_series_day', digits: 3 },
  { title: 'in budget', name: 'kpi2018/event_f1@budget', digits: 3 },
  { title: 'delay-7', name: 'kpi2018/delay7_f1', digits: 3 },
  { title: 'AUC-PR', name: 'kpi2018/auc_pr', digits: 3 },
  { title: 'NAB', name: 'nab/nab_standard', digits: 1 },
  { title: '@best', name: 'nab/nab_standard@best', digits: 1 },
  { title: 'clean/day', name: 'petshop/false_alarms_per_series_day', digits: 3 },
  { title: 'paging', name: 'petshop/false_alarms_per_series_day_paging', digits: 3 },
  { title: 'ASD F1', name: 'asd/event_f1', digits: 3 },
  { title: '@best', name: 'asd/event_f1@best', digits: 3 },
  { title: 'SMD F1', name: 'smd/event_f1', digits: 3 },
  { title: '@best', name: 'smd/event_f1@best', digits: 3 },
  { title: 'faults', name: 'nezha/fault_recall', digits: 2 },
] as const;

/** Intervals that are shown; the report has all. */
function hasInterval(measure: string): boolean {
  return measure === 'event_f1' || measure === 'false_alarms_per_series_day';
}

function decimals(value: number | undefined, digits: number): string {
  return value === undefined ? '' : Number.isFinite(value) ? value.toFixed(digits) : '-';
}

/** The first column to the left, the others to the right. */
export function alignedColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
