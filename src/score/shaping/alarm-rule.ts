/** `count` of the last `of` samples. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

/** When a series' alarm opens and closes. Thresholds are on the score, windows count samples. */
export interface AlarmRule {
  /** Flagged samples with a higher score count towards opening; undefined: every flagged sample does. */
  readonly open: number | undefined;
  /** Samples up to this score count towards recovery; undefined: those that are not hot. */
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

/** Bits of a column of recent samples. */
export const MOST_OF = 32;

/**
 * What the bench chose. m of n, hysteresis and cooldown brought nothing on labelled series and are off; the opening rule
 * did (NAB 47 → 63). Alarms that are at most ten samples apart are one incident.
 */
export const DEFAULT_ALARM_RULE: AlarmRule = {
  open: undefined,
  close: undefined,
  confirm: { count: 1, of: 1 },
  recovery: { count: 10, of: 10 },
  cooldownMs: 0,
  openingFactor: 1.15,
  openingWindow: 120,
};
