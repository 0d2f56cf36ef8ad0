import { hash32 } from '../../../series/labels.ts';
import type { SampleColumns, WireSeries } from '../../../wire/remote-write/columns.ts';
import { decodeLabels, LabelEncoder } from '../../../wire/remote-write/labels.ts';

/** A series of the endpoint: what requests want, and what the queue must know about it. */
export interface RemoteSeries extends WireSeries {
  /** Of the labels without the metric name, so that the families of a series stay together in a shard. */
  readonly shardHash: number;
  /** Newest instant that was queued; −Infinity before the first. Only newer ones may follow. */
  lastTimestampMs: number;
  /** Number of the newest chunk that holds it, so that none holds it twice. */
  lastChunk: number;
  /** The endpoint refused its last sample when that was sent alone; it is kept apart when a batch is refused. */
  isSuspect: boolean;
}

export type RemoteColumns = SampleColumns<RemoteSeries>;

/**
 * Every series of the endpoint once, found by the bytes of its labels: relabelling may make one series of two, and a
 * spool from an earlier run holds series that pipelines publish again.
 */
export class SeriesRegistry {
  readonly #encoder = new LabelEncoder();
  readonly #byHash = new Map<number, RemoteSeries[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `pairs` are legal and sorted already (legalPairs). */
  fromPairs(pairs: readonly string[], help: string): RemoteSeries {
    return this.#intern(this.#encoder.encode(pairs), { help, pairs });
  }

  /** From bytes that an earlier process encoded. */
  fromBytes(labelBytes: Uint8Array, help: string): RemoteSeries {
    return this.#intern(labelBytes, { help, pairs: undefined });
  }

  forget(series: RemoteSeries): void {
    const hash = hashBytes(series.labelBytes);
    const bucket = this.#byHash.get(hash);
    const at = bucket?.indexOf(series) ?? -1;
    if (bucket === undefined || at === -1) return;
    this.#size--;
    bucket.splice(at, 1);
    if (bucket.length === 0) this.#byHash.delete(hash);
  }

  #intern(
    labelBytes: Uint8Array,
    about: { readonly help: string; readonly pairs: readonly string[] | undefined },
  ): RemoteSeries {
    const hash = hashBytes(labelBytes);
    let bucket = this.#byHash.get(hash);
    const known = bucket?.find((series) => Buffer.compare(series.labelBytes, labelBytes) === 0);
    if (known !== undefined) return known;
    const series: RemoteSeries = {
      labelBytes,
      help: about.help,
      shardHash: shardHash(about.pairs ?? decodeLabels(labelBytes)),
      lastTimestampMs: Number.NEGATIVE_INFINITY,
      lastChunk: 0,
      isSuspect: false,
    };
    if (bucket === undefined) {
      bucket = [];
      this.#byHash.set(hash, bucket);
    }
    bucket.push(series);
    this.#size++;
    return series;
  }
}

function shardHash(pairs: readonly string[]): number {
  let hash = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === '__name__') continue;
    hash = Math.imul(Math.imul(hash, 31) + hash32(pairs[i]!), 31) + hash32(pairs[i + 1]!);
  }
  return hash >>> 0;
}

/** FNV-1a, cut to what an array index of the engine takes without a box. */
function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash & 0x3fffffff;
}
