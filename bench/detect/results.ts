import type { Measurement } from '../support/report.ts';
import type { Fold } from './folds.ts';
import type { Judged } from './judge.ts';
import { alarmMeasures, faultMeasures, type Measures, nabMeasures } from './measures.ts';
import { measuresOf } from './scoring/alarms.ts';
import type { Unit } from './unit.ts';

/** A row on a set, or on some of its units: those of a folder, or of a kind. */
export interface Result {
  readonly row: string;
  /** `kpi2018`, or of a part `kpi2018.daily`. */
  readonly of: string;
  readonly units: number;
  readonly threshold: number;
  readonly measures: Measures;
}

/** Results of a row on a set, all units first, then by folder and by kind where there are several. */
export function resultsOf(row: string, judged: Judged, threshold: number): Result[] {
  const { set, units } = judged;
  const result = (of: string, some: readonly Unit[]): Result => ({
    row,
    of,
    units: some.length,
    threshold,
    measures: alarmMeasures(some, threshold),
  });
  const all = result(set, units);
  const values = new Map(all.measures.values);
  if (judged.windowed.length > 0)
    for (const [name, value] of nabMeasures(judged.windowed, threshold)) values.set(name, value);
  if (judged.faults.length > 0) for (const [name, value] of faultMeasures(judged, threshold)) values.set(name, value);
  values.set('cpu_us_per_sample', (1000 * judged.cpuMs) / judged.samples);
  values.set('seconds_per_1000_series', judged.cpuMs / judged.series);
  const groups = [...groupsOf(units, ({ part }) => part), ...groupsOf(units, ({ kind }) => kind)];
  return [
    { ...all, measures: { ...all.measures, values } },
    ...groups.map(([name, some]) => result(`${set}.${name}`, some)),
  ];
}

/** Units by a name, where there is more than one. */
function groupsOf(units: readonly Unit[], nameOf: (unit: Unit) => string): [string, Unit[]][] {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) groups.set(nameOf(unit), [...(groups.get(nameOf(unit)) ?? []), unit]);
  return groups.size < 2 ? [] : [...groups].sort(([a], [b]) => a.localeCompare(b));
}

/** Lines of a report, named `<row>/<set>/<measure>`; ends of intervals follow as `<measure>_p5` and `_p95`. */
export function measurementsOf({ row, of, measures }: Result): Measurement[] {
  return [...measures.values].flatMap(([name, value]) => {
    if (!Number.isFinite(value)) return [];
    const line = (end: string, at: number): Measurement => ({
      name: `${row}/${of}/${name}${end}`,
      value: at,
      unit: unitOf(name),
    });
    const interval = measures.intervals.get(name);
    if (interval === undefined || !interval.every(Number.isFinite)) return [line('', value)];
    return [line('', value), line('_p5', interval[0]), line('_p95', interval[1])];
  });
}

/** Lines of the folds, named `folds-by-<set|series>/<set>/<measure>`. */
export function foldMeasurements({ of, leftOut, counts }: Fold): Measurement[] {
  const measures = Object.entries(measuresOf(counts)).filter(([, value]) => Number.isFinite(value));
  return measures.map(([name, value]) => ({ name: `folds-by-${leftOut}/${of}/${name}`, value, unit: unitOf(name) }));
}

function unitOf(name: string): string {
  if (name.startsWith('nab_')) return 'points';
  if (name.startsWith('false_alarms')) return '1/series-day';
  if (name.startsWith('delay_steps')) return 'steps';
  if (name.startsWith('cpu_us')) return 'µs';
  if (name.startsWith('seconds')) return 's';
  return name === 'alarms' ? 'alarms' : 'share';
}
