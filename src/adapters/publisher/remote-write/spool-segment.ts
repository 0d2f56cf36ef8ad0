import type { FileHandle } from 'node:fs/promises';
import type { RemoteSeries } from './remote-series.ts';

/** A file of records. It goes when none of its chunks is needed any more. */
export interface Segment {
  readonly path: string;
  readonly numbers: Map<RemoteSeries, number>;
  bytes: number;
  /** Chunks that are not settled. */
  needed: number;
  /** Nothing that was meant for it can be relied on. */
  hasFailed: boolean;
  file: FileHandle | undefined;
}

/** A chunk's place on disk. The place is given up when every part of the chunk is settled. */
export interface SpoolTicket {
  readonly segment: Segment;
  parts: number;
}
