import { childrenOf, type QueryNode } from './query-node.ts';

export interface TypeRemark {
  readonly offset: number;
  readonly message: string;
}

/** Functions that look at a window of samples; the family `…_over_time` is known by its ending. */
const WINDOW_FUNCTIONS = new Set([
  'rate',
  'irate',
  'increase',
  'delta',
  'idelta',
  'deriv',
  'predict_linear',
  'double_exponential_smoothing',
  'changes',
  'resets',
]);

/**
 * Places of a well-formed query where windows and instants are mixed up, or where a range query is not answered at all.
 * Prometheus refuses these; VictoriaMetrics fills in a window or a function by itself.
 */
export function typeRemarks(query: QueryNode): TypeRemark[] {
  const remarks: TypeRemark[] = [];

  function remark({ offset }: QueryNode, message: string): void {
    remarks.push({ offset, message });
  }

  /** Whether the node is a window of samples (`m[5m]`) rather than one value per series. */
  function visit(node: QueryNode): boolean {
    if (node.kind === 'call') return visitCall(node);
    const windows = childrenOf(node).map(visit);
    switch (node.kind) {
      case 'operation':
        node.operands.forEach((operand, i) => {
          if (windows[i]) remark(operand, NEEDS_INSTANT);
        });
        return false;
      case 'window':
        if (!node.subquery && node.of.kind !== 'selector')
          remark(node.of, 'a window follows something other than a selector; a subquery has a step: [1h:1m]');
        return true;
      case 'shifted':
        if (!SHIFTABLE.has(node.of.kind)) remark(node.of, 'offset and @ follow selectors and subqueries only');
        return windows[0] ?? false;
      default:
        return windows.length === 1 && windows[0] === true;
    }
  }

  function visitCall(node: QueryNode & { readonly kind: 'call' }): boolean {
    const { name, args } = node;
    const windows = args.map(visit);
    if (!WINDOW_FUNCTIONS.has(name) && !name.endsWith('_over_time'))
      args.forEach((arg, i) => {
        if (windows[i]) remark(arg, NEEDS_INSTANT);
      });
    else if (args.length > 0 && !windows.includes(true)) remark(node, `${name}() needs a window, as in ${name}(m[5m])`);
    return false;
  }

  if (visit(query)) remark(query, 'the query answers windows of samples; wrap it, as in rate(…[5m])');
  if (query.kind === 'text') remark(query, 'the query answers a text, not series');
  if (query.kind === 'selector' && query.empty) remark(query, 'the selector names nothing: it would read every series');
  return remarks;
}

const NEEDS_INSTANT = 'a window of samples where one value per series is needed';
const SHIFTABLE = new Set<QueryNode['kind']>(['selector', 'window', 'shifted']);
