/** What a client asked for that cannot be; its message is shown to it. */
export class BadRequest extends Error {}

/** The parameters of a request target. */
export function paramsOf(target: string | undefined): URLSearchParams {
  return new URL(target ?? '/', 'http://localhost').searchParams;
}

/** Fails for parameters that the path does not have: a filter with a typing mistake must not list everything. */
export function checkNames(params: URLSearchParams, known: readonly string[]): void {
  for (const name of params.keys())
    if (!known.includes(name))
      throw new BadRequest(`there is no parameter "${name}"; there are ${known.map((one) => `"${one}"`).join(', ')}`);
}

/** Text of a parameter; undefined when it is absent or empty. */
export function textParam(params: URLSearchParams, name: string): string | undefined {
  const value = params.get(name);
  return value === null || value === '' ? undefined : value;
}

/** Milliseconds since the epoch of an RFC 3339 time or Unix seconds. */
export function timeParam(params: URLSearchParams, name: string): number | undefined {
  const written = textParam(params, name);
  if (written === undefined) return undefined;
  const timeMs = parseTime(written);
  if (timeMs === undefined)
    throw new BadRequest(`"${name}" must be a time such as 2026-03-01T12:00:00Z or Unix seconds`);
  return timeMs;
}

export function flagParam(params: URLSearchParams, name: string): boolean {
  const written = textParam(params, name);
  if (written === undefined || written === 'false') return false;
  if (written === 'true') return true;
  throw new BadRequest(`"${name}" must be true or false`);
}

export function wholeParam(params: URLSearchParams, name: string, most: number): number | undefined {
  const written = textParam(params, name);
  if (written === undefined) return undefined;
  if (!/^[0-9]+$/.test(written) || Number(written) < 1 || Number(written) > most)
    throw new BadRequest(`"${name}" must be a whole number from 1 to ${most}`);
  return Number(written);
}

/** Milliseconds since the epoch; undefined for what is neither RFC 3339 nor Unix seconds. */
export function parseTime(written: string | number): number | undefined {
  if (typeof written === 'number' || /^-?[0-9]+(?:\.[0-9]+)?$/.test(written)) {
    const timeMs = Math.round(Number(written) * 1000);
    return Number.isFinite(timeMs) && Math.abs(timeMs) <= LAST_TIME_MS ? timeMs : undefined;
  }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/i.test(written)) return undefined;
  const timeMs = Date.parse(written);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** The last instant a Date can name. */
const LAST_TIME_MS = 8.64e15;
