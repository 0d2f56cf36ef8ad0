import { DEFAULT_ALARM_RULE } from '../../../src/rules/alarm-schema.ts';
import { AlarmColumns } from '../../../src/score/shaping/alarm-columns.ts';

/**
 * Rows at which the product would open an alarm with a threshold and its default rule, for each of some series. A score
 * of NaN is a row without a sample.
 */
export function openingsOf(series: readonly Float32Array[], threshold: number): number[][] {
  const alarms = new AlarmColumns();
  const slots = series.map((_, slot) => slot);
  for (const slot of slots) alarms.clear(slot);
  const count = series.length;
  const column = () => new Float64Array(count);
  const step = { slots, value: column().fill(1), expected: column(), score: column(), anomaly: column() };
  const openings: number[][] = series.map(() => []);
  const rows = Math.max(0, ...series.map((scores) => scores.length));
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < count; i++) {
      const score = series[i]![row] ?? Number.NaN;
      step.score[i] = score;
      step.anomaly[i] = score > threshold ? 1 : 0;
    }
    const how = { rule: DEFAULT_ALARM_RULE, threshold, direction: 'both' } as const;
    for (const { kind, index } of alarms.observe({ ...step, timestampMs: row, excluded: undefined }, how))
      if (kind === 'opened') openings[index]!.push(row);
  }
  return openings;
}
