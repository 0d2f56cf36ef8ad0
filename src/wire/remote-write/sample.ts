import { type ByteBuffer, varint64Size } from './byte-buffer.ts';
import type { SampleColumns } from './columns.ts';

/** The field `samples` has the number 2 in both versions. */
const SAMPLES_FIELD = 0x12;
const VALUE_FIELD = 0x09;
const TIMESTAMP_FIELD = 0x10;

/** Bytes of a Sample, without its own tag and length. As in any proto3, what is zero is not written; −0 is not zero. */
export function sampleSize(columns: SampleColumns, position: number): number {
  const valueBytes = columns.ended[position] === 1 || !Object.is(columns.values[position], 0) ? 9 : 0;
  const timestampMs = columns.timestampsMs[position]!;
  return valueBytes + (timestampMs === 0 ? 0 : 1 + varint64Size(timestampMs));
}

/** Tag, length and Sample. Room for 2 + `size` bytes must have been reserved; `size` is what `sampleSize` said. */
export function writeSample(out: ByteBuffer, columns: SampleColumns, place: { position: number; size: number }): void {
  const value = columns.values[place.position]!;
  const timestampMs = columns.timestampsMs[place.position]!;
  out.byte(SAMPLES_FIELD);
  out.byte(place.size);
  if (columns.ended[place.position] === 1) {
    out.byte(VALUE_FIELD);
    out.staleMarker();
  } else if (!Object.is(value, 0)) {
    out.byte(VALUE_FIELD);
    out.double(value);
  }
  if (timestampMs !== 0) {
    out.byte(TIMESTAMP_FIELD);
    out.varint64(timestampMs);
  }
}
