import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, OpenAnomalyError } from '../../../errors.ts';
import type { Logger } from '../../../ports/logger.ts';
import type { Chunk } from './chunk.ts';
import type { SeriesRegistry } from './remote-series.ts';
import type { SendLog } from './send-log.ts';
import { decodeSegment, encodeRecord, SEGMENT_HEAD, type SpooledChunk } from './spool-record.ts';
import type { Segment } from './spool-segment.ts';

const SEGMENT_BYTES = 4 * 1024 * 1024;
const SEGMENT_NAME = /^(\d{8})\.spool$/;
/** Broken segments kept for a person to look at; older ones go. */
const BROKEN_KEPT = 3;

export interface SpoolOptions {
  /** Of this endpoint alone; made when missing. */
  readonly dir: string;
  readonly logger: Logger;
  readonly log: SendLog;
}

/**
 * A copy on disk of what waits while the endpoint does not take it, for the next process to read. It holds nothing
 * that the queue does not hold, so the queue's bound is its bound. Segments are only appended to and are removed when
 * everything in them is settled; a crash can cost the record that was being written, and can repeat what was settled
 * out of a segment that was still needed.
 */
export class Spool {
  readonly #options: SpoolOptions;
  #current: Segment | undefined;
  /** Writes, one after the other. */
  #writes: Promise<void> = Promise.resolve();

  constructor(options: SpoolOptions) {
    this.#options = options;
    try {
      mkdirSync(options.dir, { recursive: true });
    } catch (error) {
      const message = `spool_dir "${options.dir}" cannot be used: ${describeError(error)}`;
      throw new OpenAnomalyError('state_unwritable', message, { cause: error });
    }
  }

  /**
   * What earlier processes left, in order. `adopt` makes chunks of it, in the same order; they keep their place on
   * disk. A broken segment is set aside, and what was sound in it is written again.
   */
  replay(registry: SeriesRegistry, adopt: (chunk: SpooledChunk) => Chunk): void {
    const { dir, logger } = this.#options;
    let samples = 0;
    for (const name of this.#segmentNames()) {
      const path = join(dir, name);
      const { chunks, state } = decodeSegment(readFileSync(path), registry);
      const adopted = chunks.map(adopt);
      samples += chunks.reduce((sum, { columns }) => sum + columns.series.length, 0);
      if (state === 'broken') this.#setAside(path, adopted);
      else this.#keep(path, adopted);
      if (state === 'torn') logger.log('warn', 'a spool segment ends within a record, which is lost', { file: path });
    }
    if (samples > 0) logger.log('info', 'samples that an earlier process could not send will be sent', { samples });
  }

  /** Writes chunks that have no sound place on disk yet. Their places are theirs at once; the writing follows. */
  append(chunks: Iterable<Chunk>): void {
    const writes = new Map<Segment, Uint8Array[]>();
    for (const chunk of chunks) {
      if (this.holds(chunk)) continue;
      this.settle(chunk);
      const segment = this.#openSegment();
      const record = encodeRecord(chunk, segment.numbers);
      segment.bytes += record.length;
      segment.needed++;
      chunk.ticket = { segment, parts: 1 };
      const records = writes.get(segment);
      if (records === undefined) writes.set(segment, [record]);
      else records.push(record);
    }
    for (const [segment, records] of writes) this.#enqueue(segment, () => writeAll(segment, records));
  }

  /** The chunk, or a part of one that was split, is needed no more. */
  settle(chunk: Chunk): void {
    const { ticket } = chunk;
    chunk.ticket = undefined;
    if (ticket === undefined || --ticket.parts > 0) return;
    const { segment } = ticket;
    if (--segment.needed > 0) return;
    if (this.#current === segment) this.#current = undefined;
    this.#enqueue(segment, async () => {
      await closeFile(segment);
      await rm(segment.path, { force: true });
    });
  }

  /** Whether the chunk will be there for the next process; true only once `close` has resolved. */
  holds(chunk: Chunk): boolean {
    return chunk.ticket !== undefined && !chunk.ticket.segment.hasFailed;
  }

  /** Resolves when everything is on the disk itself. */
  async close(): Promise<void> {
    const segment = this.#current;
    if (segment !== undefined) {
      this.#enqueue(segment, async () => {
        await segment.file?.sync();
        await closeFile(segment);
      });
    }
    await this.#writes;
  }

  #openSegment(): Segment {
    const before = this.#current;
    if (before !== undefined && before.bytes < SEGMENT_BYTES && !before.hasFailed) return before;
    if (before !== undefined) {
      before.numbers.clear();
      this.#enqueue(before, () => closeFile(before));
    }
    const { dir, log } = this.#options;
    const newest = this.#segmentNames().at(-1);
    const number = newest === undefined ? 1 : Number.parseInt(newest, 10) + 1;
    const path = join(dir, `${String(number).padStart(8, '0')}.spool`);
    const segment: Segment = { path, numbers: new Map(), bytes: 0, needed: 0, hasFailed: false, file: undefined };
    try {
      // Made at once, so that nobody else who spools here takes the number.
      writeFileSync(path, SEGMENT_HEAD, { flag: 'wx' });
    } catch (error) {
      segment.hasFailed = true;
      log.unspoolable(describeError(error));
    }
    this.#current = segment;
    return segment;
  }

  #enqueue(segment: Segment, write: () => Promise<void>): void {
    this.#writes = this.#writes.then(write).catch((error) => {
      segment.hasFailed = true;
      this.#options.log.unspoolable(describeError(error));
    });
  }

  #keep(path: string, chunks: readonly Chunk[]): void {
    if (chunks.length === 0) {
      rmSync(path, { force: true });
      return;
    }
    const segment: Segment = {
      path,
      numbers: new Map(),
      bytes: SEGMENT_BYTES,
      needed: chunks.length,
      hasFailed: false,
      file: undefined,
    };
    for (const chunk of chunks) chunk.ticket = { segment, parts: 1 };
  }

  /** The sound part goes to a new segment before the broken one loses its name. */
  #setAside(path: string, chunks: readonly Chunk[]): void {
    const { logger, dir } = this.#options;
    const aside = `${path}.broken`;
    this.append(chunks);
    this.#writes = this.#writes
      .then(() => renameSync(path, aside))
      .catch((error) => this.#options.log.unspoolable(describeError(error)));
    logger.log('error', 'a spool segment is broken and was set aside; what came before the fault is kept', {
      code: 'snapshot_broken',
      file: aside,
      chunks: chunks.length,
    });
    const broken = readdirSync(dir)
      .filter((name) => name.endsWith('.broken'))
      .sort();
    for (const name of broken.slice(0, Math.max(0, broken.length - BROKEN_KEPT + 1)))
      rmSync(join(dir, name), { force: true });
  }

  #segmentNames(): string[] {
    return readdirSync(this.#options.dir)
      .filter((name) => SEGMENT_NAME.test(name))
      .sort();
  }
}

async function writeAll(segment: Segment, records: readonly Uint8Array[]): Promise<void> {
  if (segment.hasFailed) return;
  segment.file ??= await open(segment.path, 'a');
  await segment.file.appendFile(Buffer.concat(records));
}

async function closeFile(segment: Segment): Promise<void> {
  const { file } = segment;
  segment.file = undefined;
  await file?.close();
}
