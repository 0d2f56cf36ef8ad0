import { describe, expect, it, test } from 'vitest';
import type { CheckOptions } from '../../src/rules/check.ts';
import { parseRules } from '../../src/rules/parse.ts';

const KNOWN: CheckOptions = { datasources: ['default'], hasProxy: true };

function parse(keys: string, options: CheckOptions = KNOWN) {
  const { groups, problems } = parseRules(
    `pipelines:\n- name: p\n  ${keys.replaceAll('\n', '\n  ')}\n`,
    'r.yaml',
    options,
  );
  const lines = problems.map(({ line, column, severity, message }) => {
    const text = message.replace('pipeline 1, "p": ', '');
    return `${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${text}`;
  });
  return { pipeline: groups[0]?.pipelines[0], lines };
}

describe('what a pipeline looks at', () => {
  it('is a selector of series that pass, matchers apart', () => {
    const { pipeline, lines } = parse(`selector: ' http_requests_total{job="api",code=~"5.."} '`);
    expect(lines).toEqual([]);
    expect(pipeline?.stream).toEqual({
      matchers: [
        { name: '__name__', op: '=', value: 'http_requests_total' },
        { name: 'job', op: '=', value: 'api' },
        { name: 'code', op: '=~', value: '5..' },
      ],
      rateMs: undefined,
    });
    expect(pipeline?.query).toBe('http_requests_total{job="api",code=~"5.."}');
  });

  it('is the rate of counters that pass; the data source is asked for the same', () => {
    const { pipeline, lines } = parse('selector: http_requests_total\nrate: 5m');
    expect(lines).toEqual([]);
    expect(pipeline?.stream?.rateMs).toBe(300_000);
    expect(pipeline?.query).toBe('rate(http_requests_total[5m])');
  });

  it('is what a query reads, without a selector', () => {
    expect(parse('query: up').pipeline?.stream).toBeUndefined();
  });
});

describe('mistakes', () => {
  test.each([
    ['enabled: true', ['2:3: "query" is missing, or "selector" for what passes through the proxy']],
    ['query: up\nselector: up', ['4:13: selector: takes the place of "query"; remove one of them']],
    ['query: up\nrate: 5m', ['4:9: rate: goes with "selector"; in a query, write rate(…[5m])']],
    [
      'selector: rate(up[5m])',
      [
        '3:13: selector: must be a plain selector such as up{job="api"}: no functions, no operators, and not every series',
      ],
    ],
    [
      `selector: '{job=~".*"}'`,
      [
        '3:13: selector: must be a plain selector such as up{job="api"}: no functions, no operators, and not every series',
      ],
    ],
    [
      `selector: 'up{job=~"a(?=b)"}'`,
      ['3:13: selector: the pattern of job cannot be used: look-around is not supported'],
    ],
    [
      'selector: up\nrate: 30s',
      ['4:9: warning: rate: a window of 30s leaves out samples between steps of 1m; make it 1m at least'],
    ],
  ])('%s', (keys, expected) => {
    expect(parse(keys).lines).toEqual(expected);
  });

  it('say that nothing passes without a proxy, where the settings are known', () => {
    const missing = '3:13: selector: the settings have no "proxy", so that nothing passes; add one, or use "query"';
    expect(parse('selector: up', { ...KNOWN, hasProxy: false }).lines).toEqual([missing]);
    expect(parse('selector: up', {}).lines).toEqual([]);
  });

  it('are not that there is no data source: only queries need one', () => {
    const without = { datasources: [], hasProxy: true };
    expect(parse('selector: up', without).lines).toEqual([]);
    expect(parse('query: up', without).lines).toEqual([
      '2:3: the settings have no data source to read from; only "selector" does without',
    ]);
    expect(parse('selector: up\ndatasource: a', without).lines).toEqual([
      '4:15: datasource: there is no data source "a"; the settings have none',
    ]);
  });
});
