import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ConfigStore, LoadedRules } from '../../ports/config-store.ts';
import type { Logger } from '../../ports/logger.ts';
import { checkNames } from '../../rules/check.ts';
import { type ParsedRules, parseRules } from '../../rules/parse.ts';
import type { Problem } from '../../rules/problem.ts';
import { glob } from '../glob.ts';
import { ContentWatch, contentHash } from './watch.ts';

export interface FileConfigStoreOptions {
  /** Absolute globs of rule files. */
  readonly patterns: readonly string[];
  /** Names of the configured data sources. */
  readonly datasources: readonly string[];
  /** Whether there is a proxy for `selector` pipelines. */
  readonly hasProxy?: boolean;
  /** More files whose change is told: the settings. */
  readonly alsoWatch?: readonly string[];
  readonly logger: Logger;
  /** How often is looked without being told of a change; 30 s unless given. */
  readonly pollMs?: number;
}

/** Groups from rule files. A file that stands behind two patterns is read once. */
export function openFileConfigStore(options: FileConfigStoreOptions): ConfigStore {
  return new FileConfigStore(options);
}

class FileConfigStore implements ConfigStore {
  readonly #options: FileConfigStoreOptions;
  /** Patterns of rule files, the settings, and files that rules named. */
  readonly #watched: string[];
  #watch: ContentWatch | undefined;
  #seen = '';

  constructor(options: FileConfigStoreOptions) {
    this.#options = options;
    this.#watched = [...options.patterns, ...(options.alsoWatch ?? [])];
  }

  async load(): Promise<LoadedRules> {
    const { patterns } = this.#options;
    // Taken before reading: what changes in between is told by the watch as a change.
    this.#seen = await contentHash(this.#watched);
    const known = this.#watched.length;
    const files = new Set<string>();
    const problems: Problem[] = [];
    for (const pattern of patterns) {
      const matches = (await glob(pattern)).files;
      if (matches.length === 0) problems.push(problemOf('warning', pattern, 'no rule file matches this pattern'));
      for (const file of matches) files.add(file);
    }
    const parsed = await Promise.all([...files].map((file) => this.#parse(file)));
    // Files named for the first time are part of what was seen now.
    if (this.#watched.length > known) this.#seen = await contentHash(this.#watched);
    problems.push(...parsed.flatMap((file) => file.problems), ...checkNames(parsed.flatMap((file) => file.places)));
    return { groups: { groups: parsed.flatMap((file) => file.groups) }, problems };
  }

  watch(changed: () => void): void {
    const { logger, pollMs } = this.#options;
    this.#watch ??= new ContentWatch(this.#watched, changed, {
      hash: this.#seen,
      logger,
      ...(pollMs !== undefined && { pollMs }),
    });
  }

  async #parse(file: string): Promise<ParsedRules> {
    const { datasources, hasProxy } = this.#options;
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
      return parseRules(text, file, {
        datasources,
        hasProxy,
        readBeside: (name) => this.#readBeside(file, name),
      });
    } catch (error) {
      const reason = error instanceof TypeError ? 'it is not UTF-8' : (error as Error).message;
      return {
        groups: [],
        problems: [problemOf('error', file, `the rule file cannot be read: ${reason}`)],
        places: [],
      };
    }
  }

  /** Small files, while rules are loaded; they are watched from then on. */
  #readBeside(file: string, name: string): string {
    const path = resolve(dirname(file), name);
    if (!this.#watched.includes(path)) this.#watched.push(path);
    return readFileSync(path, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
  }
}

function problemOf(severity: Problem['severity'], file: string, message: string): Problem {
  return { severity, file, line: 1, column: 1, message };
}
