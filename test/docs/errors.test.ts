import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/errors.ts';

test('every error code has a heading in docs/errors.md, and every heading a code', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const headings = [...text.matchAll(/^### (\w+)$/gm)].map((match) => match[1]!);
  expect(headings.length).toBeGreaterThan(10);
  expect(headings.sort()).toEqual(Object.keys(ERROR_CODES).sort());
});
