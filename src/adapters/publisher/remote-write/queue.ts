import { joinColumns } from '../../../wire/remote-write/columns.ts';
import { type Chunk, type ChunkLimits, splitByShard } from './chunk.ts';
import type { RemoteColumns } from './remote-series.ts';

/** One request's worth: chunks of one pipeline that were waiting in one shard. */
export interface Batch {
  readonly chunks: readonly Chunk[];
  readonly columns: RemoteColumns;
}

export interface QueueOptions extends ChunkLimits {
  /** Most samples that may wait, all shards together. */
  readonly capacity: number;
  readonly shards: number;
}

/**
 * Chunks that wait, in one list a shard. A series has one shard (its hash), and a shard's chunks leave in order, so the
 * order of a series holds; it holds through a change of the number of shards too, if nothing is under way then.
 */
export class SendQueue {
  readonly #options: QueueOptions;
  #shards: Chunk[][];
  #samples = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#shards = emptyShards(options.shards);
  }

  get shards(): number {
    return this.#shards.length;
  }

  /** Samples that wait. */
  get samples(): number {
    return this.#samples;
  }

  /** Every chunk that waits, oldest first. */
  chunks(): Chunk[] {
    return this.#shards.flat().sort((a, b) => a.number - b.number);
  }

  /** Takes a chunk whose series all belong to the shard; answers the oldest chunks, which had to go to make room. */
  push(chunk: Chunk, shard: number): Chunk[] {
    this.#shards[shard]!.push(chunk);
    this.#samples += chunk.columns.series.length;
    const dropped: Chunk[] = [];
    while (this.#samples > this.#options.capacity) {
      const oldest = this.#removeOldest();
      if (oldest === undefined) break;
      dropped.push(oldest);
    }
    return dropped;
  }

  /** When the shard's oldest chunk was queued, on the steady clock; undefined when none waits. */
  oldestAtMs(shard: number): number | undefined {
    return this.#shards[shard]![0]?.queuedAtMs;
  }

  /** Whether waiting longer would add nothing to the shard's next batch. */
  isReady(shard: number): boolean {
    const chunks = this.#shards[shard]!;
    return chunks.length > 0 && (this.#nextBatch(chunks) < chunks.length || this.#isFull(chunks));
  }

  /** The shard's next batch leaves the queue. */
  take(shard: number): Batch | undefined {
    const waiting = this.#shards[shard]!;
    if (waiting.length === 0) return undefined;
    const chunks = waiting.splice(0, this.#nextBatch(waiting));
    const columns = joinColumns(chunks.map((chunk) => chunk.columns));
    this.#samples -= columns.series.length;
    return { chunks, columns };
  }

  /** Moves everything that waits to another number of shards. Only while no batch is under way. */
  reshard(shards: number): void {
    const chunks = this.chunks();
    this.#shards = emptyShards(shards);
    for (const chunk of chunks) {
      for (const [shard, part] of splitByShard(chunk, shards).entries())
        if (part !== undefined) this.#shards[shard]!.push(part);
    }
  }

  /** How many chunks from the front go together: one pipeline, no series twice, within the limits. */
  #nextBatch(chunks: readonly Chunk[]): number {
    const { maxSamples, maxBytes } = this.#options;
    const first = chunks[0]!;
    let samples = first.columns.series.length;
    let { bytes } = first;
    let count = 1;
    const taken = new Set(first.columns.series);
    for (; count < chunks.length; count++) {
      const { pipeline, columns, bytes: more } = chunks[count]!;
      samples += columns.series.length;
      bytes += more;
      if (pipeline !== first.pipeline || samples > maxSamples || bytes > maxBytes) break;
      if (columns.series.some((series) => taken.has(series))) break;
      for (const series of columns.series) taken.add(series);
    }
    return count;
  }

  #isFull(chunks: readonly Chunk[]): boolean {
    return chunks.reduce((sum, { columns }) => sum + columns.series.length, 0) >= this.#options.maxSamples;
  }

  #removeOldest(): Chunk | undefined {
    let oldest: Chunk[] | undefined;
    for (const chunks of this.#shards) {
      if (chunks.length > 0 && (oldest === undefined || chunks[0]!.number < oldest[0]!.number)) oldest = chunks;
    }
    const chunk = oldest?.shift();
    if (chunk !== undefined) this.#samples -= chunk.columns.series.length;
    return chunk;
  }
}

function emptyShards(count: number): Chunk[][] {
  return Array.from({ length: count }, () => []);
}
