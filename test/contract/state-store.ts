import { expect, test } from 'vitest';
import type { StateStore } from '../../src/ports/state-store.ts';

/** What every StateStore promises. `open` gives an empty store. */
export function stateStoreContract(open: () => Promise<StateStore>): void {
  const bytes = (...values: number[]) => Uint8Array.from(values);

  test('answers what was saved last, joined, byte for byte', async () => {
    await using store = await open();
    await store.save('pipeline-a', [bytes(1, 2), bytes(), bytes(255)]);
    expect([...(await store.load('pipeline-a'))!]).toEqual([1, 2, 255]);
    await store.save('pipeline-a', [bytes(7)]);
    expect([...(await store.load('pipeline-a'))!]).toEqual([7]);
  });

  test('answers undefined for a key that was never saved, or was removed', async () => {
    await using store = await open();
    expect(await store.load('pipeline-a')).toBeUndefined();
    await store.save('pipeline-a', [bytes(1)]);
    await store.remove('pipeline-a');
    await store.remove('pipeline-a');
    expect(await store.load('pipeline-a')).toBeUndefined();
  });

  test('keeps keys apart that look alike', async () => {
    await using store = await open();
    const keys = ['a/b', 'a_b', 'A_b', '../a_b', 'ä', ''];
    for (const [i, key] of keys.entries()) await store.save(key, [bytes(i)]);
    for (const [i, key] of keys.entries()) expect([...(await store.load(key))!]).toEqual([i]);
  });

  test('a save that fails half-way leaves what was there', async () => {
    await using store = await open();
    await store.save('k', [bytes(1)]);
    const failing = (function* () {
      yield bytes(2);
      throw new Error('no more');
    })();
    await expect(store.save('k', failing)).rejects.toThrow('no more');
    expect([...(await store.load('k'))!]).toEqual([1]);
  });
}
