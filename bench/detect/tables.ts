import type { Result } from './results.ts';

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
