import type { QueryNode } from './query-node.ts';
import { regexpFault } from './query-regexp.ts';
import { QueryFault, type QueryToken, tokenizeQuery } from './query-tokens.ts';
import { unquote } from './string-literal.ts';

export interface QueryOptions {
  /** Whether the name is known to be a function and no aggregation, so that no `by (…)` can follow. */
  isFunction(name: string): boolean;
}

const OPERATORS = new Set(['+', '-', '*', '/', '%', '^', '==', '!=', '<', '>', '<=', '>=']);
const WORD_OPERATORS = new Set(['and', 'or', 'unless', 'atan2', 'default', 'if', 'ifnot']);
const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);
/** People nest ten levels at most; without a bound a long row of brackets would end the process. */
const MOST_LEVELS = 200;
const SUFFIXES = new Set(['[', 'offset', '@']);
const MATCHERS = new Set(['=', '!=', '=~', '!~']);

/**
 * Reads a query in the widest dialect we know of: MetricsQL, which is PromQL and more. Only the form is checked, not
 * what functions exist or which types they take. Throws QueryFault at the first place that no server would accept.
 */
export function readQuery(text: string, { isFunction }: QueryOptions): QueryNode {
  const tokens = tokenizeQuery(text);
  const templates = new Set<string>();
  let index = 0;
  let depth = 0;

  function peek(ahead = 0): QueryToken {
    return tokens[Math.min(index + ahead, tokens.length - 1)]!;
  }

  function next(): QueryToken {
    const token = peek();
    index++;
    return token;
  }

  function isSymbol(symbol: string, ahead = 0): boolean {
    return peek(ahead).kind === 'symbol' && peek(ahead).text === symbol;
  }

  function isWord(word: string, ahead = 0): boolean {
    return peek(ahead).kind === 'identifier' && peek(ahead).text.toLowerCase() === word;
  }

  function acceptSymbol(symbol: string): boolean {
    const accepted = isSymbol(symbol);
    if (accepted) index++;
    return accepted;
  }

  function acceptWord(word: string): boolean {
    const accepted = isWord(word);
    if (accepted) index++;
    return accepted;
  }

  function fail(expected: string): never {
    const token = peek();
    throw new QueryFault(token.offset, `expected ${expected}, found ${describeToken(token)}`);
  }

  /** Closes what `opened` opened; at the end of the query it is the open bracket that is wrong. */
  function close(opened: QueryToken, symbol: string, others = ''): void {
    if (acceptSymbol(symbol)) return;
    if (peek().kind === 'end') throw new QueryFault(opened.offset, `this "${opened.text}" is never closed`);
    fail(`${others}"${symbol}"`);
  }

  function readExpression(): QueryNode {
    if (++depth > MOST_LEVELS) throw new QueryFault(peek().offset, `nested deeper than ${MOST_LEVELS} levels`, true);
    const first = readUnary();
    const operands = [first];
    while (readOperator()) operands.push(readUnary());
    depth--;
    if (operands.length === 1) return first;
    acceptWord('keep_metric_names');
    return { kind: 'operation', offset: first.offset, operands };
  }

  function readOperator(): boolean {
    const token = peek();
    const symbolic = token.kind === 'symbol' && OPERATORS.has(token.text);
    if (!symbolic && !(token.kind === 'identifier' && WORD_OPERATORS.has(token.text.toLowerCase()))) return false;
    index++;
    if (isWord('bool')) {
      if (!COMPARISONS.has(token.text))
        throw new QueryFault(peek().offset, `bool goes with comparisons only, not with "${token.text}"`, true);
      index++;
    }
    if (acceptWord('on') || acceptWord('ignoring')) readLabelList();
    if (acceptWord('group_left') || acceptWord('group_right')) {
      if (isSymbol('(')) readLabelList({ star: true });
      if (isWord('prefix') && peek(1).kind === 'string') index += 2;
    }
    return true;
  }

  function readUnary(): QueryNode {
    const { offset } = peek();
    let signs = 0;
    while (acceptSymbol('-') || acceptSymbol('+')) signs++;
    const operand = readSuffixes(readPrimary());
    return signs === 0 ? operand : { kind: 'operation', offset, operands: [operand] };
  }

  function readPrimary(): QueryNode {
    const { kind, offset } = peek();
    if (isSymbol('(')) return readParentheses();
    if (isSymbol('{')) return { kind: 'selector', offset, empty: readMatchers() === 0 };
    if (isWord('with') && isSymbol('(', 1)) return readTemplates();
    if (kind === 'identifier') return readNamed();
    if (kind !== 'number' && kind !== 'duration' && kind !== 'string') fail('a metric, a function, a number or "("');
    index++;
    return { kind: kind === 'string' ? 'text' : 'number', offset };
  }

  function readParentheses(): QueryNode {
    const { offset } = peek();
    const inner = readArguments();
    acceptWord('keep_metric_names');
    return { kind: 'parentheses', offset, inner };
  }

  function readNamed(): QueryNode {
    const { text: name, offset } = next();
    const grouped = acceptWord('by') || acceptWord('without');
    if (grouped) {
      readLabelList();
      if (!isSymbol('(')) fail('"(" with what is aggregated');
    }
    if (isSymbol('(')) {
      const args = readArguments();
      readAfterCall({ mayGroup: !grouped && !isFunction(name) });
      return { kind: 'call', offset, name, args };
    }
    if (isSymbol('{')) readMatchers();
    return { kind: 'selector', offset, empty: false };
  }

  function readAfterCall({ mayGroup }: { readonly mayGroup: boolean }): void {
    if (mayGroup && (acceptWord('by') || acceptWord('without'))) readLabelList();
    if (acceptWord('limit') && next().kind !== 'number') fail('a number of series after limit');
    acceptWord('keep_metric_names');
  }

  function readArguments(): QueryNode[] {
    const opened = next();
    const args: QueryNode[] = [];
    while (!isSymbol(')')) {
      args.push(readExpression());
      if (!acceptSymbol(',')) break;
    }
    close(opened, ')', '"," or ');
    return args;
  }

  function readLabelList({ star = false } = {}): void {
    if (!isSymbol('(')) fail('"(" with label names');
    const opened = next();
    if (star && isSymbol('*') && isSymbol(')', 1)) index++;
    while (isLabel(peek())) {
      index++;
      if (!acceptSymbol(',')) break;
    }
    close(opened, ')', 'a label, "," or ');
  }

  /** Answers how many matchers there are. */
  function readMatchers(): number {
    const opened = next();
    let count = 0;
    for (let more = !isSymbol('}'); more; count++) {
      readMatcher();
      more = acceptWord('or') || (acceptSymbol(',') && !isSymbol('}'));
    }
    close(opened, '}', '"," or ');
    return count;
  }

  function readMatcher(): void {
    const label = peek();
    if (!isLabel(label)) fail('a label name or "}"');
    index++;
    const operator = peek();
    if (operator.kind !== 'symbol' || !MATCHERS.has(operator.text)) {
      if (label.kind === 'string' || templates.has(label.text)) return;
      fail('=, !=, =~ or !~ after the label name');
    }
    index++;
    readMatcherValue(operator.text.endsWith('~'));
  }

  function readMatcherValue(isRegexp: boolean): void {
    do {
      const token = peek();
      const isTemplate = token.kind === 'identifier' && templates.has(token.text);
      if (token.kind !== 'string' && !isTemplate) fail('text in quotes');
      const fault = isRegexp && token.kind === 'string' ? regexpFault(unquote(token.text) ?? '') : undefined;
      if (fault !== undefined) throw new QueryFault(token.offset, fault, true);
      index++;
    } while (acceptSymbol('+'));
  }

  function readSuffixes(primary: QueryNode): QueryNode {
    const { offset } = primary;
    const seen = new Set<string>();
    let node = primary;
    for (let suffix = peek(); SUFFIXES.has(suffix.text.toLowerCase()); suffix = peek()) {
      const kind = suffix.text.toLowerCase();
      if (seen.has(kind)) throw new QueryFault(suffix.offset, `a second "${suffix.text}" after the first`, true);
      seen.add(kind);
      if (kind === '[') node = { kind: 'window', offset, of: node, subquery: readWindow() };
      else {
        if (kind === 'offset') readOffset();
        else readInstant();
        node = { kind: 'shifted', offset, of: node };
      }
    }
    return node;
  }

  function readOffset(): void {
    index++;
    if (!acceptSymbol('-')) acceptSymbol('+');
    readDuration('after offset');
  }

  function readInstant(): void {
    index++;
    while (acceptSymbol('-') || acceptSymbol('+'));
    readPrimary();
  }

  /** Answers whether a step is asked for, as subqueries do. */
  function readWindow(): boolean {
    const opened = next();
    if (!isSymbol(':')) readDuration('in [ ]');
    const stepped = acceptSymbol(':');
    if (stepped && !isSymbol(']')) readDuration('after ":"');
    close(opened, ']', stepped ? '' : '":" or ');
    return stepped;
  }

  function readDuration(where: string): void {
    const token = peek();
    const isTemplate = token.kind === 'identifier' && templates.has(token.text);
    if (token.kind !== 'duration' && token.kind !== 'number' && !isTemplate) fail(`a duration ${where}`);
    index++;
  }

  function readTemplates(): QueryNode {
    const { offset } = next();
    const opened = next();
    while (peek().kind === 'identifier') {
      templates.add(next().text);
      if (isSymbol('(')) readTemplateParameters();
      if (!acceptSymbol('=')) fail('"=" after the name of a template');
      readExpression();
      if (!acceptSymbol(',')) break;
    }
    close(opened, ')', '"," or ');
    return { kind: 'templates', offset, names: templates, body: readExpression() };
  }

  function readTemplateParameters(): void {
    const opened = next();
    while (peek().kind === 'identifier') {
      templates.add(next().text);
      if (!acceptSymbol(',')) break;
    }
    close(opened, ')', '"," or ');
  }

  const query = readExpression();
  if (peek().kind !== 'end') throw new QueryFault(peek().offset, describeLeftover(peek()));
  return query;
}

function isLabel(token: QueryToken): boolean {
  return token.kind === 'identifier' || token.kind === 'string';
}

function describeToken(token: QueryToken): string {
  if (token.kind === 'end') return 'the end of the query';
  return token.kind === 'string' ? token.text : `"${token.text}"`;
}

function describeLeftover(token: QueryToken): string {
  if (token.kind === 'symbol' && ')]}'.includes(token.text)) return `this "${token.text}" closes nothing`;
  return `${describeToken(token)} does not fit after what is before it; is an operator or a bracket missing?`;
}
