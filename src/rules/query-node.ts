/** A query as it nests. The order of operations is of no interest here: an operation has all its operands in a row. */
export type QueryNode =
  | { readonly kind: 'number' | 'text'; readonly offset: number }
  | { readonly kind: 'selector'; readonly offset: number; readonly empty: boolean }
  | { readonly kind: 'call'; readonly offset: number; readonly name: string; readonly args: readonly QueryNode[] }
  | { readonly kind: 'parentheses'; readonly offset: number; readonly inner: readonly QueryNode[] }
  | { readonly kind: 'operation'; readonly offset: number; readonly operands: readonly QueryNode[] }
  | { readonly kind: 'window'; readonly offset: number; readonly of: QueryNode; readonly subquery: boolean }
  | { readonly kind: 'shifted'; readonly offset: number; readonly of: QueryNode }
  | {
      readonly kind: 'templates';
      readonly offset: number;
      readonly names: ReadonlySet<string>;
      readonly body: QueryNode;
    };

export function childrenOf(node: QueryNode): readonly QueryNode[] {
  switch (node.kind) {
    case 'call':
      return node.args;
    case 'parentheses':
      return node.inner;
    case 'operation':
      return node.operands;
    case 'window':
    case 'shifted':
      return [node.of];
    case 'templates':
      return [node.body];
    default:
      return [];
  }
}
