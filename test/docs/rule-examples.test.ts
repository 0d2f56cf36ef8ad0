import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseRules } from '../../src/rules/parse.ts';
import { formatProblem } from '../../src/rules/problem.ts';

/** Pages whose YAML is about rule files; blocks of other things begin with other keys. */
const PAGES = [
  'docs/alarms.md',
  'docs/detection.md',
  ...readdirSync('docs/techniques').map((name) => `docs/techniques/${name}`),
];

/** A rule file around what a page shows: a whole file, pipelines, or the block `anomaly:` of one. */
function asRuleFile(block: string): string | undefined {
  const indented = block.replace(/^(?=.)/gm, '  ');
  if (/^groups:/m.test(block)) return block;
  if (/^- (?:\{)?name:/m.test(block)) return `pipelines:\n${indented}`;
  if (/^anomaly:/.test(block)) return `pipelines:\n- name: p\n  query: up\n${indented}`;
  return undefined;
}

test.each(PAGES)('the rules shown in %s are right', (page) => {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block!);
  const files = blocks.map(asRuleFile).filter((file) => file !== undefined);
  for (const file of files) expect(parseRules(file, page).problems.map(formatProblem)).toEqual([]);
  if (page !== 'docs/alarms.md') return;
  expect(files.length).toBeGreaterThanOrEqual(2);
});
