import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkQuery } from '../../src/rules/promql.ts';
import { QUERY_CASES } from './query-cases.ts';

const SEVERITY = { dialect: 'warning', wrong: 'error' } as const;

describe('checkQuery', () => {
  test.each(QUERY_CASES.map((row) => [row.query, row] as const))('%s', (query, { verdict, offset, says }) => {
    const problems = checkQuery(query);
    if (verdict === 'fine') expect(problems).toEqual([]);
    else {
      expect(problems[0]).toMatchObject({ severity: SEVERITY[verdict], offset });
      expect(problems[0]!.message).toContain(says);
      expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set([SEVERITY[verdict]]));
    }
  });

  test.each(['', '  \n'])('the empty query %j is an error', (query) => {
    expect(checkQuery(query)).toEqual([{ severity: 'error', offset: 0, message: 'the query is empty' }]);
  });

  test('PromQL that only newer Prometheus versions have is not complained about', () => {
    expect(checkQuery('rate(x[5m] smoothed)')).toEqual([]);
    expect(checkQuery('sum_over_time(x[5m+1m] offset (1m+1m))')).toEqual([]);
  });

  test('a function nobody knows is a warning with the nearest name, since servers learn new ones', () => {
    expect(checkQuery('sum(rat(x[5m]))')).toEqual([
      { severity: 'warning', offset: 4, message: '"rat" is not a function of Prometheus; did you mean "rate"?' },
    ]);
  });

  test('a row of twenty thousand brackets is an error like another', () => {
    for (const bracket of ['(', 'sum(', 'x[', '-', 'WITH (a = '])
      expect(checkQuery(bracket.repeat(20_000))[0]).toMatchObject({ severity: 'error' });
  });

  test('whatever is typed, the answer is a list of problems inside of the text', () => {
    const words = fc.constantFrom(
      'x',
      'sum',
      'rate',
      '(',
      ')',
      '[5m]',
      '{',
      '}',
      'a="b"',
      ',',
      ' by ',
      '"',
      "'",
      '\\',
      '1',
      '+',
      '@',
      'or',
      'WITH(',
      '=',
      '\n',
      '#',
      '`',
      '5m',
      ':',
      '$__interval',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 12 }), (parts) => {
        const query = parts.join('');
        for (const problem of checkQuery(query)) {
          expect(problem.offset).toBeGreaterThanOrEqual(0);
          expect(problem.offset).toBeLessThanOrEqual(query.length);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
