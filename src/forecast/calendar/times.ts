import { type ZoneOffset, zoneOffset } from '../../series/zone.ts';
import { type DaySpan, type RowOfDay, rowOfDay, type Weekday } from './days.ts';
import type { CalendarShape } from './shape.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Where the instants of a grid lie in their local day, week and hour: found once, used for every series of the grid.
 * Between the middles of two cells of the profile, `share` is how much of the second one counts.
 */
export interface CalendarTimes {
  readonly firstStep: number;
  readonly steps: number;
  /** Cell of the day in which the instant lies, and its row of the week. */
  readonly cell: Uint8Array;
  readonly row: Uint8Array;
  /** The two cells whose middles lie around the instant, and their rows: over midnight they differ. */
  readonly cellA: Uint8Array;
  readonly rowA: Uint8Array;
  readonly cellB: Uint8Array;
  readonly rowB: Uint8Array;
  readonly share: Float32Array;
  readonly spike: Uint16Array;
  readonly minute: Uint8Array;
}

/** The calendar of a place: its clock, and which day behaves as which. */
export interface Place {
  readonly offset: ZoneOffset;
  readonly row: RowOfDay;
}

/** A place as plain data, which threads can be told. */
export interface Locale {
  /** IANA name. */
  readonly timezone: string;
  readonly holidays: { readonly days: readonly DaySpan[]; readonly like: Weekday };
}

export const NOWHERE: Locale = { timezone: 'UTC', holidays: { days: [], like: 'sunday' } };

/** Throws RangeError for a zone that does not exist. */
export function placeOf({ timezone, holidays }: Locale): Place {
  return { offset: zoneOffset(timezone), row: rowOfDay(holidays.days, holidays.like) };
}

/** The times of some steps in a row of others, without a copy. */
export function timesPart(times: CalendarTimes, from: number, steps: number): CalendarTimes {
  const to = from + steps;
  return {
    firstStep: times.firstStep + from,
    steps,
    cell: times.cell.subarray(from, to),
    row: times.row.subarray(from, to),
    cellA: times.cellA.subarray(from, to),
    rowA: times.rowA.subarray(from, to),
    cellB: times.cellB.subarray(from, to),
    rowB: times.rowB.subarray(from, to),
    share: times.share.subarray(from, to),
    spike: times.spike.subarray(from, to),
    minute: times.minute.subarray(from, to),
  };
}

/** The places in the calendar of `steps` instants from `startMs` on, `shape.stepMs` apart. */
export function calendarTimes(shape: CalendarShape, place: Place, startMs: number, steps: number): CalendarTimes {
  const times = {
    firstStep: Math.round(startMs / shape.stepMs),
    steps,
    cell: new Uint8Array(steps),
    row: new Uint8Array(steps),
    cellA: new Uint8Array(steps),
    rowA: new Uint8Array(steps),
    cellB: new Uint8Array(steps),
    rowB: new Uint8Array(steps),
    share: new Float32Array(steps),
    spike: new Uint16Array(steps),
    minute: new Uint8Array(steps),
  };
  const { dayCells, spikeCells, hourCells } = shape;
  // A cell that holds one sample or two has no inside to interpolate.
  const interpolates = dayCells > 1 && shape.stepsPerDay >= 3 * dayCells;
  for (let i = 0; i < steps; i++) {
    const timeMs = startMs + i * shape.stepMs;
    const wallMs = timeMs + place.offset(timeMs);
    const day = Math.floor(wallMs / DAY_MS);
    const row = place.row(day);
    const inDay = (wallMs - day * DAY_MS) / DAY_MS;
    const position = inDay * dayCells;
    const cell = Math.min(dayCells - 1, Math.floor(position));
    times.cell[i] = cell;
    times.row[i] = row;
    times.spike[i] = Math.min(Math.max(0, spikeCells - 1), Math.floor(inDay * spikeCells));
    const inHour = (wallMs - Math.floor(wallMs / HOUR_MS) * HOUR_MS) / HOUR_MS;
    times.minute[i] = Math.min(Math.max(0, hourCells - 1), Math.floor(inHour * hourCells));
    const before = interpolates ? Math.floor(position - 0.5) : cell;
    times.share[i] = interpolates ? position - 0.5 - before : 0;
    times.cellA[i] = (before + dayCells) % dayCells;
    times.rowA[i] = before < 0 ? place.row(day - 1) : row;
    const after = interpolates ? before + 1 : cell;
    times.cellB[i] = after % dayCells;
    times.rowB[i] = after >= dayCells ? place.row(day + 1) : row;
  }
  return times;
}
