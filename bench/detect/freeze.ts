import { readFileSync, writeFileSync } from 'node:fs';
import type { Judged } from './judge.ts';
import type { Row } from './rows.ts';
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

/**
 * The threshold of the highest event F1 among those within the budget of false alarms; the quietest that were tried
 * where none is.
 */
export function chooseThreshold(units: readonly Unit[], budget = BUDGET): number {
  const tried = thresholdsOf(units.map(({ scores }) => scores));
  const counts = units.map((unit) => countAlarms(unit, tried));
  let best = { threshold: tried[0]!, f1: Number.NEGATIVE_INFINITY };
  tried.forEach((threshold, i) => {
    const { event_f1: f1, false_alarms_per_series_day: rate } = measuresOf(addCounts(counts.map((own) => own[i]!)));
    if (rate <= budget && f1 > best.f1) best = { threshold, f1 };
  });
  return best.threshold;
}

export function writeFrozen(file: string, rows: readonly (readonly [Row, readonly Judged[]])[]): void {
  const units = (judged: readonly Judged[]) =>
    judged.filter(({ faults }) => faults.length === 0).flatMap((each) => each.units);
  const frozen: Frozen = {
    rule: `highest event F1 at ${BUDGET} false alarms per series-day at most`,
    chosen_on: [...new Set(rows.flatMap(([, judged]) => judged.map(({ set }) => set)))],
    thresholds: Object.fromEntries(rows.map(([row, judged]) => [row.name, chooseThreshold(units(judged))])),
  };
  writeFileSync(file, `${JSON.stringify(frozen, undefined, 2)}\n`);
}

/** Thresholds by row; rows that the file does not have keep their own. */
export function readFrozen(file: string): Readonly<Record<string, number>> {
  const { thresholds } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Frozen>;
  if (thresholds === undefined) throw new Error(`${file}: no "thresholds" in it; --freeze writes such a file`);
  return thresholds;
}
