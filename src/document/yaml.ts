import {
  type Alias,
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  Parser,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Problem } from '../rules/problem.ts';
import type { Finding } from './finding.ts';
import type { Item, MapEntry, ScalarItem } from './item.ts';

/** A thousand pipelines are some 30,000 values; only aliases that multiply each other get beyond this. */
const MOST_VALUES = 1_000_000;
/** Our documents are some ten levels deep. The library's composer recurses, and some thousand levels end the process. */
const MOST_LEVELS = 100;

export interface YamlDocument {
  /** Undefined when the text holds no value or cannot be read. */
  readonly root: Item | undefined;
  /** Faults of the YAML itself. A root that comes with errors is what could be made out, and is not to be used. */
  readonly findings: readonly Finding[];
  /** Whether the root has the shape that was meant, so that more can be said of it in spite of the faults. */
  readonly isLegible: boolean;
  problem(finding: Finding): Problem;
}

/** Reads one YAML 1.2 document (core schema: `yes` is text). Never throws: whatever is wrong is a finding. */
export function parseYaml(source: string, file: string): YamlDocument {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const tokens = [...new Parser().parse(text)];
  const findings: Finding[] = [];
  const composed = compose(tokens, text, findings);
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return {
    ...composed,
    findings,
    problem({ offset, message, severity }) {
      const at = Math.min(offset, text.length);
      const line = countUpTo(lineStarts, at);
      return { severity, file, line, column: at - lineStarts[line - 1]! + 1, message };
    },
  };
}

/** How many of the ascending numbers are not above the limit. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Composed = Pick<YamlDocument, 'root' | 'isLegible'>;

function compose(tokens: readonly CST.Token[], text: string, findings: Finding[]): Composed {
  const tooDeep = offsetBeyondDepth(tokens, MOST_LEVELS);
  if (tooDeep !== undefined) {
    findings.push(fault(tooDeep, `nested deeper than ${MOST_LEVELS} levels`));
    return { root: undefined, isLegible: false };
  }
  const composer = new Composer<ParsedNode>({ prettyErrors: false, schema: 'core', logLevel: 'error' });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) return { root: undefined, isLegible: true };
  for (const error of [...document.errors, ...document.warnings])
    findings.push(fault(error.pos[0], FAULTS[error.code] ?? `not valid here (${error.code})`));
  if (second !== undefined)
    findings.push(fault(second.range[0], 'a second YAML document starts here; keep one document in a file'));
  const root = document.contents ? buildItems(document.contents as ParsedNode, text, findings) : undefined;
  return { root, isLegible: document.errors.every(({ code }) => code === 'DUPLICATE_KEY') };
}

function offsetBeyondDepth(tokens: readonly CST.Token[], most: number): number | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > most) return token.offset;
    const items = 'items' in token ? token.items : 'value' in token && token.value ? [{ value: token.value }] : [];
    for (const item of items)
      for (const child of ['key' in item ? item.key : undefined, item.value])
        if (child) open.push({ token: child, depth: depth + 1 });
  }
  return undefined;
}

function fault(offset: number, message: string): Finding {
  return { offset, path: [], message: `yaml: ${message}`, severity: 'error' };
}

function buildItems(contents: ParsedNode, text: string, findings: Finding[]): Item | undefined {
  const anchors = new Map<string, { item: Item; size: number }>();
  let size = 0;
  let exhausted = false;

  function report(offset: number, message: string): void {
    findings.push(fault(offset, message));
  }

  function build(node: ParsedNode): Item {
    const before = size;
    size += 1;
    if (isAlias(node)) return follow(node);
    const item = isMap(node) ? buildMap(node) : isSeq(node) ? buildList(node) : buildScalar(node as Scalar.Parsed);
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor !== undefined) anchors.set(anchor, { item, size: size - before });
    return item;
  }

  function follow(alias: Alias.Parsed): Item {
    const target = anchors.get(alias.source);
    if (target === undefined) {
      report(alias.range[0], `alias *${alias.source} has no anchor &${alias.source} before it`);
      return emptyScalar(alias.range[0]);
    }
    size += target.size;
    if (size > MOST_VALUES) {
      if (!exhausted) report(alias.range[0], `aliases multiply to more than ${MOST_VALUES} values; write them out`);
      exhausted = true;
      return emptyScalar(alias.range[0]);
    }
    return target.item;
  }

  function buildList(node: YAMLSeq.Parsed): Item {
    return { kind: 'list', offset: node.range[0], items: node.items.map(build) };
  }

  function buildMap(node: YAMLMap.Parsed): Item {
    const merged = new Map<string, MapEntry>();
    const own = new Map<string, MapEntry>();
    for (const { key, value } of node.items) {
      const keyItem = build(key);
      const keyOffset = key.range[0];
      if (keyItem.kind !== 'scalar') {
        report(keyOffset, 'a key must be text, not a list or a map');
        continue;
      }
      const isBlank = value === null || (isScalar(value) && value.range[0] === value.range[1] && !value.anchor);
      const entryValue = isBlank ? emptyScalar(keyOffset) : build(value);
      if (keyItem.value === '<<' && keyItem.style === 'plain') merge(entryValue, merged, keyOffset);
      else own.set(String(keyItem.value), { keyOffset, value: entryValue });
    }
    return { kind: 'map', offset: node.range[0], entries: new Map([...merged, ...own]) };
  }

  function merge(value: Item, into: Map<string, MapEntry>, offset: number): void {
    const sources = value.kind === 'list' ? value.items : [value];
    for (const source of sources) {
      if (source.kind !== 'map') report(offset, 'the merge key << takes a map, or a list of maps');
      else for (const [key, entry] of source.entries) if (!into.has(key)) into.set(key, entry);
    }
  }

  function buildScalar(node: Scalar.Parsed): ScalarItem {
    const [start, end] = node.range;
    const value = typeof node.value === 'object' && node.value !== null ? String(node.value) : node.value;
    return {
      kind: 'scalar',
      offset: start,
      value: value as ScalarItem['value'],
      source: text.slice(start, end),
      style: STYLES[node.type ?? 'PLAIN'],
      substituted: false,
    };
  }

  const root = build(contents);
  return exhausted ? undefined : root;
}

const STYLES = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
} as const satisfies Record<Scalar.Type, ScalarItem['style']>;

function emptyScalar(offset: number): ScalarItem {
  return { kind: 'scalar', offset, value: null, source: '', style: 'plain', substituted: false };
}

/** Faults that people meet often, said with the way out. The library's own words may quote the file: secrets. */
const FAULTS: Partial<Record<YAMLError['code'], string>> = {
  BAD_DQ_ESCAPE: 'unknown escape in double quotes; use single quotes for text with backslashes',
  BAD_INDENT: 'the indentation does not fit what is around it',
  BAD_SCALAR_START: 'text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one value; put the value in quotes',
  BLOCK_IN_FLOW: 'a block list or map cannot stand inside of [ ] or { }',
  DUPLICATE_KEY: 'the key is there twice; remove one',
  MISSING_CHAR: 'something is not closed or not complete before this place: a quote, a bracket or a ":"',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; is a ":" or an indentation wrong here?',
  TAB_AS_INDENT: 'a tab in the indentation; use blanks',
  TAG_RESOLVE_FAILED: 'unknown tag; remove it',
  UNEXPECTED_TOKEN: 'this does not fit here; is the indentation, a quote or a "-" wrong?',
};
