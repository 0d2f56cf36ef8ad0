import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { glob } from './glob.ts';

/** Editors and ConfigMap swaps make several changes in a row; one look after they are done is enough. */
const DEBOUNCE_MS = 200;
/** A net for file systems that tell nothing, and for folders that appear where none was watched. */
const POLL_MS = 30_000;

/**
 * Calls `changed` when the content behind the patterns differs from the last look. Folders are watched, not files: a file
 * that is replaced, as by the `..data` link of a ConfigMap, leaves a watch on the old one dead.
 */
export class ContentWatch implements AsyncDisposable {
  readonly #patterns: readonly string[];
  readonly #changed: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #poll: NodeJS.Timeout;
  #debounce: NodeJS.Timeout | undefined;
  #hash: string;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(patterns: readonly string[], hash: string, changed: () => void) {
    this.#patterns = patterns;
    this.#hash = hash;
    this.#changed = changed;
    this.#poll = setInterval(() => this.#look(), POLL_MS);
    this.#poll.unref();
  }

  /** `hash` is what the caller saw last, from `contentHash`; a change since then is told at once. */
  static start(patterns: readonly string[], hash: string, changed: () => void): ContentWatch {
    const watching = new ContentWatch(patterns, hash, changed);
    watching.#look();
    return watching;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#debounce);
    for (const watcher of this.#watchers.values()) watcher.close();
    await this.#looking;
  }

  #look(): void {
    this.#looking = this.#looking.then(async () => {
      if (this.#closed) return;
      await this.#watchFolders();
      const hash = await contentHash(this.#patterns);
      if (this.#closed || hash === this.#hash) return;
      this.#hash = hash;
      this.#changed();
    });
  }

  async #watchFolders(): Promise<void> {
    const folders = new Set<string>();
    for (const pattern of this.#patterns) for (const folder of (await glob(pattern)).folders) folders.add(folder);
    if (this.#closed) return;
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watchFolder(folder);
  }

  #watchFolder(folder: string): void {
    const drop = () => {
      this.#watchers.get(folder)?.close();
      this.#watchers.delete(folder);
    };
    try {
      const watcher = watch(folder, () => {
        clearTimeout(this.#debounce);
        this.#debounce = setTimeout(() => this.#look(), DEBOUNCE_MS);
      });
      watcher.on('error', drop);
      this.#watchers.set(folder, watcher);
    } catch {
      // The folder went between the look and the watch, or watches have run out: the poll still sees what changes.
      drop();
    }
  }
}

/** Hash over paths and contents of all files that the patterns match. */
export async function contentHash(patterns: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const pattern of patterns) {
    for (const file of (await glob(pattern)).files) {
      const content = await readFile(file).catch(() => undefined);
      hash.update(`${file}\0${content === undefined ? 'missing' : content.length}\0`);
      if (content !== undefined) hash.update(content);
    }
  }
  return hash.digest('hex');
}
