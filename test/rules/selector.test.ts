import { describe, expect, it } from 'vitest';
import { compileSelector, parseSelector } from '../../src/rules/selector.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';

describe('what is a plain selector', () => {
  it.each([
    ['up', [['__name__', '=', 'up']]],
    ['job:up:sum', [['__name__', '=', 'job:up:sum']]],
    [
      'up{job="a",instance!="b",}',
      [
        ['__name__', '=', 'up'],
        ['job', '=', 'a'],
        ['instance', '!=', 'b'],
      ],
    ],
    [
      '{__name__=~"node_.+", mode!~\'idle|iowait\'}',
      [
        ['__name__', '=~', 'node_.+'],
        ['mode', '!~', 'idle|iowait'],
      ],
    ],
    [
      '{"my.metric", "lab el"="x"}',
      [
        ['__name__', '=', 'my.metric'],
        ['lab el', '=', 'x'],
      ],
    ],
    ['up # the state of targets', [['__name__', '=', 'up']]],
    [
      'up{path=`C:\\d`}',
      [
        ['__name__', '=', 'up'],
        ['path', '=', 'C:\\d'],
      ],
    ],
    [
      String.raw`up{a="\"q\" \\ \x41\101é\n"}`,
      [
        ['__name__', '=', 'up'],
        ['a', '=', '"q" \\ AA\u00e9\n'],
      ],
    ],
    // Only RE2 knows this class; whether it compiles here does not matter to a server.
    [
      String.raw`up{a=~"\\pN+(?U)x"}`,
      [
        ['__name__', '=', 'up'],
        ['a', '=~', '\\pN+(?U)x'],
      ],
    ],
  ])('%s', (query, expected) => {
    expect(parseSelector(query)?.map(({ name, op, value }) => [name, op, value])).toEqual(expected);
  });

  it.each([
    ['a function', 'rate(up[5m])'],
    ['a range', 'up[5m]'],
    ['an offset', 'up offset 5m'],
    ['an instant', 'up @ 1700000000'],
    ['an operator', 'up + 1'],
    ['parentheses', '(up)'],
    ['a number', '1'],
    ['an open brace', 'up{job="a"'],
    ['an unquoted value', 'up{job=a}'],
    ['an unknown escape', String.raw`up{job="\q"}`],
    ['nothing', ''],
    ['a selector of everything', '{}'],
    ['a selector that takes series without the label', '{job=~".*"}'],
    ['VictoriaMetrics alternatives', '{job="a" or job="b"}'],
  ])('not %s', (_, query) => {
    expect(parseSelector(query)).toBeUndefined();
  });
});

describe('what a selector matches', () => {
  const web = labelsFromRecord({ __name__: 'up', job: 'web', path: 'a\nb' });
  it.each([
    ['up', true],
    ['down', false],
    ['up{job="web"}', true],
    ['up{job!="web"}', false],
    ['up{job=~"we"}', false],
    ['up{job=~"we."}', true],
    ['up{job=~"db|web"}', true],
    ['up{job=~"(?i)WEB"}', true],
    ['up{job=~"(?P<first>w).*"}', true],
    ['up{job!~"w.*"}', false],
    ['up{zone=""}', true],
    ['up{zone!=""}', false],
    ['up{zone=~"|a"}', true],
    ['up{path=~"a.b"}', true],
  ])('%s: %s', (query, matches) => {
    expect(compileSelector(parseSelector(query)!)(web)).toBe(matches);
  });

  it('refuses a pattern that is no regular expression', () => {
    expect(() => compileSelector(parseSelector('up{job=~"a("}')!)).toThrow(
      expect.objectContaining({ code: 'query_rejected', message: expect.stringContaining('job=~"a("') }),
    );
  });
});
