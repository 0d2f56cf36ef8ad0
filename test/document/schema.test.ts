import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { itemOf } from '../../src/document/item.ts';
import { readItem } from '../../src/document/read.ts';
import { nodeOf, type SchemaNode } from '../../src/document/schema.ts';
import { rulesSchema } from '../../src/rules/schema.ts';
import { settingsSchema } from '../../src/settings/schema.ts';

const SCHEMAS = { rules: rulesSchema, settings: settingsSchema };

const KNOWN_KEYWORDS = new Set(
  'title description default type enum const pattern minLength minimum maximum exclusiveMinimum exclusiveMaximum items minItems maxItems properties required additionalProperties propertyNames minProperties anyOf'.split(
    ' ',
  ),
);

function nodesOf(node: SchemaNode): SchemaNode[] {
  const children = [
    ...Object.values(node.properties ?? {}),
    ...(node.anyOf ?? []),
    ...(node.items ? [node.items] : []),
    ...(node.additionalProperties ? [node.additionalProperties] : []),
  ];
  return [node, ...children.flatMap(nodesOf)];
}

describe.each(Object.entries(SCHEMAS))('the schema of %s', (_, schema) => {
  const nodes = nodesOf(nodeOf(schema));

  test('uses only words that the reader understands', () => {
    const words = nodes.flatMap((node) => Object.keys(node)).filter((word) => !word.startsWith('x-'));
    expect(words.filter((word) => !KNOWN_KEYWORDS.has(word))).toEqual([]);
    expect(nodes.length).toBeGreaterThan(50);
  });

  test('describes everything, and its defaults are valid', () => {
    expect(nodes.filter(({ description }) => (description ?? '').trim() === '')).toEqual([]);
    for (const node of nodes) {
      if (!('default' in node)) continue;
      expect(readItem(node as typeof schema, itemOf(node.default, 0)).findings).toEqual([]);
    }
  });
});

/** Values near what a schema takes: mostly right, sometimes not. */
function valuesOf(node: SchemaNode): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, true, 0, 1, -1, 1.5, '', 'x', '5m', '0s', '1.5h', [], {}, ['a'], { a: 1 });
  return fc.oneof({ weight: 150, arbitrary: rightValuesOf(node) }, { weight: 1, arbitrary: odd });
}

function rightValuesOf(node: SchemaNode): fc.Arbitrary<unknown> {
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map(valuesOf));
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  const { pattern, minimum = 0, maximum = 1e6, exclusiveMinimum = -1, exclusiveMaximum = 1e6 } = node;
  if (pattern !== undefined) {
    const texts = ['5m', '1d12h', '500ms', '0s', '0', 'http://h', '/path', 'name', ':9877', '3 of 5'];
    return fc.constantFrom(
      ...texts.filter((text) => new RegExp(pattern).test(text)),
      ...(node.type === 'string' ? [] : [0]),
    );
  }
  switch (node.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.constantFrom(
        ...[0, 0.5, 1, 2, 5000, 100_000]
          .filter((n) => n >= minimum && n <= maximum && n > exclusiveMinimum && n < exclusiveMaximum)
          .filter((n) => node.type === 'number' || Number.isInteger(n)),
      );
    case 'array':
      return fc.array(valuesOf(node.items!), {
        minLength: node.minItems ?? 0,
        maxLength: Math.max(2, node.minItems ?? 0),
      });
    case 'object':
      return objectsOf(node);
    default:
      return fc.constantFrom('up', 'a');
  }
}

function objectsOf(node: SchemaNode): fc.Arbitrary<unknown> {
  const { properties, required = [] } = node;
  if (properties === undefined) {
    const values = node.additionalProperties ? valuesOf(node.additionalProperties) : fc.constantFrom<unknown>(1, 'a');
    return fc.dictionary(fc.constantFrom('a', 'b'), values, { minKeys: node.minProperties ?? 0 });
  }
  const model = Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, valuesOf(child)]));
  const known = fc.record(model, { requiredKeys: required as string[] });
  const odd = fc.constantFrom<Record<string, unknown>>({}, { unknown: 1 });
  const extra = fc.oneof({ weight: 99, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: odd });
  return fc.tuple(known, extra).map(([a, b]) => ({ ...a, ...b }));
}

/** Our own checks say more than the schema: what is not there yet is no matter of form. */
function withoutUnavailable(node: SchemaNode): SchemaNode {
  const { 'x-unavailable': _feature, 'x-unavailable-values': _values, ...rest } = node;
  return {
    ...rest,
    ...(node.properties && {
      properties: Object.fromEntries(
        Object.entries(node.properties).map(([key, child]) => [key, withoutUnavailable(child)]),
      ),
    }),
    ...(node.items && { items: withoutUnavailable(node.items) }),
    ...(node.anyOf && { anyOf: node.anyOf.map(withoutUnavailable) }),
    ...(node.additionalProperties && { additionalProperties: withoutUnavailable(node.additionalProperties) }),
  };
}

describe.each(Object.entries(SCHEMAS))('%s: editors and we judge alike', (_, schema) => {
  const node = withoutUnavailable(nodeOf(schema));
  const validate = new Ajv({ strict: false }).compile(node);

  test('whatever the document', () => {
    const seen = { valid: 0, wrong: 0 };
    fc.assert(
      fc.property(rightValuesOf(node), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        const { findings } = readItem(node as typeof schema, itemOf(plain, 0));
        const isValid = validate(plain);
        seen[isValid ? 'valid' : 'wrong']++;
        expect({ isValid, says: findings.length === 0 }).toEqual({ isValid, says: isValid });
      }),
      { numRuns: 1_500 },
    );
    expect(Math.min(seen.valid, seen.wrong)).toBeGreaterThan(50);
  });
});
