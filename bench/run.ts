import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchReport } from './support/report.ts';
import { runSuite, type Suite } from './support/suite.ts';

const USAGE = 'usage: npm run bench -- [SUITE…] [--json FILE], or npm run bench:SUITE -- [options of the suite]';
const here = dirname(fileURLToPath(import.meta.url));
const self = fileURLToPath(import.meta.url);

/** One suite runs here; several run one after the other in processes of their own, so that none inherits memory. */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const firstOption = args.findIndex((arg) => arg.startsWith('-'));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const rest = args.slice(names.length);
  const known = suiteNames();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such suite: ${unknown.join(', ')}; there are ${known.join(', ')}\n${USAGE}`);
  if (names.length === 1) {
    const [name] = names as [string];
    const suite = await loadSuite(name);
    const { json, ...options } = readOptions(rest, suite, name);
    writeJson(json, await runSuite(name, suite, options));
    return;
  }
  const { json } = readOptions(rest, undefined, 'all');
  const reports: BenchReport[] = [];
  for (const name of names.length === 0 ? known : names) {
    const { needs = [] } = await loadSuite(name);
    if (needs.length === 0) reports.push(runApart(name));
    else
      process.stderr.write(`bench ${name} is left out: it needs ${needs.map((option) => `--${option}`).join(', ')}\n`);
  }
  writeJson(json, reports);
}

function readOptions(
  args: readonly string[],
  suite: Suite | undefined,
  name: string,
): Record<string, string | undefined> {
  const described = { json: 'FILE to write the results to', ...suite?.options };
  const flags = suite?.flags ?? {};
  const options: Record<string, { readonly type: 'string' | 'boolean' }> = Object.fromEntries([
    ...Object.keys(described).map((option) => [option, { type: 'string' as const }] as const),
    ...Object.keys(flags).map((option) => [option, { type: 'boolean' as const }] as const),
  ]);
  const usage = Object.entries({ ...described, ...flags }).map(([option, what]) => `  --${option} ${what}`);
  try {
    const { values } = parseArgs({ args: [...args], options });
    const missing = (suite?.needs ?? []).filter((option) => values[option] === undefined);
    if (missing.length > 0) throw new Error(`missing ${missing.map((option) => `--${option}`).join(', ')}`);
    return Object.fromEntries(Object.entries(values).map(([option, value]) => [option, String(value)]));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${message}\noptions of bench ${name}:\n${usage.join('\n')}`, { cause });
  }
}

function suiteNames(): string[] {
  return readdirSync(here)
    .filter((file) => extname(file) === extname(self) && join(here, file) !== self)
    .map((file) => file.slice(0, -extname(file).length))
    .sort();
}

async function loadSuite(name: string): Promise<Suite> {
  const module: { suite?: Suite } = await import(pathToFileURL(join(here, name + extname(self))).href);
  if (module.suite === undefined) throw new Error(`bench/${name} exports no \`suite\``);
  return module.suite;
}

function runApart(name: string): BenchReport {
  const dir = mkdtempSync(join(tmpdir(), 'openanomaly-bench-'));
  try {
    const file = join(dir, 'report.json');
    const child = spawnSync(process.execPath, [...process.execArgv, self, name, '--json', file], { stdio: 'inherit' });
    if (child.status !== 0) throw new Error(`bench ${name} ended with ${child.signal ?? `code ${child.status}`}`);
    process.stdout.write('\n');
    return JSON.parse(readFileSync(file, 'utf8')) as BenchReport;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function writeJson(file: string | undefined, content: BenchReport | readonly BenchReport[]): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
