import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { matchFiles } from '../app/configuration.ts';
import { formatProblem } from '../rules/problem.ts';
import { loadSettings } from '../settings/load.ts';
import { checkRuleFiles } from './check-rules.ts';
import type { CliIo } from './io.ts';

/** Checks a settings file and every rule file it names. Output, streams and exit code (0 or 1) are promtool's. */
export async function checkConfig(file: string, io: CliIo): Promise<number> {
  io.stdout(`Checking ${file}\n`);
  let text: string;
  try {
    text = await readFile(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    io.stderr(`  FAILED: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}\n\n`);
    return 1;
  }
  const { settings, problems } = loadSettings(text, resolve(io.cwd, file), { environment: io.environment, flags: {} });
  const shown = problems.map((problem) => ({ ...problem, file }));
  if (settings === undefined) {
    io.stderr(`  FAILED:\n${shown.map((problem) => `${formatProblem(problem)}\n`).join('')}\n`);
    return 1;
  }
  const matched = await Promise.all(settings.ruleFiles.map(matchFiles));
  const files = [...new Set(matched.flat())].map((path) => shortest(path, io.cwd));
  if (files.length > 0) io.stdout(`  SUCCESS: ${files.length} rule files found\n`);
  io.stdout(` SUCCESS: ${file} is valid OpenAnomaly settings file syntax\n`);
  for (const problem of shown) io.stderr(`${formatProblem(problem)}\n`);
  settings.ruleFiles.forEach((pattern, i) => {
    if (matched[i]!.length === 0) io.stderr(`  WARNING: no rule file matches ${shortest(pattern, io.cwd)}\n`);
  });
  io.stdout('\n');
  const known = { datasources: Object.keys(settings.datasources), hasProxy: settings.proxy !== undefined };
  return (await checkRuleFiles(files, known, io)) ? 0 : 1;
}

function shortest(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short !== '' && short.length < path.length ? short : path;
}
