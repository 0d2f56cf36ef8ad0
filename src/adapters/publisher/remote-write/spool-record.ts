import { crc32 } from 'node:zlib';
import { ByteBuffer } from '../../../wire/remote-write/byte-buffer.ts';
import { decodeLabels } from '../../../wire/remote-write/labels.ts';
import { type RemoteColumns, type RemoteSeries, type SeriesRegistry, shardHash } from './remote-series.ts';

/** First bytes of a segment; the digit is the version of the format. */
export const SEGMENT_HEAD = Buffer.from('oaspool1');
/** Length and CRC-32 of the payload, both little-endian. */
const FRAME_BYTES = 8;
const SAMPLE_BYTES = 22;

export interface SpooledChunk {
  readonly pipeline: string;
  readonly columns: RemoteColumns;
}

/**
 * One framed record: the chunk, preceded by the series that this segment has not named yet. `numbers` holds the
 * number of every series the segment names, and is added to; so a segment can be read without any other.
 */
export function encodeRecord(chunk: SpooledChunk, numbers: Map<RemoteSeries, number>): Uint8Array {
  const { series, timestampsMs, values, ended } = chunk.columns;
  const fresh = series.filter((one) => !numbers.has(one));
  const payload = new ByteBuffer(64 + series.length * SAMPLE_BYTES);
  writeText(payload, chunk.pipeline);
  payload.reserve(5);
  payload.varint32(fresh.length);
  for (const one of fresh) {
    numbers.set(one, numbers.size);
    writeBytes(payload, one.labelBytes);
    writeText(payload, one.help);
  }
  payload.reserve(5 + series.length * SAMPLE_BYTES);
  payload.varint32(series.length);
  for (let i = 0; i < series.length; i++) {
    payload.varint32(numbers.get(series[i]!)!);
    payload.byte(ended[i]!);
    payload.double(timestampsMs[i]!);
    payload.double(ended[i] === 1 ? 0 : values[i]!);
  }
  const frame = Buffer.allocUnsafe(FRAME_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload.written()), 4);
  frame.set(payload.written(), FRAME_BYTES);
  return frame;
}

export interface SegmentContent {
  readonly chunks: readonly SpooledChunk[];
  /** `torn`: the process ended while it wrote the last record. `broken`: the file is not what was written. */
  readonly state: 'whole' | 'torn' | 'broken';
}

/** Reads as far as the records are sound. */
export function decodeSegment(file: Buffer, registry: SeriesRegistry): SegmentContent {
  const chunks: SpooledChunk[] = [];
  if (file.length < SEGMENT_HEAD.length) return { chunks, state: 'torn' };
  if (!file.subarray(0, SEGMENT_HEAD.length).equals(SEGMENT_HEAD)) return { chunks, state: 'broken' };
  const named: RemoteSeries[] = [];
  for (let at = SEGMENT_HEAD.length; at < file.length; ) {
    if (at + FRAME_BYTES > file.length) return { chunks, state: 'torn' };
    const end = at + FRAME_BYTES + file.readUInt32LE(at);
    if (end > file.length) return { chunks, state: 'torn' };
    const payload = file.subarray(at + FRAME_BYTES, end);
    if (crc32(payload) !== file.readUInt32LE(at + 4)) return { chunks, state: 'broken' };
    chunks.push(decodePayload(new PayloadReader(payload), named, registry));
    at = end;
  }
  return { chunks, state: 'whole' };
}

function decodePayload(payload: PayloadReader, named: RemoteSeries[], registry: SeriesRegistry): SpooledChunk {
  const pipeline = payload.text();
  for (let fresh = payload.varint32(); fresh > 0; fresh--) {
    const labelBytes = new Uint8Array(payload.bytes());
    named.push(registry.series(labelBytes, { help: payload.text(), shardHash: shardHash(decodeLabels(labelBytes)) }));
  }
  const count = payload.varint32();
  const series: RemoteSeries[] = [];
  const timestampsMs = new Float64Array(count);
  const values = new Float64Array(count);
  const ended = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    series.push(named[payload.varint32()]!);
    ended[i] = payload.byte();
    timestampsMs[i] = payload.double();
    values[i] = payload.double();
  }
  return { pipeline, columns: { series, timestampsMs, values, ended } };
}

class PayloadReader {
  readonly #payload: Buffer;
  #at = 0;

  constructor(payload: Buffer) {
    this.#payload = payload;
  }

  byte(): number {
    return this.#payload.readUInt8(this.#at++);
  }

  varint32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  }

  double(): number {
    this.#at += 8;
    return this.#payload.readDoubleLE(this.#at - 8);
  }

  bytes(): Buffer {
    const length = this.varint32();
    this.#at += length;
    return this.#payload.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }
}

function writeBytes(out: ByteBuffer, bytes: Uint8Array): void {
  out.reserve(5 + bytes.length);
  out.varint32(bytes.length);
  out.bytes(bytes);
}

function writeText(out: ByteBuffer, text: string): void {
  writeBytes(out, Buffer.from(text));
}
