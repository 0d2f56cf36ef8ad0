import type { PublishedRow, TermName } from '../data/series-set.ts';
import { NAIVE } from './rows.ts';
import type { Scores } from './tally.ts';

/** Rows by name for one term of a set. */
export interface TermScores {
  readonly term: TermName;
  readonly horizonSteps: number;
  readonly windows: number;
  readonly rows: ReadonlyMap<string, Scores>;
}

export interface SetScores {
  readonly collection: string;
  readonly set: string;
  readonly series: number;
  readonly steps: number;
  readonly stepMs: number;
  readonly terms: readonly TermScores[];
}

/** All sets of a folder, and what was published for them. */
export interface Folder {
  readonly name: string;
  readonly sets: readonly SetScores[];
  readonly published: Published;
}

/** What a term's scores are divided by. */
export interface Reference {
  readonly mase: number;
  readonly crps: number;
  readonly from: 'published' | 'own';
}

/** Scores of public models, by set, term and model. */
export class Published {
  readonly #rows = new Map<string, PublishedRow>();
  readonly models: readonly string[];

  constructor(rows: readonly PublishedRow[]) {
    for (const row of rows) this.#rows.set(`${row.set} ${row.term} ${row.model}`, row);
    this.models = [...new Set(rows.map((row) => row.model))].sort();
  }

  find(set: string, term: string, model: string): PublishedRow | undefined {
    return this.#rows.get(`${set} ${term} ${model}`);
  }
}

const PUBLISHED_NAIVE = 'seasonalnaive';
/** Keeps logarithms of zero finite; BOOM's own constant. */
const SHIFT = 1e-5;

/** The published seasonal naive of the term, otherwise ours. */
export function referenceOf(set: SetScores, term: TermScores, published: Published): Reference {
  const row = published.find(set.set, term.term, PUBLISHED_NAIVE);
  if (row !== undefined) return { mase: row.mase, crps: row.crps, from: 'published' };
  const own = term.rows.get(NAIVE);
  return { mase: own?.mase ?? Number.NaN, crps: own?.crps ?? Number.NaN, from: 'own' };
}

/** Whether each term can be divided by what seasonal naive got; a set with a zero among them is left out of aggregates. */
export function isScaled(set: SetScores, published: Published): boolean {
  return set.terms.every((term) => {
    const { mase, crps } = referenceOf(set, term, published);
    return mase > 0 && crps > 0 && mase < Number.POSITIVE_INFINITY && crps < Number.POSITIVE_INFINITY;
  });
}

/** exp(mean(ln(x + 1e-5))) − 1e-5; NaN of nothing. */
export function shiftedGeometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map((value) => Math.log(value + SHIFT)))) - SHIFT;
}

export interface Relative {
  readonly mase: number;
  readonly crps: number;
}

/**
 * A row's scores over the scaled sets of a folder, relative to seasonal naive: shifted geometric means over set and term.
 * Undefined when the row is missing from one of them, or there are none.
 */
export function relativeScores(folder: Folder, row: string, which: TermName | 'all'): Relative | undefined {
  return aggregate(folder, which, (_, term) => term.rows.get(row));
}

/** The same for a public model. */
export function publishedScores(folder: Folder, model: string, which: TermName | 'all'): Relative | undefined {
  return aggregate(folder, which, (set, term) => folder.published.find(set.set, term.term, model));
}

function aggregate(
  { sets, published }: Folder,
  which: TermName | 'all',
  scoresOf: (set: SetScores, term: TermScores) => Relative | undefined,
): Relative | undefined {
  const mase: number[] = [];
  const crps: number[] = [];
  for (const set of sets.filter((each) => isScaled(each, published))) {
    for (const term of set.terms) {
      if (which !== 'all' && term.term !== which) continue;
      const scores = scoresOf(set, term);
      if (scores === undefined) return undefined;
      const reference = referenceOf(set, term, published);
      mase.push(scores.mase / reference.mase);
      crps.push(scores.crps / reference.crps);
    }
  }
  if (mase.length === 0) return undefined;
  return { mase: shiftedGeometricMean(mase), crps: shiftedGeometricMean(crps) };
}

export interface Coverage {
  readonly coverage80: number;
  readonly coverage90: number;
  readonly coverage98: number;
  readonly msPerSeries: number;
}

/** Plain means of a row's coverage and time over the scaled sets' terms; undefined where the row is missing. */
export function meanCoverage({ sets, published }: Folder, row: string, which: TermName | 'all'): Coverage | undefined {
  const found = sets
    .filter((set) => isScaled(set, published))
    .flatMap((set) => set.terms)
    .filter(({ term }) => which === 'all' || term === which)
    .flatMap(({ rows }) => rows.get(row) ?? []);
  if (found.length === 0) return undefined;
  return {
    coverage80: mean(found.map((scores) => scores.coverage80)),
    coverage90: mean(found.map((scores) => scores.coverage90)),
    coverage98: mean(found.map((scores) => scores.coverage98)),
    msPerSeries: mean(found.map((scores) => scores.msPerSeries)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
