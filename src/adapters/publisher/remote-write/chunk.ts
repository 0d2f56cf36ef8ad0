import { pickColumns, sliceColumns } from '../../../wire/remote-write/columns.ts';
import type { RemoteColumns, RemoteSeries } from './remote-series.ts';
import type { SpoolTicket } from './spool-segment.ts';

/** A sample's share of a 1.0 request beside its labels; also covers the references and the metadata of 2.0. */
const BYTES_BESIDE_LABELS = 64;

export interface ChunkLimits {
  readonly maxSamples: number;
  readonly maxBytes: number;
}

/** Samples of one pipeline and one shard, no series twice: the unit that waits, is sent, spooled or dropped whole. */
export interface Chunk {
  readonly pipeline: string;
  /** Chunks are numbered as they are queued; parts of a chunk that was split keep its number. */
  readonly number: number;
  /** On the steady clock of the process. */
  readonly queuedAtMs: number;
  readonly columns: RemoteColumns;
  readonly bytes: number;
  /** Its place on disk, when it has one. */
  ticket: SpoolTicket | undefined;
}

export function requestBytes(columns: RemoteColumns): number {
  return columns.series.reduce((sum, series) => sum + series.labelBytes.length + BYTES_BESIDE_LABELS, 0);
}

/** Collects samples of one shard; a chunk is given out when the next sample does not fit into it. */
export class ChunkWriter {
  readonly #limits: ChunkLimits;
  readonly #open: () => number;
  readonly #seal: (columns: RemoteColumns, number: number) => void;
  #number = 0;
  #bytes = 0;
  #series: RemoteSeries[] = [];
  #timestampsMs: number[] = [];
  #values: number[] = [];
  #ended: number[] = [];

  /** `open` gives the number of the next chunk, `seal` takes a chunk that is complete. */
  constructor(limits: ChunkLimits, open: () => number, seal: (columns: RemoteColumns, number: number) => void) {
    this.#limits = limits;
    this.#open = open;
    this.#seal = seal;
  }

  add(series: RemoteSeries, timestampMs: number, value: number): void {
    this.#add(series, timestampMs, value, 0);
  }

  /** The series ends at that instant. */
  addEnd(series: RemoteSeries, timestampMs: number): void {
    this.#add(series, timestampMs, 0, 1);
  }

  flush(): void {
    if (this.#series.length === 0) return;
    const columns: RemoteColumns = {
      series: this.#series,
      timestampsMs: Float64Array.from(this.#timestampsMs),
      values: Float64Array.from(this.#values),
      ended: Uint8Array.from(this.#ended),
    };
    this.#series = [];
    this.#timestampsMs = [];
    this.#values = [];
    this.#ended = [];
    this.#bytes = 0;
    this.#seal(columns, this.#number);
  }

  #add(series: RemoteSeries, timestampMs: number, value: number, ended: 0 | 1): void {
    const bytes = series.labelBytes.length + BYTES_BESIDE_LABELS;
    const isFull = this.#series.length >= this.#limits.maxSamples || this.#bytes + bytes > this.#limits.maxBytes;
    if (this.#series.length > 0 && (isFull || series.lastChunk === this.#number)) this.flush();
    if (this.#series.length === 0) this.#number = this.#open();
    series.lastChunk = this.#number;
    this.#bytes += bytes;
    this.#series.push(series);
    this.#timestampsMs.push(timestampMs);
    this.#values.push(value);
    this.#ended.push(ended);
  }
}

/** The chunk's samples by shard; entry i of the answer is the part of shard i, where there is one. */
export function splitByShard(chunk: Chunk, shards: number): (Chunk | undefined)[] {
  const positions = Array.from({ length: shards }, (): number[] => []);
  for (const [i, series] of chunk.columns.series.entries()) positions[series.shardHash % shards]!.push(i);
  if (chunk.ticket !== undefined) chunk.ticket.parts += positions.filter((some) => some.length > 0).length - 1;
  return positions.map((some) => {
    if (some.length === 0) return undefined;
    const columns = pickColumns(chunk.columns, some);
    return { ...chunk, columns, bytes: requestBytes(columns) };
  });
}

/** The chunk in pieces of at most so many samples. */
export function splitBySize(chunk: Chunk, maxSamples: number): Chunk[] {
  const samples = chunk.columns.series.length;
  if (samples <= maxSamples) return [chunk];
  const pieces: Chunk[] = [];
  for (let from = 0; from < samples; from += maxSamples) {
    const columns = sliceColumns(chunk.columns, from, Math.min(samples, from + maxSamples));
    pieces.push({ ...chunk, columns, bytes: requestBytes(columns) });
  }
  if (chunk.ticket !== undefined) chunk.ticket.parts += pieces.length - 1;
  return pieces;
}
