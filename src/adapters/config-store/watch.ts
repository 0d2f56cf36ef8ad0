import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Logger } from '../../ports/logger.ts';
import { glob } from '../glob.ts';

export interface WatchOptions {
  /** What the caller saw last, from `contentHash`; a change since then is told at once. */
  readonly hash: string;
  readonly logger: Logger;
  readonly pollMs?: number;
}

interface FolderWatch {
  readonly watcher: FSWatcher;
  /** A folder that was removed and made again is another one, and the watch on the old one is dead. */
  readonly inode: number;
}

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
  readonly #logger: Logger;
  readonly #watches = new Map<string, FolderWatch>();
  readonly #poll: NodeJS.Timeout;
  #debounce: NodeJS.Timeout | undefined;
  #hash: string;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(patterns: readonly string[], changed: () => void, { hash, logger, pollMs = POLL_MS }: WatchOptions) {
    this.#patterns = patterns;
    this.#changed = changed;
    this.#hash = hash;
    this.#logger = logger;
    this.#poll = setInterval(() => this.#look(), pollMs);
    this.#poll.unref();
    this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#debounce);
    for (const { watcher } of this.#watches.values()) watcher.close();
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
    const inodes = new Map<string, number>();
    for (const pattern of this.#patterns)
      for (const folder of (await glob(pattern)).folders) inodes.set(folder, await inodeOf(folder));
    if (this.#closed) return;
    for (const [folder, { inode }] of this.#watches) if (inodes.get(folder) !== inode) this.#drop(folder);
    for (const [folder, inode] of inodes) if (!this.#watches.has(folder)) this.#watchFolder(folder, inode);
  }

  #watchFolder(folder: string, inode: number): void {
    try {
      const watcher = watch(folder, () => {
        clearTimeout(this.#debounce);
        this.#debounce = setTimeout(() => this.#look(), DEBOUNCE_MS);
      });
      watcher.on('error', () => this.#drop(folder));
      this.#watches.set(folder, { watcher, inode });
    } catch (error) {
      // The folder went between the look and the watch, or watches have run out. The poll still sees what changes.
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.log('warn', 'a folder cannot be watched; changes in it are seen later', { folder, err: reason });
    }
  }

  #drop(folder: string): void {
    this.#watches.get(folder)?.watcher.close();
    this.#watches.delete(folder);
  }
}

function inodeOf(folder: string): Promise<number> {
  return stat(folder).then(
    ({ ino }) => ino,
    () => 0,
  );
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
