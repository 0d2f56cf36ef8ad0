import { quantile } from '../support/suite.ts';
import { intervalsOf } from './bootstrap.ts';
import { BUDGET } from './freeze.ts';
import { faultsAt, type Judged, type WindowedScores } from './judge.ts';
import { type AlarmMeasures, addCounts, countAlarms, delaysOf, measuresOf } from './scoring/alarms.ts';
import { flaggedRightly } from './scoring/direction.ts';
import { NAB_PROFILES, type NabMeasure, nabScore } from './scoring/nab.ts';
import { openingsOf } from './scoring/openings.ts';
import { aucPr, byFallingScore, vusPr } from './scoring/precision-recall.ts';
import { thresholdsOf } from './scoring/thresholds.ts';
import type { Unit } from './unit.ts';

/** Scores from which generated alerts page, as a multiple of the threshold. */
const PAGING = 1.2;
/** Thresholds of the Numenta benchmark that are tried: it is asked for one corpus of some ten thousand rows. */
const NAB_STRIDE = 2;

/** Measures by name. NaN: the set has nothing to measure it by. */
export interface Measures {
  readonly values: ReadonlyMap<string, number>;
  readonly intervals: ReadonlyMap<string, readonly [number, number]>;
}

/**
 * All measures of some units at a threshold, and under `<name>@best` those of the threshold that is best for each: a
 * bound that no threshold chosen beforehand reaches.
 */
export function alarmMeasures(units: readonly Unit[], threshold: number): Measures {
  const values = new Map<string, number>();
  const tried = thresholdsOf(units.map(({ scores }) => scores));
  const counts = units.map((unit) => countAlarms(unit, [threshold, threshold * PAGING, ...tried]));
  const at = tried.map((_, i) => measuresOf(addCounts(counts.map((own) => own[i + 2]!))));
  const own = measuresOf(addCounts(counts.map(([first]) => first!)));
  const hasEvents = units.some(({ labels }) => labels.includes(1));
  const names: (keyof AlarmMeasures)[] = hasEvents
    ? ['event_f1', 'event_precision', 'event_recall', 'false_alarms_per_series_day', 'delay7_f1', 'alarms']
    : ['false_alarms_per_series_day', 'alarms'];
  for (const name of names) values.set(name, own[name]);
  values.set(
    'false_alarms_per_series_day_paging',
    measuresOf(addCounts(counts.map((each) => each[1]!))).false_alarms_per_series_day,
  );
  const intervals = intervalsOf(counts.map(([first]) => first!));
  if (hasEvents) {
    const best = bestBy(at, 'event_f1');
    values.set('event_f1@best', best?.event_f1 ?? 0);
    values.set('event_precision@best', best?.event_precision ?? Number.NaN);
    values.set('event_recall@best', best?.event_recall ?? 0);
    values.set('false_alarms_per_series_day@best', best?.false_alarms_per_series_day ?? 0);
    // At equal noise, whatever the thresholds of the rows are worth.
    const inBudget = at.filter(({ false_alarms_per_series_day: rate }) => rate <= BUDGET);
    values.set('event_f1@budget', bestBy(inBudget, 'event_f1')?.event_f1 ?? 0);
    values.set('delay7_f1@best', bestBy(at, 'delay7_f1')?.delay7_f1 ?? 0);
    const delays = units.flatMap((unit) => delaysOf(unit, threshold));
    values.set('delay_steps_median', quantile(delays, 0.5));
    values.set('delay_steps_p90', quantile(delays, 0.9));
    const directions = units.flatMap((unit) => flaggedRightly(unit, threshold));
    if (directions.length > 0)
      values.set('direction', directions.filter((isRight) => isRight).length / directions.length);
    const curves = units.filter(({ labels }) => labels.includes(1)).map(curvesOf);
    values.set('auc_pr', meanOf(curves.map((curve) => curve.auc)));
    values.set('vus_pr', meanOf(curves.map((curve) => curve.vus)));
  }
  return { values, intervals: new Map(names.map((name) => [name, intervals[name]])) };
}

/** The three scores of the Numenta benchmark, over all its files at one threshold, best thresholds beside them. */
export function nabMeasures(
  files: readonly WindowedScores[],
  threshold: number,
): Map<NabMeasure | `${NabMeasure}@best`, number> {
  const columns = files.map(({ scores }) => scores);
  const known = columns.map((scores) => scores.filter((score) => !Number.isNaN(score)));
  const tried = thresholdsOf(known).filter((_, i) => i % NAB_STRIDE === 0);
  const scoresAt = (each: number) => {
    const openings = openingsOf(columns, each);
    const detected = files.map(({ scores, windows }, i) => ({
      rows: scores.length,
      windows,
      detections: openings[i]!,
    }));
    return (measure: NabMeasure) => nabScore(detected, NAB_PROFILES[measure]);
  };
  const own = scoresAt(threshold);
  const others = tried.map(scoresAt);
  const values = new Map<NabMeasure | `${NabMeasure}@best`, number>();
  for (const measure of Object.keys(NAB_PROFILES) as NabMeasure[]) {
    values.set(measure, own(measure));
    values.set(`${measure}@best`, Math.max(own(measure), ...others.map((other) => other(measure))));
  }
  return values;
}

/** Share of faults found, of all and by kind, and of windows without a fault in which something was found as well. */
export function faultMeasures(judged: Judged, threshold: number): Map<string, number> {
  const { faults, control } = faultsAt(judged, threshold);
  const all = [...faults.values()];
  const share = (found: number, of: number) => found / of;
  const sum = (pick: (count: { found: number; of: number }) => number) =>
    all.reduce((total, each) => total + pick(each), 0);
  return new Map([
    [
      'fault_recall',
      share(
        sum(({ found }) => found),
        sum(({ of }) => of),
      ),
    ],
    ...[...faults].map(([kind, { found, of }]): [string, number] => [`fault_recall_${kind}`, share(found, of)]),
    ['fault_control', share(control.found, control.of)],
  ]);
}

function bestBy(at: readonly AlarmMeasures[], name: keyof AlarmMeasures): AlarmMeasures | undefined {
  let best: AlarmMeasures | undefined;
  for (const each of at) if (each[name] > (best?.[name] ?? Number.NEGATIVE_INFINITY)) best = each;
  return best;
}

function curvesOf({ scores, labels }: Unit): { readonly auc: number; readonly vus: number } {
  const order = byFallingScore(scores);
  return { auc: aucPr(order, labels), vus: vusPr(order, labels) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
