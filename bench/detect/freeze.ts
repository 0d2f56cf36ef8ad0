import { readFileSync, writeFileSync } from 'node:fs';
import type { Judged } from './judge.ts';
import type { RowJudged } from './judge-all.ts';
import { addCounts, countAlarms, measuresOf } from './scoring/alarms.ts';
import { thresholdsOf } from './scoring/thresholds.ts';
import type { Unit } from './unit.ts';

/** False alarms per series-day that a frozen threshold may cost where it is chosen. */
export const BUDGET = 0.09;

/** Content of a file of `--freeze`: a threshold a row. */
export interface Frozen {
  readonly rule: string;
  readonly chosen_on: readonly string[];
  readonly thresholds: Readonly<Record<string, number>>;
}

/** A row that is within the budget only where it finds nothing is judged without one. */
const WORTH_THE_BUDGET = 0.5;

/**
 * The threshold of the highest event F1 among those within the budget of false alarms; of all, where the budget costs a
 * row more than half of its F1.
 */
export function chooseThreshold(units: readonly Unit[], budget = BUDGET): number {
  const tried = thresholdsOf(units.map(({ scores }) => scores));
  const counts = units.map((unit) => countAlarms(unit, tried));
  const at = tried.map((threshold, i) => ({ threshold, ...measuresOf(addCounts(counts.map((own) => own[i]!))) }));
  const best = (some: typeof at) =>
    some.reduce((most, each) => (each.event_f1 > most.event_f1 ? each : most), some[0]!);
  const loud = best(at);
  const quiet = at.filter(({ false_alarms_per_series_day: rate }) => rate <= budget);
  if (quiet.length === 0 || best(quiet).event_f1 < WORTH_THE_BUDGET * loud.event_f1) return loud.threshold;
  return best(quiet).threshold;
}

export function writeFrozen(file: string, rows: readonly RowJudged[]): void {
  const frozen: Frozen = {
    rule: `highest event F1 at ${BUDGET} false alarms per series-day at most, where that leaves half of the F1`,
    chosen_on: [...new Set(rows.flatMap(({ sets }) => sets.map(({ set }) => set)))],
    thresholds: Object.fromEntries(rows.map(({ row, sets }) => [row.name, chooseThreshold(unitsOf(sets))])),
  };
  writeFileSync(file, `${JSON.stringify(frozen, undefined, 2)}\n`);
}

/** Units that thresholds are chosen on. What is injected for minutes into one of many is no labelled event. */
function unitsOf(sets: readonly Judged[]): Unit[] {
  return sets.filter(({ faults }) => faults.length === 0).flatMap(({ units }) => units);
}

/** Thresholds by row; rows that the file does not have keep their own. */
export function readFrozen(file: string): Readonly<Record<string, number>> {
  const { thresholds } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Frozen>;
  if (thresholds === undefined) throw new Error(`${file}: no "thresholds" in it; --freeze writes such a file`);
  return thresholds;
}
