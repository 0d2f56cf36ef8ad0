import type { Static, TSchema } from 'typebox';
import { type Duration, parseDuration } from '../series/duration.ts';
import { availableOf, describeNode, enumerate, expectation, meantBy } from './expectation.ts';
import type { Finding } from './finding.ts';
import { type Item, itemOf, type ListItem, type MapItem, type Path, placeAt, type ScalarItem } from './item.ts';
import { nodeOf, type SchemaNode } from './schema.ts';
import { closest } from './suggest.ts';

/** What was read while findings may exist: anything can be missing where a finding says so. */
export type Loose<T> = T extends Duration
  ? Duration
  : T extends readonly (infer E)[]
    ? readonly (Loose<E> | undefined)[]
    : T extends object
      ? { readonly [K in keyof T]?: Loose<T[K]> | undefined }
      : T;

/**
 * Reads an item as its schema says: defaults filled in, durations decoded. Every deviation is a finding; a value that
 * has one is left out. With no finding at all the value is a complete `Static<S>`.
 */
export function readItem<S extends TSchema>(
  schema: S,
  root: Item,
): { readonly value: Loose<Static<S>> | undefined; readonly findings: readonly Finding[] } {
  const rootNode = nodeOf(schema);
  const findings: Finding[] = [];

  function report(path: Path, offset: number, message: string): undefined {
    findings.push({ offset, path, message, severity: 'error' });
    return undefined;
  }

  function read(node: SchemaNode, item: Item, path: Path): unknown {
    if (node['x-unavailable'] !== undefined && !isNeutral(node, item)) {
      return report(
        path,
        placeAt(root, path).keyOffset,
        `not available in this version (${node['x-unavailable']}); remove it`,
      );
    }
    if (node['x-duration']) return readDuration(node, item, path);
    if (node.anyOf !== undefined) return readVariant(node, item, path);
    if (node.type === 'array') return item.kind === 'list' ? readList(node, item, path) : mismatch(node, item, path);
    if (node.type === 'object') return item.kind === 'map' ? readMap(node, item, path) : mismatch(node, item, path);
    if (node.type === undefined) return plainValue(item);
    return item.kind === 'scalar' ? readScalar(node, item, path) : mismatch(node, item, path);
  }

  function mismatch(node: SchemaNode, item: Item, path: Path): undefined {
    return report(path, item.offset, expectation(node, item));
  }

  function readDuration(node: SchemaNode, item: Item, path: Path): Duration | undefined {
    const text = item.kind === 'scalar' ? durationText(node, item) : undefined;
    const ms = text === undefined ? undefined : parseDuration(text);
    if (text === undefined || ms === undefined || !new RegExp(node.pattern!).test(text)) {
      if (ms === 0) return report(path, item.offset, 'must be a duration above 0');
      return mismatch(node, item, path);
    }
    return { text, ms };
  }

  function readScalar(node: SchemaNode, item: ScalarItem, path: Path): unknown {
    const value = item.substituted ? resolveSubstituted(node, String(item.value)) : item.value;
    if (!fits(node, value)) return mismatch(node, item, path);
    if (node['x-unavailable-values']?.includes(String(value))) {
      const available = enumerate(availableOf(node), 'or');
      return report(path, item.offset, `"${value}" is not available in this version; use ${available}`);
    }
    return value;
  }

  function readList(node: SchemaNode, item: ListItem, path: Path): unknown {
    const { minItems = 0, maxItems = Infinity } = node;
    if (item.items.length < minItems || item.items.length > maxItems) {
      return report(path, item.offset, `must be ${describeNode(node)}; it has ${item.items.length}`);
    }
    return item.items.map((element, i) => read(node.items!, element, [...path, i]));
  }

  function readMap(node: SchemaNode, item: MapItem, path: Path): unknown {
    const properties = node.properties ?? {};
    const result: [string, unknown][] = [];
    for (const [key, entry] of item.entries) {
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const value = property ?? (node.additionalProperties === false ? undefined : (node.additionalProperties ?? {}));
      const keyPath = [...path, key];
      if (value === undefined) report(path, entry.keyOffset, describeUnknown(node, key));
      else if (node.propertyNames !== undefined && !fits(node.propertyNames, key))
        report(path, entry.keyOffset, `the key "${key}" must be ${node.propertyNames['x-what']}`);
      else result.push([key, read(value, entry.value, keyPath)]);
    }
    for (const [key, property] of Object.entries(properties)) {
      if (item.entries.has(key)) continue;
      if ('default' in property)
        result.push([key, read(property, itemOf(property.default, item.offset), [...path, key])]);
      else if (node.required?.includes(key)) report(path, item.offset, `"${key}" is missing`);
    }
    if (item.entries.size < (node.minProperties ?? 0)) report(path, item.offset, 'must have at least one entry');
    return Object.fromEntries(result.filter(([, value]) => value !== undefined));
  }

  function readVariant(node: SchemaNode, item: Item, path: Path): unknown {
    const variants = node.anyOf!;
    if (item.kind !== 'map') return mismatch(node, item, path);
    const written = item.entries.get('type')?.value;
    const name = written?.kind === 'scalar' ? written.value : undefined;
    const variant = variants.find(({ properties }) => {
      const type = properties!['type']!;
      return written === undefined ? 'default' in type : type.const === name;
    });
    if (variant !== undefined) return readMap(variant, item, path);
    const types = variants.map(({ properties }) => properties!['type']!);
    const names = types.map((type) => type.const!);
    if (written === undefined) return report(path, item.offset, `"type" is missing: ${enumerate(names, 'or')}`);
    const meant = Object.assign({}, ...types.map((type) => type['x-meant']));
    return mismatch({ enum: names, 'x-meant': meant }, written, [...path, 'type']);
  }

  function describeUnknown(node: SchemaNode, key: string): string {
    const known = Object.keys(node.properties ?? {});
    const meant = meantBy(node, key) ?? closest(key, known);
    if (meant !== undefined) return `unknown key "${key}"; did you mean "${meant}"?`;
    const owner = sectionWith(rootNode, key);
    if (owner !== undefined) return `unknown key "${key}" here; it is a key of ${owner}`;
    return `unknown key "${key}"; the keys here are ${enumerate(known, 'and')}`;
  }

  return { value: read(rootNode, root, []) as Loose<Static<S>> | undefined, findings };
}

/** Whether a scalar is what its schema asks for. */
function fits(node: SchemaNode, value: unknown): boolean {
  if (node.const !== undefined) return value === node.const;
  if (node.enum !== undefined) return typeof value === 'string' && node.enum.includes(value);
  switch (node.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
    case 'integer':
      return typeof value === 'number' && fitsNumber(node, value);
    default:
      return typeof value === 'string' && fitsText(node, value);
  }
}

function fitsText(node: SchemaNode, value: string): boolean {
  if (value.length < (node.minLength ?? 0)) return false;
  return node.pattern === undefined || new RegExp(node.pattern).test(value);
}

function fitsNumber(node: SchemaNode, value: number): boolean {
  if (Number.isNaN(value) || (!Number.isFinite(value) && !node['x-infinite'])) return false;
  if (node.type === 'integer' && !Number.isSafeInteger(value)) return false;
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = node;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return false;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return false;
  return value >= minimum && value <= maximum;
}

function durationText(node: SchemaNode, { value, source }: ScalarItem): string | undefined {
  if (typeof value === 'string') return value;
  return value === 0 && node.type !== 'string' && source !== '' ? '0' : undefined;
}

/** Text from outside is a number or a truth value only where one is asked for; a password of digits stays text. */
function resolveSubstituted(node: SchemaNode, value: string): string | number | boolean {
  if (node.type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  const numeric = node.type === 'number' || node.type === 'integer';
  return numeric && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) ? Number(value) : value;
}

function isNeutral(node: SchemaNode, item: Item): boolean {
  if (item.kind === 'list') return item.items.length === 0;
  if (item.kind === 'map') return item.entries.size === 0;
  return item.value === (node.default ?? false);
}

/** Name of the only other section that has the key. */
function sectionWith(root: SchemaNode, key: string): string | undefined {
  const owners = new Set<string>();
  const open: SchemaNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.properties && Object.hasOwn(node.properties, key) && node.title !== undefined) owners.add(node.title);
    open.push(...Object.values(node.properties ?? {}), ...(node.anyOf ?? []));
    if (node.items) open.push(node.items);
    if (node.additionalProperties) open.push(node.additionalProperties);
  }
  return owners.size === 1 ? [...owners][0] : undefined;
}

/** The item as plain data, for parts that are handed on unread. */
function plainValue(item: Item): unknown {
  if (item.kind === 'list') return item.items.map(plainValue);
  if (item.kind === 'scalar') return item.value;
  return Object.fromEntries([...item.entries].map(([key, { value }]) => [key, plainValue(value)]));
}
