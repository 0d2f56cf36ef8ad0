import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { OpenAnomalyError } from '../errors.ts';
import { type Labels, labelValue } from '../series/labels.ts';
import type { LabelMatcher } from '../series/matcher.ts';
import { unquote } from './string-literal.ts';

/** The matchers of `metric{label="value"}`; the metric name is a matcher of `__name__`. */
export type Selector = readonly LabelMatcher[];

/**
 * Reads a query that is a selector and nothing else, quoted names included. Undefined for every other query: functions,
 * operators, ranges, offsets, parentheses, text that is no PromQL, and selectors that every series matches (a server
 * refuses those).
 */
export function parseSelector(query: string): Selector | undefined {
  const tree = parser.parse(query);
  if (hasError(tree.topNode)) return undefined;
  const nodes = childrenOf(tree.topNode).filter((node) => node.name !== 'LineComment');
  const node = nodes[0];
  if (nodes.length !== 1 || node?.name !== 'VectorSelector') return undefined;

  const matchers: LabelMatcher[] = [];
  for (const part of childrenOf(node)) {
    if (part.name === 'Identifier') matchers.push({ name: '__name__', op: '=', value: textOf(part, query) });
    if (part.name !== 'LabelMatchers') continue;
    for (const item of childrenOf(part)) {
      if (item.name === 'LineComment') continue;
      const matcher = readMatcher(item, query);
      if (matcher === undefined) return undefined;
      matchers.push(matcher);
    }
  }
  return matchers.some((matcher) => !takesEmpty(matcher)) ? matchers : undefined;
}

/**
 * A test of label sets. As in PromQL, an absent label is an empty value and patterns are anchored at both ends.
 * Throws `query_rejected` for a pattern that is no regular expression.
 */
export function compileSelector(selector: Selector): (labels: Labels) => boolean {
  const tests = selector.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labelValue(labels, name) ?? ''));
}

function compileMatcher(matcher: LabelMatcher): (value: string) => boolean {
  if (matcher.op === '=') return (value) => value === matcher.value;
  if (matcher.op === '!=') return (value) => value !== matcher.value;
  const pattern = compilePattern(matcher);
  return matcher.op === '=~' ? (value) => pattern.test(value) : (value) => !pattern.test(value);
}

/** RE2 writes leading flags and named groups in ways JavaScript does not take; the rest of the usual syntax is shared. */
function compilePattern(matcher: LabelMatcher): RegExp {
  const [, inline = '', body = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(matcher.value) ?? [];
  try {
    return new RegExp(`^(?:${body.replaceAll('(?P<', '(?<')})$`, [...new Set(`${inline}s`)].join(''));
  } catch (error) {
    throw new OpenAnomalyError(
      'query_rejected',
      `the pattern of ${matcher.name}${matcher.op}${JSON.stringify(matcher.value)} is not a regular expression`,
      { cause: error },
    );
  }
}

function readMatcher(node: SyntaxNode, query: string): LabelMatcher | undefined {
  const parts = childrenOf(node);
  if (node.name === 'QuotedLabelName') {
    const value = unquote(textOf(node, query));
    return value === undefined ? undefined : { name: '__name__', op: '=', value };
  }
  const [left, op, right] = parts;
  if (left === undefined || op === undefined || right === undefined) return undefined;
  const name = left.name === 'QuotedLabelName' ? unquote(textOf(left, query)) : textOf(left, query);
  const value = unquote(textOf(right, query));
  if (name === undefined || value === undefined) return undefined;
  return { name, op: textOf(op, query) as LabelMatcher['op'], value };
}

/** A pattern that only RE2 understands is left to the server: it counts as one that does not match nothing. */
function takesEmpty(matcher: LabelMatcher): boolean {
  try {
    return compileMatcher(matcher)('');
  } catch {
    return false;
  }
}

function textOf(node: SyntaxNode, query: string): string {
  return query.slice(node.from, node.to);
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function hasError(node: SyntaxNode): boolean {
  return node.type.isError || childrenOf(node).some(hasError);
}
