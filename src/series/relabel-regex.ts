/**
 * A regular expression as Prometheus reads it (RE2, anchored at both ends, `.` matches a line break too), as one of
 * JavaScript's. The languages share all that relabelling uses in practice; where they differ, the expression is
 * translated (`(?P<name>`, leading flags, POSIX classes, `\z`) or refused, never read with another meaning.
 */
export function relabelRegex(source: string): RegExp {
  const { flags, rest } = leadingFlags(source);
  return new RegExp(`^(?:${translate(rest)})$`, flags);
}

/** Why Prometheus, or we, would not take the expression; undefined when it is fine. */
export function relabelRegexFault(source: string): string | undefined {
  try {
    relabelRegex(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `(?i)` and its like apply to the rest, so at the very start they are what JavaScript calls flags. */
function leadingFlags(source: string): { readonly flags: string; readonly rest: string } {
  const found = /^\(\?([a-zA-Z]+)\)/.exec(source);
  if (found === null) return { flags: 's', rest: source };
  const letters = found[1]!;
  if (!/^[is]+$/.test(letters)) throw new SyntaxError(`flags "(?${letters})" are not supported, only i and s`);
  return { flags: [...new Set(`s${letters}`)].join(''), rest: source.slice(found[0].length) };
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Escapes that mean the same in both languages; `x` is looked at apart. */
const SHARED_ESCAPES = 'dDwWbBtnrfv';
/** What RE2 takes for white space; JavaScript's own class is wider. */
const SPACES = '\\t\\n\\f\\r ';

function translate(source: string): string {
  let out = '';
  let inClass = false;
  for (let i = 0; i < source.length; ) {
    const piece: Piece = inClass ? classPiece(source, i) : plainPiece(source, i);
    if (piece.opensClass) inClass = true;
    if (piece.closesClass) inClass = false;
    out += piece.text;
    i += piece.length;
  }
  return out;
}

interface Piece {
  readonly text: string;
  readonly length: number;
  readonly opensClass?: boolean;
  readonly closesClass?: boolean;
}

function plainPiece(source: string, at: number): Piece {
  const rest = source.slice(at, at + 4);
  if (rest[0] === '\\') return escapePiece(source, at);
  if (rest[0] === '[') return openingPiece(source, at);
  if (rest.startsWith('(?P<')) return { text: '(?<', length: 4 };
  if (rest.startsWith('(?<=') || rest.startsWith('(?<!') || rest.startsWith('(?=') || rest.startsWith('(?!'))
    throw new SyntaxError('look-around is not supported');
  if (rest.startsWith('(?') && !rest.startsWith('(?:') && !rest.startsWith('(?<'))
    throw new SyntaxError('flags are only supported at the very start');
  return { text: rest[0]!, length: 1 };
}

/** A `]` right after `[` or `[^` is a plain character in RE2, the end of an empty class in JavaScript. */
function openingPiece(source: string, at: number): Piece {
  const start = source[at + 1] === '^' ? '[^' : '[';
  const hasLiteral = source[at + start.length] === ']';
  return { text: hasLiteral ? `${start}\\]` : start, length: start.length + (hasLiteral ? 1 : 0), opensClass: true };
}

function classPiece(source: string, at: number): Piece {
  if (source.startsWith('\\s', at)) return { text: SPACES, length: 2 };
  if (source.startsWith('\\S', at)) throw new SyntaxError('\\S is not supported in a class');
  if (source[at] === '\\') return escapePiece(source, at);
  if (source[at] === ']') return { text: ']', length: 1, closesClass: true };
  const posix = /^\[:(\^?)([a-z]+):\]/.exec(source.slice(at, at + 12));
  if (posix === null) return { text: source[at] === '[' ? '\\[' : source[at]!, length: 1 };
  const ranges = POSIX_CLASSES[posix[2]!];
  if (ranges === undefined || posix[1] === '^') throw new SyntaxError(`class ${posix[0]} is not supported`);
  return { text: ranges, length: posix[0].length };
}

function escapePiece(source: string, at: number): Piece {
  const letter = source[at + 1];
  if (letter === undefined) throw new SyntaxError('trailing backslash');
  if (letter === 'A') return { text: '^', length: 2 };
  if (letter === 'z') return { text: '$', length: 2 };
  if (letter === 's') return { text: `[${SPACES}]`, length: 2 };
  if (letter === 'S') return { text: `[^${SPACES}]`, length: 2 };
  if (letter === 'a') return { text: '\\x07', length: 2 };
  if (letter === 'Q') return quotedPiece(source, at);
  if (letter === 'x') {
    const hex = /^\\x([0-9A-Fa-f]{2})/.exec(source.slice(at, at + 4));
    if (hex === null) throw new SyntaxError('only \\xHH is supported after \\x');
    return { text: hex[0], length: 4 };
  }
  if (SHARED_ESCAPES.includes(letter)) return { text: `\\${letter}`, length: 2 };
  if (/[0-9a-zA-Z]/.test(letter)) throw new SyntaxError(`escape \\${letter} is not supported`);
  return { text: letter === '-' || isSyntax(letter) ? `\\${letter}` : letter, length: 2 };
}

function quotedPiece(source: string, at: number): Piece {
  const end = source.indexOf('\\E', at + 2);
  const text = source.slice(at + 2, end === -1 ? source.length : end);
  return {
    text: text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
    length: (end === -1 ? source.length : end + 2) - at,
  };
}

function isSyntax(letter: string): boolean {
  return '\\^$.*+?()[]{}|/'.includes(letter);
}
