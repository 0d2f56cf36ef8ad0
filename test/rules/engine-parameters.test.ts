import { expect, test } from 'vitest';
import { parseRules } from '../../src/rules/parse.ts';

const problems = (model: string) =>
  parseRules(`pipelines:\n  - name: a\n    query: up\n    model: ${model}\n`, 'r.yaml').problems;

test.each(['{id: climatology, parameters: {window: 2h}}', '{id: ets}', '{parameters: {}}'])('%s is taken', (model) => {
  expect(problems(model)).toEqual([]);
});

test.each([
  ['{id: ets, parameters: {windoww: 60}}', 'engine ets has no parameter "windoww"'],
  ['{id: climatology, parameters: {window: many}}', 'parameter window of engine climatology'],
])('%s is refused at its place', (model, message) => {
  expect(problems(model)).toMatchObject([{ severity: 'error', line: 4, message: expect.stringContaining(message) }]);
});
