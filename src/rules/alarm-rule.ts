/** `count` of the last `of` samples. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

/** When a series' alarm opens and closes. Thresholds are on the score, windows count samples. */
export interface AlarmRule {
  /** Flagged samples with a higher score are hot, which is what opens; undefined: every flagged sample is. */
  readonly open: number | undefined;
  /** Samples up to this score are calm, which is what closes; undefined: those that are not hot. */
  readonly close: number | undefined;
  /** Hot samples that open, the newest among them. */
  readonly confirm: Share;
  /** Calm samples that close. */
  readonly recovery: Share;
  /** Time after an end in which nothing opens. */
  readonly cooldownMs: number;
  /** An alarm opens only above this multiple of the largest score of the window before it; 0 switches the rule off. */
  readonly openingFactor: number;
  readonly openingWindow: number;
}
