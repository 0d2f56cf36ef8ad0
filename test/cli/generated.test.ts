import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dashboardFiles } from '../../grafana/src/dashboards.ts';
import { generatedFiles } from '../../src/cli/reference.ts';

/** `npm run generate` writes the files; without the variable this test says which of them drifted. */
const isUpdating = process.env['UPDATE_GOLDEN'] === '1';

test.each(Object.entries({ ...generatedFiles(), ...dashboardFiles() }))('%s is what its source says', (path, text) => {
  const url = new URL(`../../${path}`, import.meta.url);
  if (isUpdating) writeFileSync(url, text);
  expect(readFileSync(url, 'utf8')).toBe(text);
});
