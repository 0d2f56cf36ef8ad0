/**
 * The series notation of promtool's unit tests, as an array with one entry a step:
 *
 *   `1 2 3`     the samples 1, 2, 3         `1+2x3`   1 3 5 7 (a start and three steps of 2)
 *   `5x3`       5 5 5 5                     `10-2x2`  10 8 6
 *   `_` `_x3`   one, three missing samples  `stale`   missing as well: blocks hold no stale markers
 */
export function seriesValues(notation: string): Float64Array {
  return Float64Array.from(notation.trim().split(/\s+/).flatMap(parseItem));
}

const NUMBER = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|\\.\\d+|Inf|NaN)';
const ITEM = new RegExp(`^(${NUMBER})(?:([+-]\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?)?x(\\d+))?$`);

function parseItem(item: string): number[] {
  const missing = item.match(/^_(?:x(\d+))?$/);
  if (missing !== null) return Array(Number(missing[1] ?? 1)).fill(Number.NaN);
  if (item === 'stale') return [Number.NaN];
  const match = item.match(ITEM);
  if (match === null)
    throw new Error(`series notation: ${JSON.stringify(item)} is none of 1, 1+2x3, 5x3, _, _x3, stale`);
  const start = parseNumber(match[1]!);
  if (match[3] === undefined) return [start];
  const step = Number(match[2] ?? 0);
  return Array.from({ length: Number(match[3]) + 1 }, (_, i) => start + i * step);
}

function parseNumber(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
