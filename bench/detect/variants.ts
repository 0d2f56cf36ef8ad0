import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchReport, BenchResult } from '../support/report.ts';
import type { Candidate } from './folds.ts';
import { SETTINGS_VARIABLE, type TailSettings } from './settings-text.ts';

/** What a run with other settings found. */
export interface VariantRun {
  readonly name: string;
  readonly results: readonly BenchResult[];
  readonly candidates: readonly Candidate[];
}

/** Settings by the name of a variant, as a file has them: `{"no slots": {"SLOT_SHARE": 0}}`. */
export function readVariants(file: string): [string, TailSettings][] {
  const variants: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const isSettings = (value: unknown): value is TailSettings =>
    typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'number');
  if (typeof variants !== 'object' || variants === null || !Object.values(variants).every(isSettings))
    throw new Error(`${file}: it must hold settings by the name of a variant, such as {"no slots": {"SLOT_SHARE": 0}}`);
  return Object.entries(variants as Record<string, TailSettings>);
}

/** Runs the bench for `tail` with other settings, in a process of its own. */
export async function runVariant(
  name: string,
  settings: TailSettings,
  options: { readonly data: string; readonly sets: string | undefined },
): Promise<VariantRun> {
  const dir = mkdtempSync(join(tmpdir(), 'openanomaly-bench-'));
  try {
    const [json, candidates] = [join(dir, 'report.json'), join(dir, 'candidates.json')];
    const args = [
      'detect',
      '--alone',
      '--data',
      options.data,
      '--techniques',
      'tail',
      '--json',
      json,
      '--candidates',
      candidates,
    ];
    if (options.sets !== undefined) args.push('--sets', options.sets);
    await runApart(args, settings);
    return {
      name,
      results: (JSON.parse(readFileSync(json, 'utf8')) as BenchReport).results,
      candidates: JSON.parse(readFileSync(candidates, 'utf8')) as Candidate[],
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function runApart(args: readonly string[], settings: TailSettings): Promise<void> {
  const here = (file: string) => new URL(`${file}${import.meta.url.slice(-3)}`, import.meta.url);
  const nodeArgs = ['--import', here('./settings-hook').href, fileURLToPath(here('../run'))];
  const env = { ...process.env, [SETTINGS_VARIABLE]: JSON.stringify(settings) };
  const child = spawn(process.execPath, [...nodeArgs, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${JSON.stringify(settings)}: ${complaints}`)),
    );
  });
}
