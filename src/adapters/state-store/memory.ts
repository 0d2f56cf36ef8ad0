import type { StateStore } from '../../ports/state-store.ts';

/** Snapshots that live as long as the process: for tests, and for trying things out. */
export function openMemoryStateStore(): StateStore {
  const snapshots = new Map<string, Uint8Array>();
  return {
    load: async (key) => snapshots.get(key)?.slice(),
    save: async (key, chunks) => void snapshots.set(key, new Uint8Array(Buffer.concat([...chunks]))),
    remove: async (key) => void snapshots.delete(key),
    [Symbol.asyncDispose]: async () => {},
  };
}
