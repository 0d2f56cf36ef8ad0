import { hash32 } from '../../../series/labels.ts';
import type { SampleColumns, WireSeries } from '../../../wire/remote-write/columns.ts';

/** A series of the endpoint: what requests want, and what the queue must know about it. */
export interface RemoteSeries extends WireSeries {
  /** Of the labels that its families share, so that these stay together in a shard. */
  readonly shardHash: number;
  /** Newest instant that was queued; −Infinity before the first. Only newer ones may follow. */
  lastTimestampMs: number;
  /** Number of the newest chunk that holds it, so that none holds it twice. */
  lastChunk: number;
  /** The endpoint refused its last sample when that was sent alone; it is kept apart when a batch is refused. */
  isSuspect: boolean;
  /** Kept by the registry. */
  sameHash: RemoteSeries | undefined;
}

export type RemoteColumns = SampleColumns<RemoteSeries>;

/**
 * Every series of the endpoint once, found by the bytes of its labels: relabelling may make one series of two, and a
 * spool from an earlier run holds series that pipelines publish again.
 */
export class SeriesRegistry {
  /** First series of each hash; those that share it hang on it. */
  readonly #byHash = new Map<number, RemoteSeries>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The series with these labels, new when there is none. */
  series(labelBytes: Uint8Array, about: { readonly help: string; readonly shardHash: number }): RemoteSeries {
    const hash = hashBytes(labelBytes);
    const first = this.#byHash.get(hash);
    for (let known = first; known !== undefined; known = known.sameHash)
      if (Buffer.compare(known.labelBytes, labelBytes) === 0) return known;
    const series: RemoteSeries = {
      labelBytes,
      help: about.help,
      shardHash: about.shardHash,
      lastTimestampMs: Number.NEGATIVE_INFINITY,
      lastChunk: 0,
      isSuspect: false,
      sameHash: first,
    };
    this.#byHash.set(hash, series);
    this.#size++;
    return series;
  }

  forget(series: RemoteSeries): void {
    const hash = hashBytes(series.labelBytes);
    let before: RemoteSeries | undefined;
    let known = this.#byHash.get(hash);
    while (known !== undefined && known !== series) {
      before = known;
      known = known.sameHash;
    }
    if (known === undefined) return;
    this.#size--;
    if (before !== undefined) before.sameHash = series.sameHash;
    else if (series.sameHash !== undefined) this.#byHash.set(hash, series.sameHash);
    else this.#byHash.delete(hash);
  }
}

/** Labels that tell the families of a series apart; without them, all go to the same shard. */
const OF_THE_FAMILY = ['__name__', 'horizon'];

export function shardHash(pairs: readonly string[]): number {
  let hash = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    if (OF_THE_FAMILY.includes(pairs[i]!)) continue;
    hash = Math.imul(Math.imul(hash, 31) + hash32(pairs[i]!), 31) + hash32(pairs[i + 1]!);
  }
  return hash >>> 0;
}

/** FNV-1a, cut to what the engine keeps without a box. */
function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash & 0x3fffffff;
}
