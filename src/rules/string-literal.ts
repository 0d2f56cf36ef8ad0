const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** The text of a PromQL string literal; undefined when an escape in it is unknown or the quote never closes. */
export function unquote(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) return undefined;
  const body = literal.slice(1, -1);
  if (quote === '`') return body;
  let known = true;
  const text = body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs, (_, code: string) => {
    const simple = ESCAPES[code];
    if (simple !== undefined) return simple;
    const point = code.length === 1 ? Number.NaN : codePoint(code);
    if (point >= 0 && point <= 0x10ffff) return String.fromCodePoint(point);
    known = false;
    return '';
  });
  return known ? text : undefined;
}

function codePoint(code: string): number {
  return /^[0-7]/.test(code) ? Number.parseInt(code, 8) : Number.parseInt(code.slice(1), 16);
}
