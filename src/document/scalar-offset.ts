import type { ScalarItem } from './item.ts';

/**
 * Where in the file the character at `index` of a text scalar stands. YAML may quote, fold, indent and escape a text,
 * but apart from escapes it changes white space only. So the n-th character that is no white space is looked for:
 * the n-th of the value is the n-th of the source. White space, and the end, are placed right after what is before.
 */
export function offsetInScalar(item: ScalarItem, index: number): number {
  const value = String(item.value);
  let before = 0;
  for (let i = 0; i < index && i < value.length; i++) if (!isSpace(value.charCodeAt(i))) before++;
  const onText = index < value.length && !isSpace(value.charCodeAt(index));
  const places = textPlaces(item);
  const place = onText ? places[before] : places[before - 1];
  if (place === undefined) return item.offset;
  return item.offset + (onText ? place.start : place.end);
}

interface TextPlace {
  readonly start: number;
  readonly end: number;
}

/** Source ranges of the characters that are no white space, in order, as UTF-16 units of the value. */
function textPlaces({ source, style }: ScalarItem): TextPlace[] {
  const places: TextPlace[] = [];
  const quoted = style === 'single' || style === 'double';
  const end = quoted ? source.length - 1 : source.length;
  let i = quoted ? 1 : style === 'block' ? source.indexOf('\n') + 1 : 0;
  while (i < end) {
    const start = i;
    const units = style === 'double' && source[i] === '\\' ? readEscape(source, i) : undefined;
    if (units !== undefined) i += units.length;
    else i += style === 'single' && source.startsWith("''", i) ? 2 : 1;
    const text = units === undefined ? source[start]! : units.text;
    for (let unit = 0; unit < text.length; unit++) if (!isSpace(text.charCodeAt(unit))) places.push({ start, end: i });
  }
  return places;
}

const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
/** Escapes that stand for white space or nothing one can see: they take no place. */
const SPACES = ' \tntrvfNLP_';

/** The escape sequence at `at`: how long it is in the source and the text it stands for. */
function readEscape(source: string, at: number): { readonly length: number; readonly text: string } {
  const name = source[at + 1] ?? '';
  const digits = HEX_DIGITS[name];
  if (digits !== undefined) {
    const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
    return { length: 2 + digits, text: code <= 0x10ffff ? String.fromCodePoint(code) : '' };
  }
  if (SPACES.includes(name) || name === '\n' || name === '\r') return { length: 2, text: '' };
  return { length: 2, text: name };
}

/** White space in the wide sense of JavaScript: both sides of the count must agree, not YAML's definition. */
function isSpace(code: number): boolean {
  return code <= 0x20 ? code === 0x20 || (code >= 0x09 && code <= 0x0d) : /\s/.test(String.fromCharCode(code));
}
