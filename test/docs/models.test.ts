import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENGINE_PARAMETERS } from '../../src/forecast/engines.ts';

const GUIDE = readFileSync('docs/models.md', 'utf8');
const rows = GUIDE.split('\n').filter((line) => line.startsWith('| `'));

describe('the guide to forecast models', () => {
  it.each(Object.keys(ENGINE_PARAMETERS))('says what %s is good for, and how well it forecast', (engine) => {
    expect(rows.filter((row) => row.startsWith(`| \`${engine}\``)).length).toBeGreaterThanOrEqual(2);
  });

  it.each(Object.entries(ENGINE_PARAMETERS))('names the parameters of %s', (engine, parameters) => {
    for (const parameter of parameters) {
      const row = rows.find((each) => each.startsWith(`| \`${parameter}\` `));
      expect(row, parameter).toBeDefined();
      expect(row).toMatch(new RegExp(`\`${engine}\`|all but`));
    }
  });
});
