import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileStateStore } from '../../../src/adapters/state-store/files.ts';
import { stateStoreContract } from '../../contract/state-store.ts';
import { nullLogger } from '../../support/logger.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-state-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = () => openFileStateStore({ dir: join(dir, 'made', 'by', 'it'), logger: nullLogger });

describe('file state store', () => {
  stateStoreContract(async () => open());

  test.each([
    ['a flipped bit', (bytes: Buffer) => bytes.fill(bytes[10]! ^ 1, 10, 11), 'does not match its checksum'],
    ['a cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), 'does not match its checksum'],
    ['nothing in it', () => Buffer.alloc(0), 'is cut off'],
    ['another version', (bytes: Buffer) => bytes.fill('OASTATE9', 0, 8), 'is no snapshot of this version'],
  ])('a file with %s is set aside and said so', async (_, harm, message) => {
    await using store = open();
    await store.save('k', [Uint8Array.from([1, 2, 3])]);
    const where = join(dir, 'made', 'by', 'it');
    const [file] = await readdir(where);
    await writeFile(join(where, file!), harm(await readFile(join(where, file!))));
    await expect(store.load('k')).rejects.toMatchObject({
      code: 'snapshot_broken',
      message: expect.stringContaining(message),
    });
    expect(await store.load('k')).toBeUndefined();
    expect((await readdir(where)).filter((name) => name.includes('.broken-'))).toHaveLength(1);
  });

  test('a directory that cannot be made is state_unwritable, with the fix', async () => {
    await writeFile(join(dir, 'made'), 'a file in the way');
    await using store = open();
    await expect(store.save('k', [])).rejects.toMatchObject({
      code: 'state_unwritable',
      message: expect.stringContaining('state_dir'),
    });
  });

  test('no draft is left behind', async () => {
    await using store = open();
    await store.save('k', [new Uint8Array(3_000_000)]);
    expect(await readdir(join(dir, 'made', 'by', 'it'))).toHaveLength(1);
    expect((await store.load('k'))!.length).toBe(3_000_000);
  });
});
