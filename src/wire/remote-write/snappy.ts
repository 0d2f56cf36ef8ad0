import { MalformedMessage } from './malformed.ts';

/** Literals and copies up to this are quicker word by word than by one call into native code. */
const SHORT_BYTES = 64;
const WORD = 4;

/** Length of what a snappy block unpacks to, as the block itself says. */
export function unpackedLength(block: Uint8Array): number {
  return readLength(block).length;
}

/**
 * Unpacks a snappy block (the format without frames) into `target`, which must have room for `unpackedLength` bytes.
 * Answers how many they are; up to three more may be written over. Several times as fast as the package that packs for
 * us, and into memory that is there.
 */
export function unpackSnappy(block: Uint8Array, target: Uint8Array): number {
  const { length, at: start } = readLength(block);
  if (length > target.length) throw new MalformedMessage('snappy: no room for what the block unpacks to');
  const end = block.length;
  const from = new DataView(block.buffer, block.byteOffset, end);
  const to = new DataView(target.buffer, target.byteOffset, target.length);
  // Where a whole word that begins before may be read or written: most texts are no whole number of words.
  const lastRead = end - WORD;
  const lastWrite = target.length - WORD;
  let at = start;
  let out = 0;
  while (at < end) {
    const tag = block[at++]!;
    if ((tag & 3) === 0) {
      let count = tag >> 2;
      if (count >= 60) {
        const bytes = count - 59;
        if (at + bytes > end) throw cut();
        count = 0;
        for (let i = 0; i < bytes; i++) count += block[at++]! * 2 ** (8 * i);
      }
      count++;
      if (at + count > end || out + count > length) throw cut();
      if (count <= SHORT_BYTES && at + count <= lastRead && out + count <= lastWrite)
        for (let i = 0; i < count; i += WORD) to.setInt32(out + i, from.getInt32(at + i, true), true);
      else target.set(block.subarray(at, at + count), out);
      at += count;
      out += count;
      continue;
    }
    let count: number;
    let offset: number;
    if ((tag & 3) === 1) {
      if (at >= end) throw cut();
      count = 4 + ((tag >> 2) & 7);
      offset = ((tag >> 5) << 8) | block[at++]!;
    } else {
      const isLong = (tag & 3) === 3;
      if (at + (isLong ? 4 : 2) > end) throw cut();
      count = 1 + (tag >> 2);
      offset = block[at]! | (block[at + 1]! << 8);
      if (isLong) offset += block[at + 2]! * 65_536 + block[at + 3]! * 16_777_216;
      at += isLong ? 4 : 2;
    }
    if (offset === 0 || offset > out || out + count > length) throw cut();
    // A copy may reach into what it writes itself: then it repeats.
    if (offset >= count && count > SHORT_BYTES) target.copyWithin(out, out - offset, out - offset + count);
    else if (offset >= WORD && out + count <= lastWrite)
      for (let i = 0; i < count; i += WORD) to.setInt32(out + i, to.getInt32(out - offset + i, true), true);
    else for (let i = 0; i < count; i++) target[out + i] = target[out - offset + i]!;
    out += count;
  }
  if (out !== length) throw cut();
  return length;
}

function readLength(block: Uint8Array): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at]!;
    length += (byte & 127) * 128 ** at;
    if (byte < 128) {
      if (length > 0xffffffff) throw new MalformedMessage('snappy: longer than the format allows');
      return { length, at: at + 1 };
    }
  }
  throw new MalformedMessage('snappy: no length');
}

function cut(): MalformedMessage {
  return new MalformedMessage('snappy: corrupt input');
}
