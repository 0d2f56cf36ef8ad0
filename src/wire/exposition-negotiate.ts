import type { PageFormat } from './exposition.ts';

interface Range {
  /** Lower case, `type/subtype` or a coding. */
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * The format of the page for an Accept header (RFC 9110): the one with the higher quality, text 0.0.4 where they tie,
 * where nothing fits and where there is no header. A range that asks for a version we do not speak does not count.
 */
export function pageFormat(accept: string | undefined): PageFormat {
  const ranges = parseRanges(accept ?? '');
  const text = qualityOf(ranges, 'text/plain', '0.0.4');
  const openmetrics = qualityOf(ranges, 'application/openmetrics-text', '1.0.0');
  return openmetrics > text ? 'openmetrics' : 'text';
}

/** Whether an Accept-Encoding header asks for gzip: by name or by `*`, and not with quality 0. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parseRanges(acceptEncoding ?? '');
  const range =
    ranges.find((candidate) => candidate.value === 'gzip' || candidate.value === 'x-gzip') ??
    ranges.find((candidate) => candidate.value === '*');
  return range !== undefined && range.quality > 0;
}

/** Quality of the most specific range that covers the media type; 0 when none does. */
function qualityOf(ranges: readonly Range[], mediaType: string, version: string): number {
  let best = 0;
  let quality = 0;
  for (const range of ranges) {
    const specificity = specificityOf(range, mediaType, version);
    if (specificity < best || specificity === 0) continue;
    // Of equally specific ranges the kinder one counts.
    quality = specificity > best ? range.quality : Math.max(quality, range.quality);
    best = specificity;
  }
  return quality;
}

/** 0 when the range does not cover the type, else the higher the more it says. */
function specificityOf(range: Range, mediaType: string, version: string): number {
  if (range.value === '*/*') return 1;
  if (range.value === `${mediaType.slice(0, mediaType.indexOf('/'))}/*`) return 2;
  if (range.value !== mediaType) return 0;
  const asked = range.parameters.get('version');
  if (asked === undefined) return 3;
  return asked === version ? 4 : 0;
}

function parseRanges(header: string): Range[] {
  const ranges: Range[] = [];
  for (const item of splitOutsideQuotes(header, ',')) {
    const [value = '', ...rest] = splitOutsideQuotes(item, ';');
    if (value === '') continue;
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const equals = parameter.indexOf('=');
      if (equals > 0)
        parameters.set(parameter.slice(0, equals).trim().toLowerCase(), unquote(parameter.slice(equals + 1)));
    }
    ranges.push({ value: value.toLowerCase(), parameters, quality: parseQuality(parameters.get('q')) });
  }
  return ranges;
}

function parseQuality(text: string | undefined): number {
  if (text === undefined) return 1;
  const quality = Number(text);
  return text !== '' && quality >= 0 && quality <= 1 ? quality : 0;
}

function unquote(text: string): string {
  const trimmed = text.trim();
  return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1).replace(/\\(.)/g, '$1') : trimmed;
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const pieces: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    else if (text[i] === '\\' && quoted) i++;
    else if (text[i] === separator && !quoted) {
      pieces.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  pieces.push(text.slice(start).trim());
  return pieces;
}
