import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type BenchReport, formatReport } from './support/report.ts';
import { runSuite, type Suite } from './support/suite.ts';

const USAGE = 'usage: npm run bench -- [SUITE…] [--json FILE]';
const here = dirname(fileURLToPath(import.meta.url));
const self = fileURLToPath(import.meta.url);

/** One suite runs here; several run one after the other in processes of their own, so that none inherits memory. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
  const known = suiteNames();
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such suite: ${unknown.join(', ')}; there are ${known.join(', ')}\n${USAGE}`);
  if (positionals.length === 1) {
    const report = await runSuite(positionals[0]!, await loadSuite(positionals[0]!));
    process.stdout.write(formatReport(report));
    writeJson(values.json, report);
    return;
  }
  const reports = (positionals.length === 0 ? known : positionals).map(runApart);
  writeJson(values.json, reports);
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
