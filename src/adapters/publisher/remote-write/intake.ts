import type { Chunk } from './chunk.ts';
import { type ChunkLimits, ChunkWriter, requestBytes } from './chunk.ts';
import type { DropReason } from './endpoint-metrics.ts';
import type { Exclusion } from './published-series.ts';
import type { RemoteSeries } from './remote-series.ts';

export interface IntakeOptions extends ChunkLimits {
  readonly pipeline: string;
  /** Now, on the steady clock. */
  readonly atMs: number;
  /** Later samples are not taken. */
  readonly latestMs: number;
  readonly shards: number;
  readonly nextChunkNumber: () => number;
}

/** Puts what one evaluation says into chunks, in order; counts what cannot be sent. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #writers: ChunkWriter[];
  readonly #chunks: { chunk: Chunk; shard: number }[] = [];
  readonly #dropped = new Map<DropReason, number>();
  #newestMs = Number.NEGATIVE_INFINITY;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { pipeline, atMs: queuedAtMs } = options;
    this.#writers = Array.from(
      { length: options.shards },
      (_, shard) =>
        new ChunkWriter(options, options.nextChunkNumber, (columns, number) => {
          const bytes = requestBytes(columns);
          this.#chunks.push({ chunk: { pipeline, number, queuedAtMs, columns, bytes, ticket: undefined }, shard });
        }),
    );
  }

  /** A sample that must be new: what is not newer than the series' last one would be refused, and is counted. */
  sample(target: RemoteSeries | Exclusion, timestampMs: number, value: number): void {
    if (Number.isNaN(value)) return;
    if (typeof target === 'string') this.#drop(target);
    else if (timestampMs > this.#options.latestMs) this.#drop('too_far_ahead');
    else if (timestampMs <= target.lastTimestampMs) this.#drop('out_of_order');
    else this.#add(target, timestampMs, value);
  }

  /** A sample of an instant that may have been written before, or be too far ahead yet: then there is nothing to do. */
  sampleIfNew(target: RemoteSeries | Exclusion, timestampMs: number, value: number): void {
    const isDue = timestampMs <= this.#options.latestMs;
    const isNew = typeof target === 'string' || timestampMs > target.lastTimestampMs;
    if (isDue && isNew) this.sample(target, timestampMs, value);
  }

  /** The series ends, after everything that was written to it, future instants included. */
  end(series: RemoteSeries, timestampMs: number): void {
    const endMs = Math.max(timestampMs, series.lastTimestampMs + 1);
    series.lastTimestampMs = endMs;
    this.#writers[series.shardHash % this.#writers.length]!.addEnd(series, endMs);
  }

  finish(): {
    readonly chunks: readonly { readonly chunk: Chunk; readonly shard: number }[];
    readonly dropped: ReadonlyMap<DropReason, number>;
    readonly newestMs: number;
  } {
    for (const writer of this.#writers) writer.flush();
    return { chunks: this.#chunks, dropped: this.#dropped, newestMs: this.#newestMs };
  }

  #add(series: RemoteSeries, timestampMs: number, value: number): void {
    series.lastTimestampMs = timestampMs;
    this.#newestMs = Math.max(this.#newestMs, timestampMs);
    this.#writers[series.shardHash % this.#writers.length]!.add(series, timestampMs, value);
  }

  #drop(reason: DropReason): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }
}
