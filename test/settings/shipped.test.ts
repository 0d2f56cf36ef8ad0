import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { checkNames } from '../../src/rules/check.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { formatProblem } from '../../src/rules/problem.ts';
import { loadSettings } from '../../src/settings/load.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const yamlFilesIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    // The example for Alertmanager is for its own program.
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('alertmanager'))
    .map((name) => join(ROOT, folder, name));

const SETTINGS = [...yamlFilesIn('config'), ...yamlFilesIn('config/examples')];
const RULES = yamlFilesIn('rules');

test('there is something to check', () => {
  expect(SETTINGS.length).toBeGreaterThanOrEqual(4);
  expect(RULES.length).toBeGreaterThanOrEqual(2);
});

test.each([...SETTINGS, ...RULES])('%s tells editors its schema', (file) => {
  const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8'))?.[1];
  expect(existsSync(resolve(dirname(file), schema!))).toBe(true);
});

test.each(SETTINGS)('%s has no problem, and the rule files it names are there', (file) => {
  const { settings, problems } = loadSettings(readFileSync(file, 'utf8'), file, { environment: {}, flags: {} });
  expect(problems.map(formatProblem)).toEqual([]);
  expect(settings!.ruleFiles.length).toBeGreaterThan(0);
  expect(settings!.ruleFiles.filter((path) => !existsSync(path))).toEqual([]);
});

test.each(RULES)('%s has no problem', (file) => {
  const { groups, problems } = parseRules(readFileSync(file, 'utf8'), file, { datasources: ['default'] });
  expect(problems.map(formatProblem)).toEqual([]);
  expect(groups.flatMap(({ pipelines }) => pipelines).length).toBeGreaterThan(0);
});

test('the shipped rules can be loaded together', () => {
  const places = RULES.flatMap((file) => parseRules(readFileSync(file, 'utf8'), file).places);
  expect(checkNames(places)).toEqual([]);
});
