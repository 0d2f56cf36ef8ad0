import { readFile } from 'node:fs/promises';
import { openFileConfigStore } from '../adapters/config-store/files.ts';
import { glob } from '../adapters/glob.ts';
import type { Logger } from '../ports/logger.ts';
import type { GroupSet } from '../rules/pipeline.ts';
import type { Problem } from '../rules/problem.ts';
import { loadSettings, type SettingsFlags } from '../settings/load.ts';
import type { Settings } from '../settings/settings.ts';

/** Where the configuration comes from: the settings file, flags that override it, variables it may name. */
export interface ConfigurationSource {
  readonly file: string;
  readonly flags: SettingsFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/** Settings and rules that belong together: read at one time, without an error in either. */
export interface Configuration {
  readonly settings: Settings;
  readonly groups: GroupSet;
}

export interface ReadConfiguration {
  /** Undefined when any problem is an error. */
  readonly configuration: Configuration | undefined;
  readonly problems: readonly Problem[];
}

export async function readConfiguration(source: ConfigurationSource): Promise<ReadConfiguration> {
  const read = await readSettings(source);
  if (read.settings === undefined) return { configuration: undefined, problems: read.problems };
  await using store = openRules(read.settings, source);
  const { groups, problems: ruleProblems } = await store.load();
  const problems = [...read.problems, ...ruleProblems];
  const isUsable = problems.every(({ severity }) => severity !== 'error');
  return { configuration: isUsable ? { settings: read.settings, groups } : undefined, problems };
}

/** Calls `changed` when the content of the settings file or of a rule file changed. */
export async function watchConfiguration(
  source: ConfigurationSource,
  { settings }: Configuration,
  changed: () => void,
): Promise<AsyncDisposable> {
  const store = openRules(settings, source, [source.file]);
  await store.load();
  store.watch(changed);
  return store;
}

async function readSettings({ file, flags, environment }: ConfigurationSource) {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the settings file cannot be read: ${reason}; name another with --config.file`;
    return { settings: undefined, problems: [{ severity: 'error', file, line: 1, column: 1, message } as const] };
  }
  return loadSettings(text, file, { environment, flags });
}

function openRules(settings: Settings, { logger }: ConfigurationSource, alsoWatch: readonly string[] = []) {
  return openFileConfigStore({
    patterns: settings.ruleFiles,
    datasources: Object.keys(settings.datasources),
    hasProxy: settings.proxy !== undefined,
    alsoWatch,
    logger,
  });
}

/** Files behind a pattern of `rule_files`. */
export async function matchFiles(pattern: string): Promise<readonly string[]> {
  return (await glob(pattern)).files;
}
