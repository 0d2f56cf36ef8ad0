import { MalformedMessage } from './malformed.ts';

/** Bytes of a varint that make 49 bits; three more make the 15 that are left of 64. */
const LOW_BYTES = 7;

/** How a field is written. */
const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

/** Reads protobuf fields out of one buffer, from place to place. Throws MalformedMessage where a field does not end. */
export class FieldReader {
  bytes: Uint8Array = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  at = 0;

  /** Takes a message; its bytes must stay while they are read. */
  use(bytes: Uint8Array): void {
    if (
      bytes.buffer !== this.bytes.buffer ||
      bytes.byteOffset !== this.bytes.byteOffset ||
      bytes.length !== this.bytes.length
    ) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.at = 0;
  }

  /** A varint before `end`, as a signed number of 64 bits; beyond ±2⁵³ it is not exact. */
  varint(end: number): number {
    const { bytes } = this;
    let at = this.at;
    let low = 0;
    let factor = 1;
    for (let i = 0; i < LOW_BYTES && at < end; i++) {
      const byte = bytes[at++]!;
      low += (byte & 127) * factor;
      if (byte < 128) {
        this.at = at;
        return low;
      }
      factor *= 128;
    }
    let high = 0;
    for (let shift = 0; shift < 21 && at < end; shift += 7) {
      const byte = bytes[at++]!;
      high |= (byte & 127) << shift;
      if (byte >= 128) continue;
      this.at = at;
      // Apart, low and high are exact; the highest of 64 bits is the sign.
      return low + ((high << 17) >> 17) * factor;
    }
    throw new MalformedMessage('protobuf: a number does not end');
  }

  /** Length of the field that begins, which lies before `end`. */
  length(end: number): number {
    const length = this.varint(end);
    if (length < 0 || this.at + length > end)
      throw new MalformedMessage('protobuf: a field is longer than its message');
    return length;
  }

  double(end: number): number {
    if (this.at + 8 > end) throw new MalformedMessage('protobuf: a number does not end');
    const value = this.view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  /** Goes past a field of no interest, whose tag was read. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint(end);
        return;
      case FIXED64:
        this.at += 8;
        break;
      case BYTES: {
        const length = this.length(end);
        this.at += length;
        return;
      }
      case FIXED32:
        this.at += 4;
        break;
      default:
        throw new MalformedMessage(`protobuf: wire type ${tag & 7}`);
    }
    if (this.at > end) throw new MalformedMessage('protobuf: a field is longer than its message');
  }
}
