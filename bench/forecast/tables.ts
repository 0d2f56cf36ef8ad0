import { formatDuration } from '../../src/series/duration.ts';
import { TERM_NAMES } from '../data/series-set.ts';
import {
  type Folder,
  isScaled,
  meanCoverage,
  type Published,
  publishedScores,
  type Relative,
  referenceOf,
  relativeScores,
  type SetScores,
} from './results.ts';
import type { EngineRow } from './rows.ts';
import type { Scores } from './tally.ts';

const ALL_TERMS = ['all', ...TERM_NAMES] as const;

/** A set's scores as they are: engines first, then what was published. */
export function setTable(set: SetScores, rows: readonly EngineRow[], published: Published): string {
  const scaled = isScaled(set, published);
  const sources = new Set(set.terms.map((term) => referenceOf(set, term, published).from));
  const remark = scaled
    ? sources.has('own')
      ? ', aggregated relative to our own seasonal naive'
      : ''
    : ', the naive error is 0: unscaled, not in the aggregates';
  const title = `${set.set}: ${set.series} series of ${set.steps} steps of ${formatDuration(set.stepMs)}${remark}`;
  const error = scaled ? 'MASE' : 'MAE';
  const head = ['', ...set.terms.flatMap(({ term }) => [`${term} ${error}`, 'CRPS', '80%', '90%', '98%', 'ms'])];
  const ours = rows.map(({ name }) => {
    if (set.terms.every((term) => !term.rows.has(name))) return [name, 'not available'];
    return [name, ...set.terms.flatMap((term) => scoreCells(term.rows.get(name), scaled))];
  });
  const theirs = published.models
    .map((model) => ({ model, found: set.terms.map(({ term }) => published.find(set.set, term, model)) }))
    .filter(({ found }) => scaled && found.some((row) => row !== undefined))
    .map(({ model, found }) => [
      `  ${model}`,
      ...found.flatMap((row) => [decimals(row?.mase, 4), decimals(row?.crps, 4), '', '', '', '']),
    ]);
  const windows = set.terms.map((term) => `${term.term} ${term.windows} × ${term.horizonSteps}`).join(', ');
  return `${title}\nwindows × steps: ${windows || 'none, the series is too short'}\n${columns([head, ...ours, ...theirs])}\n`;
}

/** Scores relative to seasonal naive over the scaled sets, by term; rows of public models follow, best CRPS first. */
export function aggregateTable(folder: Folder, rows: readonly EngineRow[]): string {
  const { name: title, sets, published } = folder;
  const scaled = sets.filter((set) => isScaled(set, published) && set.terms.length > 0);
  const left = sets.filter((set) => !scaled.includes(set)).map((set) => set.set);
  const own = scaled.filter((set) => set.terms.some((term) => referenceOf(set, term, published).from === 'own')).length;
  const reference = own === 0 ? 'published' : own === scaled.length ? 'our own' : `published (our own for ${own} sets)`;
  const head = ['', ...ALL_TERMS.flatMap((term) => [`${term} MASE`, 'CRPS']), '80%', '90%', '98%', 'ms'];
  const ours = rows.map(({ name }) => {
    const coverage = meanCoverage(folder, name, 'all');
    if (coverage === undefined) return [name, 'not available'];
    const relative = ALL_TERMS.map((term) => relativeScores(folder, name, term));
    return [name, ...relative.flatMap(relativeCells), ...coverageCells(coverage), decimals(coverage.msPerSeries, 2)];
  });
  const theirs = published.models
    .map((model) => ({ model, found: ALL_TERMS.map((term) => publishedScores(folder, model, term)) }))
    .filter(({ found }) => found.some((relative) => relative !== undefined))
    .sort((a, b) => (a.found[0]?.crps ?? 9) - (b.found[0]?.crps ?? 9))
    .map(({ model, found }) => [`  ${model}`, ...found.flatMap(relativeCells)]);
  const lines = [
    `${title}: ${scaled.length} sets relative to ${reference} seasonal naive (shifted geometric mean)`,
    ...(left.length === 0 ? [] : [`left out, since the naive error is 0 or there is none: ${left.join(', ')}`]),
    columns([head, ...ours, ...theirs]),
  ];
  return `${lines.join('\n')}\n`;
}

function scoreCells(scores: Scores | undefined, scaled: boolean): string[] {
  if (scores === undefined) return ['', '', '', '', '', ''];
  const error = scaled ? scores.mase : scores.mae;
  return [decimals(error, 4), decimals(scores.crps, 4), ...coverageCells(scores), decimals(scores.msPerSeries, 2)];
}

function relativeCells(relative: Relative | undefined): string[] {
  return [decimals(relative?.mase, 3), decimals(relative?.crps, 3)];
}

function coverageCells(coverage: Pick<Scores, 'coverage80' | 'coverage90' | 'coverage98'>): string[] {
  return [coverage.coverage80, coverage.coverage90, coverage.coverage98].map((share) => decimals(100 * share, 1));
}

function decimals(value: number | undefined, digits: number): string {
  return value === undefined ? '' : Number.isNaN(value) ? '-' : value.toFixed(digits);
}

/** Cells in columns, the first to the left and numbers to the right; a short row's last cell may run on. */
function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...rows.filter((row) => i < row.length - 1 || row.length === count).map((row) => row[i]!.length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
