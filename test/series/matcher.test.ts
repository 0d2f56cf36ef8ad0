import { describe, expect, test } from 'vitest';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { compileMatchers, formatMatchers, parseMatchers } from '../../src/series/matcher.ts';

const web = labelsFromRecord({ instance: 'web-1', job: 'shop', path: '/a"b' });

describe('matchers', () => {
  test.each([
    ['{instance="web-1"}', true],
    ['instance="web-1",job="shop"', true],
    ['{ instance = "web-1" , job = "shop" , }', true],
    ['instance!="web-1"', false],
    ['instance=~"web.*"', true],
    ['instance=~"web"', false],
    ['instance!~"db.*"', true],
    ['absent=""', true],
    ['absent!=""', false],
    ['absent=~".+"', false],
    ['path="/a\\"b"', true],
    ["path='/a\"b'", true],
    ['{}', true],
    ['', true],
  ])('%s', (text, holds) => {
    const matchers = parseMatchers(text);
    expect(compileMatchers(matchers)(web)).toBe(holds);
    expect(parseMatchers(formatMatchers(matchers))).toEqual(matchers);
  });

  test.each([
    ['instance', 'is no matcher'],
    ['up{instance="a"}', 'is no matcher'],
    ['a="1" b="2"', 'a comma is missing'],
    ['a="1', 'is no matcher'],
    ['a=~"("', 'no regular expression'],
    ['a=~"(?=x)"', 'look-around'],
    [`a=~"${'x'.repeat(1001)}"`, 'longer than 1000'],
  ])('%s is refused', (text, said) => {
    expect(() => parseMatchers(text)).toThrow(said);
  });
});
