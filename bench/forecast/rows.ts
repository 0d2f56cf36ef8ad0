import { isEngineId } from '../../src/forecast/engines.ts';
import { formatDuration } from '../../src/series/duration.ts';
import { seasonSteps } from './protocol.ts';

/** A row of the tables: an engine as a rule file would name it, or one with the product's calibration behind it. */
export interface EngineRow {
  readonly name: string;
  readonly engine: string;
  /** Its quantiles run through the calibration the product keeps per series. */
  readonly isCalibrated: boolean;
}

const CALIBRATED = '+calibration';

/** Rows that are always there, in their order. `seasonal_naive` is what all others are compared with. */
export const NAIVE = 'seasonal_naive';
const ALWAYS = [NAIVE, 'climatology', 'ets', 'calendar', 'openanomaly-tiny', 'auto'];
const CALIBRATED_BY_DEFAULT = ['openanomaly-tiny', 'auto'];

/**
 * Rows of `--engines a,b+calibration`, or the usual ones; the row all others are compared with joins in any case.
 * Without the option a row whose engine this build does not have is kept, so that the table says so; asked for, it
 * must exist.
 */
export function engineRows(list: string | undefined): EngineRow[] {
  if (list === undefined) return [...ALWAYS, ...CALIBRATED_BY_DEFAULT.map((name) => name + CALIBRATED)].map(rowOf);
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !isAvailable(rowOf(name)) && !ALWAYS.includes(rowOf(name).engine));
  if (unknown.length > 0) throw new Error(`no such engine: ${unknown.join(', ')}`);
  return [...new Set([NAIVE, ...names])].map(rowOf);
}

export function isAvailable(row: EngineRow): boolean {
  return isEngineId(row.engine);
}

/** Parameters of an engine: those of the protocol for the two yardsticks, the product's defaults for all others. */
export function parametersOf(engine: string, stepMs: number): Readonly<Record<string, unknown>> {
  if (engine === NAIVE) return { periods: [formatDuration(seasonSteps(stepMs) * stepMs)] };
  if (engine === 'climatology') return { periods: [] };
  return {};
}

function rowOf(name: string): EngineRow {
  const isCalibrated = name.endsWith(CALIBRATED);
  return { name, engine: isCalibrated ? name.slice(0, -CALIBRATED.length) : name, isCalibrated };
}
