/** Snapshots by key. Whole or not at all: a reader never sees half of a save. */
export interface StateStore extends AsyncDisposable {
  /** Rejects with `snapshot_broken` after setting a broken snapshot aside; undefined when there is none. */
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, chunks: Iterable<Uint8Array>): Promise<void>;
  remove(key: string): Promise<void>;
}
