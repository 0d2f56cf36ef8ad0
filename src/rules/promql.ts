import type { Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { closest } from '../document/suggest.ts';
import { childrenOf, type QueryNode } from './query-node.ts';
import { readQuery } from './query-syntax.ts';
import { QueryFault, tokenizeQuery } from './query-tokens.ts';
import { typeRemarks } from './query-types.ts';

/** Something wrong in a query; `offset` counts UTF-16 units from its start. */
export interface QueryProblem {
  readonly severity: 'error' | 'warning';
  readonly offset: number;
  readonly message: string;
}

/**
 * Checks the form of a query. What no server would accept is an error. What Prometheus refuses and VictoriaMetrics
 * accepts (MetricsQL), and functions we have never heard of, are warnings: the server behind the data source decides.
 */
export function checkQuery(query: string): QueryProblem[] {
  if (query.trim() === '') return [{ severity: 'error', offset: 0, message: 'the query is empty' }];
  const node = nodeOrFault(query);
  if (node instanceof QueryFault && node.certain) return [error(node)];
  const strayOffset = firstErrorOffset(parser.parse(query));
  // PromQL that is newer than our reader of MetricsQL is taken on the word of its own grammar.
  if (node instanceof QueryFault) return strayOffset === undefined ? [] : [error(node)];
  if (strayOffset === undefined) return typeRemarks(node).map(({ offset, message }) => dialect(offset, message));
  return dialectRemarks(query, strayOffset, node);
}

/** Warnings for a query that is well-formed MetricsQL and not PromQL. */
function dialectRemarks(query: string, strayOffset: number, node: QueryNode): QueryProblem[] {
  const remarks = callsOf(node)
    .filter(({ name }) => callKind(name) === undefined)
    .map(unknownFunction);
  const variable = /\$__(?:rate_)?interval\b/.exec(query);
  if (variable !== null)
    remarks.push(warning(variable.index, `${variable[0]} is a variable of Grafana; write a duration such as 5m`));
  if (remarks.length > 0) return remarks;
  const stray = tokenizeQuery(query).findLast(({ offset }) => offset <= strayOffset)!;
  return [dialect(stray.offset, `not PromQL from "${stray.text}" on`)];
}

type Call = Extract<QueryNode, { readonly kind: 'call' }>;

/** Calls of anything but the query's own templates. */
function callsOf(node: QueryNode, templates: ReadonlySet<string> = new Set()): Call[] {
  const names = node.kind === 'templates' ? node.names : templates;
  const own = node.kind === 'call' && !names.has(node.name) ? [node] : [];
  return [...own, ...childrenOf(node).flatMap((child) => callsOf(child, names))];
}

function unknownFunction({ name, offset }: Call): QueryProblem {
  const meant = callKind(name.toLowerCase()) !== undefined ? name.toLowerCase() : closest(name, functionNames());
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return warning(offset, `"${name}" is not a function of Prometheus${hint}`);
}

function error({ offset, message }: QueryFault): QueryProblem {
  return { severity: 'error', offset, message };
}

function dialect(offset: number, message: string): QueryProblem {
  return warning(offset, `${message} (VictoriaMetrics accepts this, Prometheus does not)`);
}

function warning(offset: number, message: string): QueryProblem {
  return { severity: 'warning', offset, message };
}

/** What the grammar of PromQL takes a called name for; undefined when it knows neither function nor aggregation. */
function callKind(name: string): 'FunctionIdentifier' | 'AggregateOp' | undefined {
  const kind = parser.parse(`${name}(`).topNode.firstChild?.firstChild?.name;
  return kind === 'FunctionIdentifier' || kind === 'AggregateOp' ? kind : undefined;
}

let knownFunctions: readonly string[] | undefined;

/** The grammar names its nodes after the functions, `AvgOverTime` for `avg_over_time`; only those that parse count. */
function functionNames(): readonly string[] {
  knownFunctions ??= parser.nodeSet.types
    .map(({ name }) => name.replace(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase())
    .filter((name) => /^[a-z0-9_]+$/.test(name) && callKind(name) !== undefined);
  return knownFunctions;
}

function nodeOrFault(query: string): QueryNode | QueryFault {
  try {
    return readQuery(query, { isFunction: (name) => callKind(name) === 'FunctionIdentifier' });
  } catch (error) {
    if (error instanceof QueryFault) return error;
    throw error;
  }
}

function firstErrorOffset(tree: Tree): number | undefined {
  let offset: number | undefined;
  tree.iterate({
    enter(node) {
      if (node.type.isError) offset ??= node.from;
      return offset === undefined;
    },
  });
  return offset;
}
