import { daysOf, type Unit } from '../unit.ts';

/** Flagged rows at most so far apart are one alarm. */
export const MERGED_ROWS = 10;
/** An event counts for delay-7 when one of its first rows, the eighth included, is flagged. */
const IN_TIME_ROWS = 8;

/** What a unit's alarms add up to at one threshold. Counts of several units add. */
export interface AlarmCounts {
  /** Alarms, and those without a labelled row. */
  readonly alarms: number;
  readonly falseAlarms: number;
  /** Events with a flagged row, and rows of those flagged in time. */
  readonly found: number;
  readonly rowsInTime: number;
  /** Flagged rows, and those without a label. */
  readonly flagged: number;
  readonly falseRows: number;
  readonly events: number;
  readonly labelled: number;
  readonly rows: number;
  readonly days: number;
}

export const NO_ALARMS: AlarmCounts = {
  alarms: 0,
  falseAlarms: 0,
  found: 0,
  rowsInTime: 0,
  flagged: 0,
  falseRows: 0,
  events: 0,
  labelled: 0,
  rows: 0,
  days: 0,
};

export function addCounts(all: readonly AlarmCounts[]): AlarmCounts {
  const sum: { -readonly [K in keyof AlarmCounts]: number } = { ...NO_ALARMS };
  for (const counts of all) for (const key of Object.keys(sum) as (keyof AlarmCounts)[]) sum[key] += counts[key];
  return sum;
}

/** The labelled stretches of a unit, as first and last row. */
export function eventsOf(labels: Uint8Array): [number, number][] {
  const events: [number, number][] = [];
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 0) continue;
    if (row === 0 || labels[row - 1] === 0) events.push([row, row]);
    else events.at(-1)![1] = row;
  }
  return events;
}

/** Counts a unit's alarms at each of several thresholds; rows with a higher score are flagged. */
export function countAlarms(unit: Unit, thresholds: readonly number[]): AlarmCounts[] {
  const { scores, labels } = unit;
  const events = eventsOf(labels);
  const eventOf = new Int32Array(labels.length).fill(-1);
  for (const [e, [first, last]] of events.entries()) eventOf.fill(e, first, last + 1);
  const labelledBefore = new Uint32Array(labels.length + 1);
  for (let row = 0; row < labels.length; row++) labelledBefore[row + 1] = labelledBefore[row]! + labels[row]!;
  const least = Math.min(...thresholds);
  const hot: number[] = [];
  for (let row = 0; row < scores.length; row++) if (scores[row]! > least) hot.push(row);
  const base = { events: events.length, labelled: labelledBefore.at(-1)!, rows: scores.length, days: daysOf(unit) };
  return thresholds.map((threshold) => {
    const counts = { ...NO_ALARMS, ...base };
    let last = Number.NEGATIVE_INFINITY;
    let isTrue = true;
    let event = -1;
    for (const row of hot) {
      if (!(scores[row]! > threshold)) continue;
      counts.flagged++;
      if (row - last > MERGED_ROWS) {
        if (!isTrue) counts.falseAlarms++;
        counts.alarms++;
        isTrue = false;
      } else if (labelledBefore[row]! > labelledBefore[last + 1]!) isTrue = true;
      last = row;
      const own = eventOf[row]!;
      if (own < 0) {
        counts.falseRows++;
        continue;
      }
      isTrue = true;
      if (own === event) continue;
      event = own;
      counts.found++;
      const [first, end] = events[own]!;
      if (row - first < IN_TIME_ROWS) counts.rowsInTime += end - first + 1;
    }
    if (!isTrue) counts.falseAlarms++;
    return counts;
  });
}

/** Rows from the start of each event that was found to its first flagged row. */
export function delaysOf({ scores, labels }: Unit, threshold: number): number[] {
  return eventsOf(labels).flatMap(([first, last]) => {
    for (let row = first; row <= last; row++) if (scores[row]! > threshold) return [row - first];
    return [];
  });
}

export interface AlarmMeasures {
  readonly event_precision: number;
  readonly event_recall: number;
  readonly event_f1: number;
  readonly false_alarms_per_series_day: number;
  readonly delay7_f1: number;
  readonly alarms: number;
}

/** NaN where there is nothing to measure by: no event, no alarm. */
export function measuresOf(counts: AlarmCounts): AlarmMeasures {
  const precision = 1 - counts.falseAlarms / counts.alarms;
  const recall = counts.found / counts.events;
  const hits = counts.alarms === 0 || precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return {
    event_precision: precision,
    event_recall: recall,
    event_f1: counts.events === 0 ? Number.NaN : hits,
    false_alarms_per_series_day: counts.falseAlarms / counts.days,
    delay7_f1: (2 * counts.rowsInTime) / (counts.rowsInTime + counts.falseRows + counts.labelled),
    alarms: counts.alarms,
  };
}
