import { expect, test } from 'vitest';
import { closest } from '../../src/document/suggest.ts';

const KEYS = ['query', 'step', 'name', 'context_window', 'basic_auth', 'username', 'warn', 'rate', 'rad'];

test.each([
  ['qurey', 'query'],
  ['querry', 'query'],
  ['Query', 'query'],
  ['stp', 'step'],
  ['contextwindow', 'context_window'],
  ['basicauth', 'basic_auth'],
  ['user', 'username'],
  ['warning', 'warn'],
  ['rat', 'rate'],
  ['labels', undefined],
  ['', undefined],
  ['xyz', undefined],
])('%s is meant as %s', (word, meant) => {
  expect(closest(word, KEYS)).toBe(meant);
});
