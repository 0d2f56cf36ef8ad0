import type { ScoreOptions, Scorer } from '../../../src/score/score.ts';
import { OPTIONS } from '../columns.ts';

const MINUTE_MS = 60_000;

/** Has one instant of a fleet scored; entry i belongs to slot i. */
export function scoreInstant(
  scorer: Scorer,
  {
    minute,
    values,
    excluded,
  }: { readonly minute: number; readonly values: readonly number[]; readonly excluded?: Uint8Array },
  changes: Partial<ScoreOptions> = {},
) {
  const column = () => new Float64Array(values.length);
  const columns = {
    count: values.length,
    value: Float64Array.from(values),
    quantiles: new Float64Array(0),
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    anomaly: column(),
    view: new Uint8Array(values.length),
    contribution: column(),
  };
  const slots = values.map((_, slot) => slot);
  scorer.score(
    columns,
    { slots, timestampMs: minute * MINUTE_MS, ...(excluded && { excluded }) },
    { ...OPTIONS, ...changes },
  );
  return columns;
}
