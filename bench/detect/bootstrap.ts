import { type AlarmCounts, type AlarmMeasures, addCounts, measuresOf } from './scoring/alarms.ts';

const ROUNDS = 500;
const TAIL = 0.05;

/**
 * Where the measures of nine draws out of ten lie, when as many units are drawn with replacement as there are: how much
 * a table would change with other series of the same sort.
 */
export function intervalsOf(
  counts: readonly AlarmCounts[],
): Readonly<Record<keyof AlarmMeasures, readonly [number, number]>> {
  let state = 1;
  const random = () => {
    // The generator of Park and Miller; the table is the same each time.
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const draws = Array.from({ length: ROUNDS }, () =>
    measuresOf(addCounts(counts.map(() => counts[Math.floor(random() * counts.length)]!))),
  );
  const intervalOf = (measure: keyof AlarmMeasures): readonly [number, number] => {
    const values = draws
      .map((draw) => draw[measure])
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const at = (level: number) => values[Math.min(values.length - 1, Math.floor(level * values.length))] ?? Number.NaN;
    return [at(TAIL), at(1 - TAIL)];
  };
  return {
    event_precision: intervalOf('event_precision'),
    event_recall: intervalOf('event_recall'),
    event_f1: intervalOf('event_f1'),
    false_alarms_per_series_day: intervalOf('false_alarms_per_series_day'),
    delay7_f1: intervalOf('delay7_f1'),
    alarms: intervalOf('alarms'),
  };
}
