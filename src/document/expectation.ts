import { formatDuration } from '../series/duration.ts';
import type { Item } from './item.ts';
import type { SchemaNode } from './schema.ts';
import { closest } from './suggest.ts';

/** "must be …, not …; fix" for a value that its schema does not take. Secrets and substituted values are not shown. */
export function expectation(node: SchemaNode, item: Item): string {
  if (item.kind === 'scalar' && item.value === null) return 'has no value; write one or remove the key';
  const hint = hintFor(node, item);
  return `must be ${describeNode(node)}${describeItem(node, item)}${hint === undefined ? '' : `; ${hint}`}`;
}

/** What a schema takes, as the end of "must be …". */
export function describeNode(node: SchemaNode): string {
  if (node['x-what'] !== undefined) return node['x-what'];
  if (node['x-duration']) return 'a duration such as 30s, 5m or 1h30m';
  if (node.enum !== undefined) return `one of ${enumerate(availableOf(node), 'or')}`;
  switch (node.type) {
    case 'string':
      return node.minLength === undefined ? 'text' : 'text that is not empty';
    case 'boolean':
      return 'true or false';
    case 'number':
    case 'integer':
      return `a${node.type === 'integer' ? ' whole' : ''} number${describeBounds(node)}`;
    case 'array':
      return `a list${describeLength(node)}`;
    default:
      return 'a map of keys and values';
  }
}

/** What a word of other tools is called here. */
export function meantBy(node: SchemaNode, word: string): string | undefined {
  const meant = node['x-meant'] ?? {};
  return Object.hasOwn(meant, word) ? meant[word] : undefined;
}

export function availableOf(node: SchemaNode): readonly string[] {
  const unavailable = node['x-unavailable-values'] ?? [];
  return (node.enum ?? []).filter((value) => !unavailable.includes(value));
}

export function enumerate(words: readonly string[], conjunction: string): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

function describeBounds(node: SchemaNode): string {
  const bounds: string[] = [];
  if (node.exclusiveMinimum !== undefined) bounds.push(`above ${node.exclusiveMinimum}`);
  if (node.minimum !== undefined) bounds.push(`from ${node.minimum}`);
  if (node.exclusiveMaximum !== undefined) bounds.push(`below ${node.exclusiveMaximum}`);
  if (node.maximum !== undefined) bounds.push(`up to ${node.maximum}`);
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ')}`;
}

function describeLength({ minItems, maxItems }: SchemaNode): string {
  if (minItems !== undefined && minItems === maxItems) return ` of ${minItems} values`;
  if (minItems !== undefined) return ` of at least ${minItems === 1 ? 'one value' : `${minItems} values`}`;
  return '';
}

function describeItem(node: SchemaNode, item: Item): string {
  if (item.kind !== 'scalar') return item.kind === 'list' ? ', not a list' : ', not a map';
  if (item.substituted || node['x-secret']) return '';
  const text = JSON.stringify(item.value === Infinity || item.value === -Infinity ? String(item.value) : item.value);
  return text.length > 60 ? '' : `, not ${text}`;
}

function hintFor(node: SchemaNode, item: Item): string | undefined {
  if (item.kind !== 'scalar' || item.substituted || node['x-secret']) return undefined;
  const { value, source } = item;
  if (node['x-duration']) return durationHint(value);
  if (node.enum !== undefined) {
    if (typeof value !== 'string') return undefined;
    const meant = meantBy(node, value.toLowerCase()) ?? closest(value, availableOf(node));
    return meant === undefined ? undefined : `did you mean "${meant}"?`;
  }
  if (node.type === 'string' && typeof value !== 'string') return `put it in quotes: "${source}"`;
  if (node.type === 'boolean' && typeof value === 'string') return booleanHint(value);
  if ((node.type === 'number' || node.type === 'integer') && typeof value === 'string')
    return value.trim() !== '' && Number.isFinite(Number(value)) ? 'remove the quotes' : undefined;
  if (typeof value === 'number' && node.exclusiveMaximum === 1 && value > 1 && value < 100)
    return `a share, not a percentage: ${Number((value / 100).toPrecision(12))}`;
  if (node.type === 'array' && source !== '' && !source.includes('\n')) return `write [${source}]`;
  return undefined;
}

function durationHint(value: string | number | boolean | null): string | undefined {
  const seconds = typeof value === 'number' ? value : typeof value === 'string' && /^\d+$/.test(value) ? +value : NaN;
  if (seconds > 0) return `a number needs a unit: ${formatDuration(Math.round(seconds * 1_000))} if seconds are meant`;
  if (typeof value !== 'string') return undefined;
  if (/^[\dywdhms]*\.[\dywdhms.]*$/.test(value)) return 'fractions are not allowed: 1h30m, not 1.5h';
  return 'units are y w d h m s ms, in that order and without blanks';
}

function booleanHint(value: string): string | undefined {
  if (/^(yes|on|y|true)$/i.test(value)) return 'write true';
  if (/^(no|off|n|false)$/i.test(value)) return 'write false';
  return undefined;
}
