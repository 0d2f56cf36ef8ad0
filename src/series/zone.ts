const DAY_MS = 86_400_000;
/** Days whose offsets are kept: more than any window that is read, and a bound all the same. */
const MOST_DAYS = 2000;

/** Milliseconds to add to an instant to get its wall clock, as if that were UTC. */
export type ZoneOffset = (timeMs: number) => number;

/** Offsets of one UTC day: `before` until `changeMs`, `after` from then on. */
interface DayOffsets {
  readonly before: number;
  readonly changeMs: number;
  readonly after: number;
}

/**
 * The offset of an IANA time zone as a function of time, daylight saving included. The zone's rules are asked once a
 * day of data (twelve times more on a day whose clocks change, by halving); no zone changes twice a day. Throws
 * RangeError for a zone that does not exist.
 */
export function zoneOffset(timezone: string): ZoneOffset {
  if (timezone === 'UTC') return () => 0;
  const ask = askOffset(timezone);
  const days = new Map<number, DayOffsets>();
  return (timeMs) => {
    const day = Math.floor(timeMs / DAY_MS);
    let offsets = days.get(day);
    if (offsets === undefined) {
      offsets = offsetsOfDay(ask, day * DAY_MS);
      if (days.size >= MOST_DAYS) days.clear();
      days.set(day, offsets);
    }
    return timeMs < offsets.changeMs ? offsets.before : offsets.after;
  };
}

function offsetsOfDay(ask: ZoneOffset, startMs: number): DayOffsets {
  const before = ask(startMs);
  const after = ask(startMs + DAY_MS);
  if (before === after) return { before, changeMs: Number.POSITIVE_INFINITY, after };
  let low = startMs;
  let high = startMs + DAY_MS;
  // To the second, since clocks change at whole ones.
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (ask(middle) === before) low = middle;
    else high = middle;
  }
  return { before, changeMs: high, after };
}

function askOffset(timezone: string): ZoneOffset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (timeMs) => {
    const fields: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(timeMs)) fields[type] = Number(value);
    const { year, month, day, hour, minute, second } = fields;
    const wallMs = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
    return wallMs - Math.floor(timeMs / 1000) * 1000;
  };
}
