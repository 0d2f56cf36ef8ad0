import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type CheckOptions, checkNames } from '../rules/check.ts';
import { type ParsedRules, parseRules } from '../rules/parse.ts';
import { formatProblem, type Problem } from '../rules/problem.ts';
import type { CliIo } from './io.ts';

const STANDARD_INPUT = '<stdin>';

/** Checks rule files, or standard input without one. Output, streams and exit code (0 or 1) are promtool's. */
export async function checkRules(files: readonly string[], io: CliIo): Promise<number> {
  if (files.length === 0) {
    io.stdout('Checking standard input\n');
    return report(parseRules(await io.stdin(), STANDARD_INPUT), [], io) ? 0 : 1;
  }
  return (await checkRuleFiles(files, {}, io)) ? 0 : 1;
}

/** As `checkRules` for files that settings name; answers whether all are good. */
export async function checkRuleFiles(
  files: readonly string[],
  options: Pick<CheckOptions, 'datasources' | 'hasProxy'>,
  io: CliIo,
): Promise<boolean> {
  const parsed = await Promise.all(files.map((file) => parseFile(file, options, io)));
  const repeated = checkNames(parsed.flatMap(({ places }) => places));
  let isGood = true;
  files.forEach((file, i) => {
    io.stdout(`Checking ${file}\n`);
    const ofFile = repeated.filter((problem) => problem.file === file);
    if (!report(parsed[i]!, ofFile, io)) isGood = false;
  });
  return isGood;
}

async function parseFile(
  file: string,
  options: Pick<CheckOptions, 'datasources' | 'hasProxy'>,
  io: CliIo,
): Promise<ParsedRules> {
  try {
    const path = resolve(io.cwd, file);
    const readBeside = (name: string) => readFileSync(resolve(dirname(path), name), 'utf8');
    return parseRules(await readFile(path, 'utf8'), file, { ...options, readBeside });
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { groups: [], places: [], problems: [{ severity: 'error', file, line: 1, column: 1, message }] };
  }
}

function report({ groups, problems }: ParsedRules, more: readonly Problem[], io: CliIo): boolean {
  const all = [...problems, ...more];
  const isGood = all.every(({ severity }) => severity !== 'error');
  if (isGood) {
    const count = groups.reduce((sum, group) => sum + group.pipelines.length, 0);
    io.stdout(`  SUCCESS: ${count} pipelines found\n`);
  } else io.stderr('  FAILED:\n');
  for (const problem of all) io.stderr(`${formatProblem(problem)}\n`);
  io.stdout('\n');
  return isGood;
}
