import { availableOf, describeNode } from './expectation.ts';
import type { SchemaNode } from './schema.ts';

/** Reference of a schema in Markdown: a table a section, in the order of the schema, nested sections after their owner. */
export function reference(root: SchemaNode, level: number): string {
  const parts: string[] = [];
  const done = new Set<string>();

  function sectionOf(node: SchemaNode): void {
    const { title = '', properties } = node;
    if (properties === undefined || title === '' || done.has(title)) return;
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

/** Sections that a value leads to. What is not there yet is not gone into. */
function sectionsIn(node: SchemaNode): SchemaNode[] {
  if (node['x-unavailable'] !== undefined) return [];
  if (node.properties !== undefined) return [node];
  const children = [...(node.anyOf ?? []), node.items, node.additionalProperties || undefined];
  return children.flatMap((child) => (child === undefined ? [] : sectionsIn(child)));
}

function rowOf(key: string, node: SchemaNode, isRequired: boolean): string {
  const feature = node['x-unavailable'] === undefined ? '' : ' *Not available in this version.*';
  const words = node['x-unavailable-values'] ?? [];
  const later = words.length === 0 ? '' : ` Not available in this version: ${words.map(code).join(', ')}.`;
  const meaning = escapePipes(`${node.description ?? ''}${later}${feature}`);
  return `| ${code(key)} | ${typeOf(node)} | ${isRequired ? '**required**' : defaultOf(node)} | ${meaning} |`;
}

/** A section that is filled in as a whole shows its defaults at its own place. */
function defaultOf(node: SchemaNode): string {
  if (!('default' in node) || node.properties !== undefined || node.default === '') return '';
  return code(typeof node.default === 'string' ? node.default : JSON.stringify(node.default));
}

function typeOf(node: SchemaNode): string {
  if (node['x-unavailable'] !== undefined && (node.items ?? node.properties)) return node.items ? 'list' : 'map';
  if (node['x-duration']) return node.type === 'string' ? 'duration above 0' : 'duration';
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return availableOf(node).map(code).join(' ');
  if (node.items !== undefined) return `list of ${lengthOf(node)}${typeOf(node.items)}`;
  if (node.anyOf !== undefined) return node.anyOf.map((variant) => linkTo(variant.title)).join(', ');
  if (node.properties !== undefined) return linkTo(node.title);
  if (node.type === 'object') return node.additionalProperties ? `map of ${typeOf(node.additionalProperties)}` : 'map';
  if (node.type === 'number' || node.type === 'integer') return describeNode(node).replace('a ', '');
  return node.type === 'boolean' ? '`true` `false`' : 'text';
}

function lengthOf({ minItems, maxItems }: SchemaNode): string {
  return minItems !== undefined && minItems === maxItems ? `${minItems} × ` : '';
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
