/** Series of one grid that are judged together: a set of the BOOM layout, or one series of the others. */
export interface SeriesSet {
  /** Folder the set came from, such as `boom`. */
  readonly collection: string;
  readonly name: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Names of the series, in the order of `values`. */
  readonly variates: readonly string[];
  /** Series-major: series × steps. NaN is a missing sample. */
  readonly values: Float64Array;
  /** Longest term the set is published for; `long` where nothing is said. */
  readonly longestTerm: TermName;
}

export const TERM_NAMES = ['short', 'medium', 'long'] as const;
export type TermName = (typeof TERM_NAMES)[number];

/** Scores that were published for a set and term. */
export interface PublishedRow {
  readonly set: string;
  readonly term: string;
  readonly model: string;
  readonly mase: number;
  readonly crps: number;
}

/** What a folder holds. Sets are read one by one, since all together may be large. */
export interface Collection {
  readonly name: string;
  readonly layout: 'boom' | 'kpi2018' | 'nab' | 'bizitobs';
  /** Names of the files of sets, known without reading them. */
  readonly files: readonly string[];
  read(file: string): readonly SeriesSet[];
  readonly published: readonly PublishedRow[];
}
