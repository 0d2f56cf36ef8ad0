import type { SchemaNode } from './schema.ts';

/** Reference of a schema in Markdown: a table a section, in the order of the schema, nested sections after their owner. */
export function reference(root: SchemaNode, level: number): string {
  const parts: string[] = [];
  const done = new Set<string>();

  function sectionOf(node: SchemaNode): void {
    const { title = '', properties } = node;
    if (properties === undefined || done.has(title)) return;
    done.add(title);
    parts.push(
      `${'#'.repeat(level)} ${title}\n\n${node.description}\n\n| key | type | default | meaning |\n|---|---|---|---|`,
    );
    for (const [key, child] of Object.entries(properties))
      parts.push(rowOf(key, child, node.required?.includes(key) === true));
    parts.push('');
    for (const child of Object.values(properties)) for (const nested of sectionsIn(child)) sectionOf(nested);
  }

  sectionOf(root);
  return `${parts.join('\n').trim()}\n`;
}

function sectionsIn(node: SchemaNode): SchemaNode[] {
  if (node.properties !== undefined) return [node];
  const children = [...(node.anyOf ?? []), node.items, node.additionalProperties || undefined];
  return children.flatMap((child) => (child === undefined ? [] : sectionsIn(child)));
}

function rowOf(key: string, node: SchemaNode, isRequired: boolean): string {
  const unavailable = node['x-unavailable'] === undefined ? '' : ' *Not available in this version.*';
  const words = node['x-unavailable-values'];
  const later = words === undefined ? '' : ` Not available in this version: ${words.map(code).join(', ')}.`;
  const fallback = isRequired ? '**required**' : 'default' in node ? code(JSON.stringify(node.default)) : '';
  return `| ${code(key)} | ${typeOf(node)} | ${fallback} | ${escapePipes(`${node.description ?? ''}${later}${unavailable}`)} |`;
}

function typeOf(node: SchemaNode): string {
  if (node['x-duration']) return 'duration';
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined)
    return node.enum
      .filter((word) => !node['x-unavailable-values']?.includes(word))
      .map(code)
      .join(' ');
  if (node.items !== undefined) return `list of ${typeOf(node.items)}`;
  if (node.anyOf !== undefined) return node.anyOf.map((variant) => linkTo(variant.title)).join(', ');
  if (node.properties !== undefined) return linkTo(node.title);
  if (node.type === 'object') return node.additionalProperties ? `map of ${typeOf(node.additionalProperties)}` : 'map';
  return (
    { string: 'text', boolean: 'true or false', integer: 'whole number', number: 'number' }[String(node.type)] ?? 'any'
  );
}

function linkTo(title = ''): string {
  return `[${title}](#${title
    .toLowerCase()
    .replace(/[^a-z0-9_ -]/g, '')
    .replace(/ /g, '-')})`;
}

function code(text: string): string {
  return `\`${escapePipes(text)}\``;
}

function escapePipes(text: string): string {
  return text.replace(/\|/g, '\\|');
}
