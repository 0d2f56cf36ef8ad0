/** A span of time as the user wrote it and in milliseconds. */
export interface Duration {
  readonly text: string;
  readonly ms: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const YEAR_MS = 365 * DAY_MS;

/** Units in the only order Prometheus takes them. Calendar months do not exist; a year is 365 days. */
const UNITS = [
  { unit: 'y', ms: YEAR_MS },
  { unit: 'w', ms: WEEK_MS },
  { unit: 'd', ms: DAY_MS },
  { unit: 'h', ms: HOUR_MS },
  { unit: 'm', ms: MINUTE_MS },
  { unit: 's', ms: SECOND_MS },
  { unit: 'ms', ms: 1 },
] as const;

const AMOUNTS = UNITS.map(({ unit }) => `([0-9]+${unit})?`).join('');

/** Regular expression of a Prometheus duration, zero included; goes into the JSON Schemas as it is. */
export const DURATION_PATTERN = `^(?=.)(0|${AMOUNTS})$`;
/** The same without the spans that are nothing: `0`, `0s`, `0h0m`. */
export const POSITIVE_DURATION_PATTERN = `^(?=.*[1-9])${AMOUNTS}$`;

const DURATION = new RegExp(DURATION_PATTERN);

/**
 * Milliseconds of a Prometheus duration such as `1d12h`, `500ms` or `0`; undefined when the text is none, or is longer
 * than a number of milliseconds can say exactly.
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  let totalMs = 0;
  UNITS.forEach(({ ms }, i) => {
    const amount = match[i + 2];
    if (amount !== undefined) totalMs += Number.parseInt(amount, 10) * ms;
  });
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/**
 * The way Prometheus prints a duration: `1d12h`, `0s`. Years and weeks are used only when nothing remains, so that a
 * window of ten days reads `10d` and not `1w3d`. The argument is a whole number ≥ 0.
 */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let restMs = durationMs;
  let text = '';
  for (const { unit, ms } of UNITS) {
    if ((unit === 'y' || unit === 'w') && restMs % ms !== 0) continue;
    const amount = Math.floor(restMs / ms);
    if (amount === 0) continue;
    text += `${amount}${unit}`;
    restMs -= amount * ms;
  }
  return text;
}
