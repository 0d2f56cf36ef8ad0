/** Stale marker: this exact NaN says that a series ended. A JavaScript number may not keep its bits. */
const STALE_MARKER = 0x7ff0000000000002n;
/** Above this, writing text byte by byte is slower than one call into native code. */
const SHORT_TEXT = 48;
const TWO_TO_32 = 4294967296;

/** A growing buffer for protobuf fields. It is written, its bytes are used, it is cleared: nothing is allocated twice. */
export class ByteBuffer {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was written, without a copy: valid until the next write or `clear`. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, as a copy of its own. */
  copy(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  /** Makes room for `count` more bytes, so that the writers below need not ask. */
  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** One byte; room must have been reserved. */
  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  /** An unsigned 32-bit varint; room for 5 bytes must have been reserved. */
  varint32(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A signed 64-bit varint of a safe integer; negative ones take ten bytes. Room must have been reserved. */
  varint64(value: number): void {
    let low = value >>> 0;
    let high = Math.floor(value / TWO_TO_32) >>> 0;
    while (high !== 0) {
      this.#bytes[this.#length++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.varint32(low);
  }

  /** An IEEE double, little-endian; room for 8 bytes must have been reserved. */
  double(value: number): void {
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** The stale marker, bit for bit; room for 8 bytes must have been reserved. */
  staleMarker(): void {
    this.#view.setBigUint64(this.#length, STALE_MARKER, true);
    this.#length += 8;
  }

  /** Bytes as they are; room must have been reserved. */
  bytes(source: Uint8Array): void {
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** A text field of protobuf: tag, length in bytes, UTF-8. Reserves its own room. */
  text(tag: number, text: string): void {
    if (text.length <= SHORT_TEXT && this.#shortAscii(tag, text)) return;
    const length = Buffer.byteLength(text);
    this.reserve(6 + length);
    this.byte(tag);
    this.varint32(length);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  #shortAscii(tag: number, text: string): boolean {
    this.reserve(2 + text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = tag;
    bytes[at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return false;
      bytes[at++] = unit;
    }
    this.#length = at;
    return true;
  }
}

/** Bytes that `value` takes as an unsigned 32-bit varint. */
export function varintSize(value: number): number {
  return value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : value < 268435456 ? 4 : 5;
}

/** Bytes that a safe integer takes as a signed 64-bit varint. */
export function varint64Size(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
