/** A word of a query. Identifiers keep their case; `number` is a number or a duration. */
export interface QueryToken {
  readonly kind: 'identifier' | 'number' | 'duration' | 'string' | 'symbol' | 'end';
  readonly text: string;
  readonly offset: number;
}

/** A query that cannot be read. `certain` faults are such for every server, whatever dialect it speaks. */
export class QueryFault extends Error {
  readonly offset: number;
  readonly certain: boolean;

  constructor(offset: number, message: string, certain = false) {
    super(message);
    this.offset = offset;
    this.certain = certain;
  }
}

const BLANK = /(?:\s+|#[^\n]*)+/y;
const IDENTIFIER = /(?:[\p{L}_:]|\\.)(?:[\p{L}\p{N}_:.]|\\.)*/uy;
const IDENTIFIER_IN_WINDOW = /[\p{L}_][\p{L}\p{N}_]*/uy;
/** Everything that is glued to a digit; what it means is decided as a whole, so that `5mm` is one wrong word. */
const NUMERIC = /(?:[0-9]|\.[0-9])(?:[eE][+-](?=[0-9])|[0-9a-zA-Z_.])*/y;
const NUMBER =
  /^(?:0x[0-9a-f_]+|0b[01_]+|0o?[0-7_]+|(?:[0-9_]+\.?[0-9_]*|\.[0-9_]+)(?:e[+-]?[0-9_]+)?(?:[kmgt]i?b?)?)$/i;
const DURATION = /^(?:[0-9_]+(?:\.[0-9]+)?(?:ms|[smhdwyi]))+$/i;
const QUOTES = new Set(['"', "'", '`']);
const GRAFANA_VARIABLE = /\$__(?:rate_)?interval\b/y;
const SYMBOL = /==|!=|<=|>=|=~|!~|[-+*/%^<>=(){}[\],:@]/y;

/** The words of a PromQL or MetricsQL query, the last of kind `end`. Throws QueryFault. */
export function tokenizeQuery(query: string): QueryToken[] {
  const tokens: QueryToken[] = [];
  let offset = 0;
  let windows = 0;

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = offset;
    return pattern.exec(query)?.[0];
  }

  /** The next word. In [ ] a ":" stands between durations; elsewhere it may begin a name. */
  function readToken(): QueryToken {
    if (QUOTES.has(query[offset]!)) return { kind: 'string', text: readString(query, offset), offset };
    const numeric = take(NUMERIC);
    if (numeric !== undefined) return { kind: kindOfNumeric(numeric, offset), text: numeric, offset };
    const identifier = take(windows > 0 ? IDENTIFIER_IN_WINDOW : IDENTIFIER);
    if (identifier !== undefined) return { kind: 'identifier', text: identifier, offset };
    const variable = take(GRAFANA_VARIABLE);
    if (variable !== undefined) return { kind: 'duration', text: variable, offset };
    const symbol = take(SYMBOL);
    if (symbol !== undefined) return { kind: 'symbol', text: symbol, offset };
    const character = String.fromCodePoint(query.codePointAt(offset)!);
    throw new QueryFault(offset, `unexpected ${JSON.stringify(character)}`);
  }

  for (;;) {
    offset += take(BLANK)?.length ?? 0;
    if (offset >= query.length) break;
    const token = readToken();
    if (token.text === '[') windows++;
    if (token.text === ']') windows = Math.max(0, windows - 1);
    tokens.push(token);
    offset += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', offset });
  return tokens;
}

function kindOfNumeric(text: string, offset: number): 'number' | 'duration' {
  if (NUMBER.test(text)) return 'number';
  if (DURATION.test(text)) return 'duration';
  throw new QueryFault(offset, `"${text}" is neither a number nor a duration`);
}

/** Escapes of Go, which both servers follow: `\d` in a quoted regular expression is the most common mistake. */
const ESCAPE = /\\(?:[abfnrtv\\'"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})/y;

function readString(query: string, start: number): string {
  const quote = query[start]!;
  for (let i = start + 1; i < query.length; i++) {
    if (query[i] === quote) return query.slice(start, i + 1);
    if (quote === '`') continue;
    if (query[i] === '\n')
      throw new QueryFault(i, 'a line break in a string; close the string, or use backquotes', true);
    if (query[i] !== '\\') continue;
    ESCAPE.lastIndex = i;
    const sequence = ESCAPE.exec(query)?.[0];
    if (sequence === undefined && i + 1 < query.length) {
      const name = query[i + 1]!;
      throw new QueryFault(i, `unknown escape \\${name} in a string; write \\\\${name}, or use backquotes`, true);
    }
    i += (sequence?.length ?? 2) - 1;
  }
  throw new QueryFault(start, `the string that starts with ${quote} is not closed`, true);
}
