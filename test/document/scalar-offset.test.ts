import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ScalarItem } from '../../src/document/item.ts';
import { offsetInScalar } from '../../src/document/scalar-offset.ts';
import { parseYaml } from '../../src/document/yaml.ts';

function scalarOf(yaml: string): ScalarItem {
  const { root, findings } = parseYaml(yaml, 'a.yaml');
  expect(findings).toEqual([]);
  const item = root?.kind === 'map' ? root.entries.get('a')?.value : root;
  expect(item?.kind).toBe('scalar');
  return item as ScalarItem;
}

describe('the place of a character of a scalar', () => {
  const STYLES = [
    { defaultStringType: 'PLAIN' },
    { defaultStringType: 'QUOTE_SINGLE' },
    { defaultStringType: 'QUOTE_DOUBLE' },
    { defaultStringType: 'BLOCK_LITERAL' },
    { defaultStringType: 'BLOCK_FOLDED' },
    { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 20 },
    { defaultStringType: 'BLOCK_FOLDED', lineWidth: 20 },
    { defaultStringType: 'PLAIN', lineWidth: 20 },
  ] as const;

  test.each(STYLES)('is found however the text was written: %j', (style) => {
    const words = fc.constantFrom(
      'sum',
      '(',
      'a="b"',
      '\n',
      ' ',
      '  ',
      "'",
      '\\',
      '{',
      '#',
      ': ',
      'é',
      '😀',
      '\t',
      '-',
    );
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 15 }), (parts) => {
        const text = parts.join('');
        const yaml = stringify({ a: text }, style);
        const item = scalarOf(yaml);
        // The library does not write every white space so that it comes back; the value that came is what counts.
        const value = String(item.value);
        for (let i = 0; i < value.length; i++) {
          const char = value[i]!;
          if (/[\s\\"]/.test(char)) continue;
          const found = yaml[offsetInScalar(item, i)]!;
          // An escape stands for a character without showing it.
          if (found !== '\\') expect(found).toBe(char);
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['a: "x\\ty\\u0041z"', 'x\tyAz', 4, 'z'],
    ['a: "\\U0001F600b"', '😀b', 2, 'b'],
    ["a: 'it''s b'", "it's b", 5, 'b'],
    ['a: |  # comment\n  first\n   second', 'first\n second\n', 7, 'second'],
    ['a: >\n  one\n  two\n\n  three', 'one two\nthree\n', 8, 'three'],
    ['a: !!str &x 5b', '5b', 1, 'b'],
  ])('%s', (yaml, value, index, rest) => {
    const item = scalarOf(yaml);
    expect(String(item.value)).toBe(value);
    expect(yaml.slice(offsetInScalar(item, index))).toMatch(new RegExp(`^${rest}`));
  });

  test('of its end, and of a blank, is behind the character before', () => {
    const yaml = 'a: up +  # comment';
    const item = scalarOf(yaml);
    expect(offsetInScalar(item, 4)).toBe(yaml.indexOf('+') + 1);
    expect(offsetInScalar(item, 2)).toBe(yaml.indexOf('up') + 2);
  });
});
