import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compileRelabel, type RelabelRule } from '../../src/series/relabel.ts';
import { relabelRegex, relabelRegexFault } from '../../src/series/relabel-regex.ts';

type Record_ = Record<string, string>;

const DEFAULTS: RelabelRule = {
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0,
  targetLabel: '',
  replacement: '$1',
  action: 'replace',
};

const md5 = (text: string) => createHash('md5').update(text).digest();

function relabel(labels: Record_, rules: readonly Partial<RelabelRule>[]): Record_ | undefined {
  const map = new Map(Object.entries(labels));
  const kept = compileRelabel(
    rules.map((rule) => ({ ...DEFAULTS, ...rule })),
    md5,
  )(map);
  return kept ? Object.fromEntries(map) : undefined;
}

describe('relabelling', () => {
  it.each<[string, Record_, Partial<RelabelRule>[], Record_ | undefined]>([
    ['replace copies by default', { a: 'x' }, [{ sourceLabels: ['a'], targetLabel: 'b' }], { a: 'x', b: 'x' }],
    [
      'replace joins its sources',
      { a: 'x', b: 'y' },
      [{ sourceLabels: ['a', 'b'], separator: '/', targetLabel: 'c' }],
      { a: 'x', b: 'y', c: 'x/y' },
    ],
    [
      'replace reads groups with and without braces',
      { a: 'host-7.eu' },
      [{ sourceLabels: ['a'], regex: '(\\w+)-(\\d+)\\.(?P<zone>.*)', targetLabel: 'b', replacement: `$\{2}_$zone$$` }],
      { a: 'host-7.eu', b: '7_eu$' },
    ],
    [
      'a bare reference is as long as it can be',
      { a: 'x' },
      [{ sourceLabels: ['a'], targetLabel: 'b', replacement: '$1x' }],
      { a: 'x' },
    ],
    [
      'replace needs a match of the whole text',
      { a: 'xy' },
      [{ sourceLabels: ['a'], regex: 'x', targetLabel: 'b' }],
      { a: 'xy' },
    ],
    [
      'an alternative is anchored as a whole',
      { a: 'xz' },
      [{ sourceLabels: ['a'], regex: 'x|y', action: 'keep' }],
      undefined,
    ],
    [
      'an empty result removes the target',
      { a: 'x', b: 'y' },
      [{ sourceLabels: ['a'], targetLabel: 'b', replacement: '' }],
      { a: 'x' },
    ],
    ['no sources: a constant', { a: 'x' }, [{ targetLabel: 'b', replacement: 'c' }], { a: 'x', b: 'c' }],
    [
      'the target may hold a reference',
      { a: 'x' },
      [{ sourceLabels: ['a'], targetLabel: 'b_$1', replacement: 'y' }],
      { a: 'x', b_x: 'y' },
    ],
    ['keep drops the others', { a: 'x' }, [{ sourceLabels: ['a'], regex: 'y', action: 'keep' }], undefined],
    ['keep keeps', { a: 'x' }, [{ sourceLabels: ['a'], regex: 'x', action: 'keep' }], { a: 'x' }],
    ['drop drops', { a: 'x' }, [{ sourceLabels: ['a'], regex: 'x', action: 'drop' }], undefined],
    ['an absent label reads as empty', { a: 'x' }, [{ sourceLabels: ['b'], regex: '', action: 'drop' }], undefined],
    [
      'a dot matches a line break',
      { a: 'x\ny' },
      [{ sourceLabels: ['a'], regex: 'x.y', action: 'keep' }],
      { a: 'x\ny' },
    ],
    [
      'hashmod takes the last eight bytes of MD5',
      { c: 'baz' },
      [{ sourceLabels: ['c'], targetLabel: 'd', modulus: 1000, action: 'hashmod' }],
      { c: 'baz', d: '976' },
    ],
    [
      'labelmap copies under a new name',
      { __meta_x: '1', a: '2' },
      [{ regex: '__meta_(.+)', action: 'labelmap' }],
      { __meta_x: '1', a: '2', x: '1' },
    ],
    ['labeldrop', { a: '1', ab: '2' }, [{ regex: 'a.+', action: 'labeldrop' }], { a: '1' }],
    ['labelkeep', { a: '1', ab: '2' }, [{ regex: 'a.+', action: 'labelkeep' }], { ab: '2' }],
    ['lowercase', { a: 'ÄB' }, [{ sourceLabels: ['a'], targetLabel: 'b', action: 'lowercase' }], { a: 'ÄB', b: 'äb' }],
    ['uppercase', { a: 'äb' }, [{ sourceLabels: ['a'], targetLabel: 'a', action: 'uppercase' }], { a: 'ÄB' }],
    [
      'keepequal keeps equals',
      { a: 'x', b: 'x' },
      [{ sourceLabels: ['a'], targetLabel: 'b', action: 'keepequal' }],
      { a: 'x', b: 'x' },
    ],
    ['keepequal drops others', { a: 'x' }, [{ sourceLabels: ['a'], targetLabel: 'b', action: 'keepequal' }], undefined],
    [
      'dropequal drops equals',
      { a: 'x', b: 'x' },
      [{ sourceLabels: ['a'], targetLabel: 'b', action: 'dropequal' }],
      undefined,
    ],
    [
      'steps see what those before them did',
      { a: 'x' },
      [
        { sourceLabels: ['a'], targetLabel: 'b' },
        { sourceLabels: ['b'], regex: 'x', action: 'drop' },
      ],
      undefined,
    ],
  ])('%s', (_name, labels, rules, expected) => {
    expect(relabel(labels, rules)).toEqual(expected);
  });
});

describe('regular expressions of relabelling', () => {
  it.each<[string, string, boolean]>([
    ['(?i)abc', 'ABC', true],
    ['[[:digit:]]+', '42', true],
    ['[[:alpha:]_]+', 'a_b', true],
    ['[]x]+', ']x', true],
    ['[^]x]+', 'ab', true],
    ['[[]', '[', true],
    ['\\Aab\\z', 'ab', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['a\\-b\\.c\\/d', 'a-b.c/d', true],
    ['a\\:b', 'a:b', true],
    ['\\x41', 'A', true],
    ['a{2}', 'aa', true],
    ['(?:a|b)+', 'abba', true],
    ['a\\sb', 'a\u00a0b', false],
    ['[\\s]+', ' \t', true],
    ['\\S+', 'a\u00a0b', true],
  ])('%s on %s: %s', (source, text, matches) => {
    expect(relabelRegex(source).test(text)).toBe(matches);
  });

  it.each([
    ['a(?=b)', 'look-around is not supported'],
    ['(a)\\1', 'escape \\1 is not supported'],
    ['a(?i)b', 'flags are only supported at the very start'],
    ['(?U)a', 'flags "(?U)" are not supported, only i and s'],
    ['\\pL', 'escape \\p is not supported'],
    ['a\\', 'trailing backslash'],
  ])('%s is refused: %s', (source, fault) => {
    expect(relabelRegexFault(source)).toBe(fault);
  });

  it.each(['(', 'a)', '[a', '*', 'a**'])('%s is refused', (source) => {
    expect(relabelRegexFault(source)).toMatch(/Invalid regular expression/);
  });

  it('a bad one is an error of the configuration', () => {
    expect(() => relabel({}, [{ regex: '(' }])).toThrow(/config_invalid|write_relabel_configs: regex "\("/);
  });
});
