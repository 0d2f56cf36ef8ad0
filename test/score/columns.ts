import type { ScoreOptions, Scorer } from '../../src/score/score.ts';

export const OPTIONS: ScoreOptions = {
  confidenceLevel: 0.99,
  direction: 'both',
  threshold: 1,
  minDeviation: { absolute: 0, relative: 0 },
  dataRange: undefined,
};

export interface OneSample {
  readonly value: number;
  readonly timestampMs: number;
  /** Empty: the pipeline makes no forecast. */
  readonly quantiles?: Float64Array;
  readonly slot?: number;
}

/** Has one sample of one series scored, as columns of length one. */
export function scoreOnce(
  scorer: Scorer,
  { value, timestampMs, quantiles = new Float64Array(0), slot = 0 }: OneSample,
  changes: Partial<ScoreOptions> = {},
) {
  const column = () => new Float64Array(1);
  const columns = {
    count: 1,
    value: Float64Array.of(value),
    quantiles,
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    anomaly: column(),
    view: new Uint8Array(1),
  };
  scorer.score(columns, { slots: [slot], timestampMs }, { ...OPTIONS, ...changes });
  return {
    expected: columns.expected[0]!,
    lower: columns.lower[0]!,
    upper: columns.upper[0]!,
    score: columns.score[0]!,
    anomaly: columns.anomaly[0]!,
    view: columns.view[0]!,
  };
}
