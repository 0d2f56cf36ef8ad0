import { validateDetailed } from 'node-cron';

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
