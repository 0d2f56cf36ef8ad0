import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRules } from '../../src/rules/parse.ts';
import { FILE, problemsOf, problemsOfPipeline } from './problems.ts';

describe('faults of the YAML', () => {
  test.each<[string, string, string[]]>([
    ['an empty file', '', ['1:1: the file is empty; it needs "groups", or "pipelines"']],
    ['only a comment', '# nothing\n', ['1:1: the file is empty; it needs "groups", or "pipelines"']],
    ['an empty map', '{}', ['1:1: the file is empty; it needs "groups", or "pipelines"']],
    ['no map', '- a\n', ['1:1: must be a map of keys and values, not a list']],
    [
      'a rule file of Prometheus',
      'groups:\n- name: g\n  rules: []\n',
      ['3:3: group "g": unknown key "rules"; did you mean "pipelines"?'],
    ],
    ['a tab', 'groups:\n\t- name: g\n', ['2:1: yaml: a tab in the indentation; use blanks']],
    [
      'an open quote',
      'groups: "x\n',
      ['2:1: yaml: something is not closed or not complete before this place: a quote, a bracket or a ":"'],
    ],
    ['a key twice', 'groups: []\ngroups: []\n', ['2:1: yaml: the key is there twice; remove one']],
    [
      'a second document',
      'groups: []\n---\ngroups: []\n',
      ['2:1: yaml: a second YAML document starts here; keep one document in a file'],
    ],
    ['an unknown tag', 'groups: !mine []\n', ['1:9: yaml: unknown tag; remove it']],
    ['an alias without an anchor', 'groups: *g\n', ['1:9: yaml: alias *g has no anchor &g before it']],
    ['an alias inside of its anchor', 'groups: &g [*g]\n', ['1:13: yaml: alias *g has no anchor &g before it']],
    ['a merge of no map', 'groups: []\n<<: 1\n', ['2:1: yaml: the merge key << takes a map, or a list of maps']],
    ['a list as a key', '? [a]\n: b\n', ['1:3: yaml: a key must be text, not a list or a map']],
    ['a hundred levels', `groups: ${'['.repeat(5_000)}`, ['1:108: yaml: nested deeper than 100 levels']],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected.map((line) => `${FILE}: ${line}`));
  });

  test('a duplicate key does not hide what else is wrong', () => {
    expect(problemsOfPipeline('step: 1m\nstep: 5\nmodel: *m')).toEqual(
      [
        '7:9: yaml: the key is there twice; remove one',
        expect.stringContaining('7:15: step: must be a duration'),
        '8:16: yaml: alias *m has no anchor &m before it',
      ].map((line) => line),
    );
  });

  test('aliases that multiply each other are stopped', () => {
    const row = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(', ')}]\n`;
    const names = 'abcdefghij'.split('');
    const text = names.map((name, i) => row(name, i === 0 ? 'x' : `*${names[i - 1]}`)).join('');
    expect(problemsOf(text)[0]).toMatch(/aliases multiply to more than 1000000 values/);
  });
});

describe('the place of a mistake in a query', () => {
  test.each([
    ['plain', 'query: sum(up', '5:19'],
    ['plain over two lines', 'query: up +\n  sum(up', '6:14'],
    ['single quotes', "query: 'up{a=''x'' b}'", '5:28'],
    ['double quotes', 'query: "up{a=\\"x\\", b}"', '5:30'],
    ['double quotes with escaped line break', 'query: "up + \\\n  sum(up"', '6:14'],
    ['a literal block', 'query: |\n  up\n  + sum(up', '7:16'],
    ['a literal block with its own indentation', 'query: |2-\n    up\n    + sum(up', '7:18'],
    ['a folded block', 'query: >-\n  up +\n\n  sum(up', '8:14'],
    ['an anchor', 'query: &q sum(up', '5:22'],
  ])('%s', (_, keys, place) => {
    expect(problemsOfPipeline(keys)[0]).toMatch(new RegExp(`^${place}: query: `));
  });

  test('is that of the anchor, when the query is an alias', () => {
    const text = 'groups:\n- name: &q sum(up\n  pipelines:\n  - {name: p, query: *q}\n';
    expect(problemsOf(text)).toEqual([
      `${FILE}: 2:15: group "sum(up", pipeline 1, "p": query: this "(" is never closed`,
    ]);
  });
});

test('whatever is typed, the answer is a list of problems inside of the text', () => {
  const pieces = fc.constantFrom(
    'groups:',
    'pipelines:',
    '\n',
    '  ',
    '- ',
    'name: ',
    'query: ',
    'a',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '|',
    '>',
    '#',
    '---',
    ': ',
    '!!x ',
    '\t',
    '<<: ',
    '? ',
    '%',
    '\uFEFF',
    '__proto__: ',
    '0',
    'constructor: ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 2 })), { maxLength: 25 }), (parts) => {
      const text = parts.join('');
      const { groups, problems } = parseRules(text, FILE);
      const lines = text.split('\n');
      for (const { line, column } of problems) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1);
      }
      if (problems.some(({ severity }) => severity === 'error')) expect(groups).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});
