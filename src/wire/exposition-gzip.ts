import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';

const deflateRawAsync = promisify(deflateRaw);

/** Pieces of at least this size are compressed once and kept; smaller neighbours are compressed together each time. */
const KEPT_PIECE_BYTES = 32 * 1024;

/** Magic, method deflate, no flags, no time, fastest algorithm, unknown system (RFC 1952). */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

/** A final deflate block that holds nothing (RFC 1951). */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

interface Deflated {
  readonly bytes: Buffer;
  readonly crc: number;
  readonly length: number;
}

/** Text of a page that stays the same for many scrapes, with its compressed form once somebody asked for it. */
export class PagePiece {
  readonly text: Buffer;
  #deflated: Promise<Deflated> | undefined;

  constructor(text: Buffer) {
    this.text = text;
  }

  /** Compresses the piece in zlib's threads, once, where it is worth keeping. */
  deflated(): Promise<Deflated> {
    this.#deflated ??= deflate(this.text);
    return this.#deflated;
  }

  /** Large enough for its compressed form to be worth its memory. */
  get isKept(): boolean {
    return this.text.length >= KEPT_PIECE_BYTES;
  }
}

/**
 * One gzip stream of the pieces, level 1. Each piece is compressed without reference to the others and ends on a byte,
 * so that pieces compressed at different times stand behind each other in one stream; a scrape then compresses only
 * what changed since the last one.
 */
export async function gzipPieces(pieces: readonly PagePiece[]): Promise<Buffer[]> {
  const blocks: Promise<Deflated>[] = [];
  let small: Buffer[] = [];
  for (const piece of pieces) {
    if (!piece.isKept) {
      small.push(piece.text);
      continue;
    }
    if (small.length > 0) blocks.push(deflate(Buffer.concat(small)));
    small = [];
    blocks.push(piece.deflated());
  }
  if (small.length > 0) blocks.push(deflate(Buffer.concat(small)));
  return assemble(await Promise.all(blocks));
}

function assemble(blocks: readonly Deflated[]): Buffer[] {
  const stream: Buffer[] = [GZIP_HEADER];
  let crc = 0;
  let length = 0;
  for (const block of blocks) {
    stream.push(block.bytes);
    crc = combineCrc32(crc, block.crc, block.length);
    length += block.length;
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  stream.push(LAST_BLOCK, trailer);
  return stream;
}

async function deflate(text: Buffer): Promise<Deflated> {
  const bytes = await deflateRawAsync(text, { level: 1, finishFlush: constants.Z_FULL_FLUSH });
  return { bytes, crc: crc32(text), length: text.length };
}

/** The reflected CRC-32 polynomial of gzip. */
const POLYNOMIAL = 0xedb88320;

/**
 * CRC-32 of two pieces of text behind each other, from the CRC of each and the length of the second in bytes: the
 * first is multiplied by x^(8·length) modulo the polynomial, by squaring, and added.
 */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  // Bit 31 stands for x^0, so x^0 is 1 << 31 and x^8 is 1 << 23.
  let power = 1 << 31;
  let square = 1 << 23;
  for (let rest = secondLength; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(power, square);
    square = multiply(square, square);
  }
  return (multiply(power, first) ^ second) >>> 0;
}

/** a · b modulo the polynomial, both reflected. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product;
}
