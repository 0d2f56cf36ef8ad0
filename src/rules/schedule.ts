import { validateDetailed } from 'node-cron';
import { CronTimes } from './cron-times.ts';

/** What is wrong with a cron expression, in the terms of the scheduler that will run it; undefined when nothing is. */
export function cronFault(expression: string): string | undefined {
  const { valid, errors } = validateDetailed(expression);
  if (valid) return undefined;
  if (/^\s*@/.test(expression))
    return `"${expression}" is not known; write 5 or 6 cron fields, or @hourly, @daily, @weekly, @monthly, @yearly`;
  const wrong = errors.filter(({ field }) => field !== 'expression');
  if (wrong.length === 0) return `"${expression}" is no cron expression; it has 5 or 6 fields, such as "*/15 * * * *"`;
  return wrong.map(({ field, value }) => `"${value}" is no ${NAMES[field] ?? field}`).join(', ');
}

const NAMES: Readonly<Record<string, string>> = {
  second: 'second (0-59)',
  minute: 'minute (0-59)',
  hour: 'hour (0-23)',
  dayOfMonth: 'day that the month has (1-31)',
  month: 'month (1-12 or jan-dec)',
  dayOfWeek: 'day of the week (0-7 or sun-sat)',
};

/** A Friday: the gap over a weekend is among the first of those schedules that have one. */
const LOOKED_AT_FROM_MS = Date.UTC(2024, 1, 2);
const LOOKED_AT_FOR_MS = 366 * 86_400_000;
const MOST_LOOKED_AT = 700;
const MOST_KEPT = 100;
const gaps = new Map<string, number>();

/** Longest time between two instants of a cron expression, as far as a year or some hundred of them tell; Infinity where there are not two. */
export function longestGapMs(expression: string): number {
  let longestMs = gaps.get(expression);
  if (longestMs === undefined) {
    longestMs = findLongestGapMs(expression);
    if (gaps.size >= MOST_KEPT) gaps.clear();
    gaps.set(expression, longestMs);
  }
  return longestMs;
}

function findLongestGapMs(expression: string): number {
  const times = new CronTimes(expression, 'UTC');
  let lastMs = times.nextAfter(LOOKED_AT_FROM_MS);
  let longestMs = 0;
  for (let i = 0; i < MOST_LOOKED_AT && lastMs < LOOKED_AT_FROM_MS + LOOKED_AT_FOR_MS; i++) {
    const nextMs = times.nextAfter(lastMs);
    longestMs = Math.max(longestMs, nextMs - lastMs);
    lastMs = nextMs;
  }
  return longestMs === 0 ? Number.POSITIVE_INFINITY : longestMs;
}

export function isTimezone(name: string): boolean {
  // Making a formatter takes longer than reading a pipeline, and this is what nearly all pipelines have.
  if (name === 'UTC') return true;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
