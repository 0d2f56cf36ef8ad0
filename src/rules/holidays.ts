import type { Path } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import { type DaySpan, parseDaySpan, type Weekday } from '../forecast/calendar/days.ts';
import { type CalendarDays, parseCalendar } from './icalendar.ts';
import type { RawPipeline } from './schema.ts';

type RawHolidays = NonNullable<RawPipeline['holidays']>;

/** Days that behave as another day of the week. */
export interface Holidays {
  readonly days: readonly DaySpan[];
  readonly like: Weekday;
}

/** Answers the text of a file that a rule file names. Throws when it cannot be read. */
export type ReadBeside = (file: string) => string;

type Report = (path: Path, message: string) => void;

/** Faults of a calendar that are told one by one. */
const MOST_FAULTS = 5;

export function checkHolidays(
  holidays: Loose<RawHolidays> | undefined,
  path: Path,
  readBeside: ReadBeside | undefined,
  report: Report,
): void {
  holidays?.dates?.forEach((text, i) => {
    const span = text === undefined ? undefined : parseDaySpan(text);
    if (typeof span === 'string') report([...path, 'dates', i], span);
  });
  holidays?.files?.forEach((file, i) => {
    if (file === undefined || readBeside === undefined) return;
    const at = [...path, 'files', i];
    try {
      const { faults } = parseCalendar(readBeside(file));
      for (const { line, message } of faults.slice(0, MOST_FAULTS)) report(at, `${file}:${line}:1: ${message}`);
    } catch (error) {
      report(at, `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/** Holidays that `checkHolidays` found right. */
export function buildHolidays(holidays: RawHolidays | undefined, readBeside: ReadBeside | undefined): Holidays {
  if (holidays === undefined) return { days: [], like: 'sunday' };
  const dates = holidays.dates.map((text) => parseDaySpan(text) as DaySpan);
  const calendars = holidays.files.map((file): CalendarDays['days'] =>
    readBeside === undefined ? [] : parseCalendar(readBeside(file)).days,
  );
  return { days: [...dates, ...calendars.flat()], like: holidays.like };
}
