import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { OpenAnomalyError } from '../../errors.ts';
import type { Logger } from '../../ports/logger.ts';
import type { StateStore } from '../../ports/state-store.ts';

/**
 * A file a key: magic and version (8 bytes), the content, and the SHA-256 of the content (32 bytes) at the end, where a
 * streaming writer knows it. A save goes to a file of its own, is flushed to the disk and renamed, so a reader, or a
 * crash at any moment, sees the old content or the new.
 */
const MAGIC = Buffer.from('OASTATE1', 'latin1');
const CHECKSUM_BYTES = 32;
/** Chunks are gathered to about this much before a write, and the event loop gets a turn after each. */
const WRITE_BYTES = 1024 * 1024;
/** Broken files kept for a look; older ones are deleted. */
const BROKEN_KEPT = 3;

export function openFileStateStore(options: { readonly dir: string; readonly logger: Logger }): StateStore {
  return new FileStateStore(options.dir, options.logger);
}

class FileStateStore implements StateStore {
  readonly #dir: string;
  readonly #logger: Logger;
  /** Saves and removals run one after the other, so that a remove cannot be undone by an older save. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(dir: string, logger: Logger) {
    this.#dir = dir;
    this.#logger = logger;
  }

  async load(key: string): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw new OpenAnomalyError('file_unreadable', `${path} cannot be read: ${messageOf(cause)}`, { cause });
    }
    const flaw = flawOf(bytes);
    if (flaw === undefined) return bytes.subarray(MAGIC.length, bytes.length - CHECKSUM_BYTES);
    const aside = await this.#setAside(path);
    throw new OpenAnomalyError('snapshot_broken', `${path} ${flaw}; it was set aside as ${aside}`);
  }

  save(key: string, chunks: Iterable<Uint8Array>): Promise<void> {
    return this.#inTurn(async () => {
      const path = this.#path(key);
      const draft = `${path}.draft`;
      try {
        await mkdir(this.#dir, { recursive: true, mode: 0o700 });
        await writeDraft(draft, chunks);
        await rename(draft, path);
      } catch (cause) {
        await rm(draft, { force: true }).catch(() => {});
        const message = `${path} cannot be written: ${messageOf(cause)}; check that state_dir exists, is writable and has room`;
        throw new OpenAnomalyError('state_unwritable', message, { cause });
      }
    });
  }

  remove(key: string): Promise<void> {
    return this.#inTurn(() => rm(this.#path(key), { force: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => {});
    return result;
  }

  /** Legible for usual names; the hash keeps keys apart that differ in characters a file name cannot have, or in case. */
  #path(key: string): string {
    const legible = key.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 80);
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 12);
    return join(this.#dir, `${legible}-${hash}.state`);
  }

  async #setAside(path: string): Promise<string> {
    const aside = `${path}.broken-${Date.now()}`;
    await rename(path, aside);
    const prefix = path.slice(this.#dir.length + 1);
    const all = (await readdir(this.#dir)).filter((name) => name.startsWith(`${prefix}.broken-`)).sort();
    for (const name of all.slice(0, -BROKEN_KEPT)) {
      this.#logger.log('debug', 'an old broken snapshot is deleted', { file: name });
      await rm(join(this.#dir, name), { force: true });
    }
    return aside;
  }
}

async function writeDraft(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  const hash = createHash('sha256');
  let held: Uint8Array[] = [MAGIC];
  let heldBytes = MAGIC.length;
  for (const chunk of chunks) {
    hash.update(chunk);
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < WRITE_BYTES) continue;
    await file.write(Buffer.concat(held));
    held = [];
    heldBytes = 0;
    await breathe();
  }
  held.push(hash.digest());
  await file.write(Buffer.concat(held));
  await file.sync();
}

function flawOf(bytes: Buffer): string | undefined {
  if (bytes.length < MAGIC.length + CHECKSUM_BYTES) return 'is cut off';
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'is no snapshot of this version';
  const content = bytes.subarray(MAGIC.length, bytes.length - CHECKSUM_BYTES);
  const expected = bytes.subarray(bytes.length - CHECKSUM_BYTES);
  return createHash('sha256').update(content).digest().equals(expected) ? undefined : 'does not match its checksum';
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
