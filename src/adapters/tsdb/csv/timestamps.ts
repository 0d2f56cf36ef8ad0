/** How a file writes its timestamps, found on its first row and kept to the last. */
export interface TimestampFormat {
  /** As a person calls it; for logs and messages. */
  readonly description: string;
  /** Milliseconds since the epoch; NaN for text in another format. */
  readonly read: (text: string) => number;
}

const SECONDS: TimestampFormat = {
  description: 'seconds since 1970',
  read: (text) => Math.round(readNumber(text) * 1000),
};
const MILLISECONDS: TimestampFormat = {
  description: 'milliseconds since 1970',
  read: (text) => Math.round(readNumber(text)),
};
const MICROSECONDS: TimestampFormat = {
  description: 'microseconds since 1970',
  read: (text) => Math.round(readNumber(text) / 1e3),
};
const NANOSECONDS: TimestampFormat = {
  description: 'nanoseconds since 1970',
  read: (text) => Math.round(readNumber(text) / 1e6),
};
const DATES_WITH_ZONE: TimestampFormat = {
  description: 'ISO 8601 with its offset from UTC',
  read: (text) => readDate(text, true),
};
const DATES_WITHOUT_ZONE: TimestampFormat = {
  description: 'ISO 8601 without an offset, taken as UTC',
  read: (text) => readDate(text, false),
};

/** The format of a timestamp; undefined for text that is none. Numbers are told apart by size: seconds up to 5138. */
export function detectTimestamps(text: string): TimestampFormat | undefined {
  const number = Math.abs(readNumber(text));
  if (number < 1e11) return SECONDS;
  if (number < 1e14) return MILLISECONDS;
  if (number < 1e17) return MICROSECONDS;
  if (number < 1e20) return NANOSECONDS;
  return [DATES_WITH_ZONE, DATES_WITHOUT_ZONE].find((format) => !Number.isNaN(format.read(text)));
}

const NUMBER = /^\s*-?\d+(\.\d*)?([eE][+-]?\d+)?\s*$/;

function readNumber(text: string): number {
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}

const DATE =
  /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?\s*$/;

function readDate(text: string, hasZone: boolean): number {
  const match = DATE.exec(text);
  if (match === null || (match[8] !== undefined) !== hasZone) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  if (hour! > 23 || minute! > 59 || second! > 60) return Number.NaN;
  const date = Date.UTC(year!, month! - 1, day);
  // 31 February is not 3 March.
  if (new Date(date).getUTCMonth() !== month! - 1) return Number.NaN;
  const millis = match[7] === undefined ? 0 : Math.round(Number(`0.${match[7]}`) * 1000);
  return date + ((hour! * 60 + minute!) * 60 + second!) * 1000 + millis - offsetMs(match[8]);
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
