import { type Labels, labelValue } from './labels.ts';
import { relabelRegex } from './relabel-regex.ts';

/** One condition on a label, as in PromQL: an absent label is an empty value, patterns are anchored at both ends. */
export interface LabelMatcher {
  readonly name: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** Longer patterns are rather an attack than a wish. */
const LONGEST_PATTERN = 1000;

const MATCHER = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*/y;

/**
 * Reads `{a="b",c=~"d.*"}`, with or without the braces; names are label names, a metric name in front is not taken.
 * Throws a SyntaxError that says what is wrong.
 */
export function parseMatchers(text: string): LabelMatcher[] {
  const trimmed = text.trim();
  const inner = trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed.slice(1, -1).trim() : trimmed;
  const matchers: LabelMatcher[] = [];
  MATCHER.lastIndex = 0;
  while (MATCHER.lastIndex < inner.length) {
    const at = MATCHER.lastIndex;
    const found = MATCHER.exec(inner);
    if (found === null) throw new SyntaxError(`"${inner.slice(at)}" is no matcher such as instance=~"web.*"`);
    const matcher = { name: found[1]!, op: found[2] as LabelMatcher['op'], value: unquote(found[3]!) };
    checkPattern(matcher);
    matchers.push(matcher);
    if (inner[MATCHER.lastIndex] === ',') MATCHER.lastIndex++;
    else if (MATCHER.lastIndex < inner.length)
      throw new SyntaxError(`a comma is missing before "${inner.slice(MATCHER.lastIndex)}"`);
  }
  return matchers;
}

/** A test of label sets: all matchers must hold, and an empty list takes every set. */
export function compileMatchers(matchers: readonly LabelMatcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, holds: compileOne(matcher) }));
  return (labels) => tests.every(({ name, holds }) => holds(labelValue(labels, name) ?? ''));
}

export function formatMatchers(matchers: readonly LabelMatcher[]): string {
  return `{${matchers.map(({ name, op, value }) => `${name}${op}${JSON.stringify(value)}`).join(',')}}`;
}

function compileOne({ op, value }: LabelMatcher): (text: string) => boolean {
  if (op === '=') return (text) => text === value;
  if (op === '!=') return (text) => text !== value;
  const pattern = relabelRegex(value);
  return op === '=~' ? (text) => pattern.test(text) : (text) => !pattern.test(text);
}

function checkPattern({ name, op, value }: LabelMatcher): void {
  if (op === '=' || op === '!=') return;
  if (value.length > LONGEST_PATTERN) throw new SyntaxError(`the pattern of ${name} is longer than ${LONGEST_PATTERN}`);
  try {
    relabelRegex(value);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`the pattern of ${name} is no regular expression: ${said}`, { cause });
  }
}

function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter === 't' ? '\t' : letter));
}
