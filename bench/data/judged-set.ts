/** A fault that was injected into one member of a system, as the set tells it. */
export interface InjectedFault {
  readonly kind: string;
  readonly startMs: number;
}

/** What is known to be wrong. Rows are those of the file, in its order. */
export type Judgement =
  /** 1 where a row is labelled. */
  | { readonly kind: 'labels'; readonly labels: Uint8Array }
  /** First and last row of each window in which something is wrong; a sample before one may be part of it. */
  | { readonly kind: 'windows'; readonly windows: readonly (readonly [number, number])[] }
  | { readonly kind: 'faults'; readonly faults: readonly InjectedFault[] }
  /** Nothing is: every alarm is false. */
  | { readonly kind: 'clean' };

/** Series of one file on one grid, watched together, and what is known to be wrong with them. */
export interface JudgedSet {
  /** Name in the results, such as `nab`. */
  readonly set: string;
  /** Folder of the file: `train`, `realTweets`, a date. */
  readonly part: string;
  readonly name: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly series: readonly string[];
  /** Series-major: series × steps. NaN is a missing sample. */
  readonly values: Float64Array;
  /** Place on the grid of each row of the file. Rows need not ascend, and two may share a place. */
  readonly rows: Int32Array;
  /** Rows before it are watched but not judged: the part of a file in which nothing is labelled. */
  readonly firstRow: number;
  readonly judgement: Judgement;
}

/** A file of a known layout; it is read when its turn comes, since all together may be large. */
export interface JudgedFile {
  readonly set: string;
  readonly part: string;
  readonly path: string;
  read(): JudgedSet;
}
