import { crc32, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrc32, gzipPieces, PagePiece } from '../../src/wire/exposition-gzip.ts';

describe('combineCrc32', () => {
  it('is the CRC-32 of the texts behind each other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });
});

describe('gzipPieces', () => {
  const line = (i: number) => `openanomaly_score{instance="host-${i % 97}",pipeline="p"} ${i / 7}\n`;
  const large = Buffer.from(Array.from({ length: 2000 }, (_, i) => line(i)).join(''));
  const small = Buffer.from('# HELP a b\n');

  const rows = [
    { name: 'no piece', texts: [] },
    { name: 'an empty piece', texts: [Buffer.alloc(0)] },
    { name: 'small pieces', texts: [small, small, small] },
    { name: 'one large piece', texts: [large] },
    { name: 'large pieces between small ones', texts: [small, large, large, small, small, large, small] },
  ];
  it.each(rows)('makes one gzip stream of $name', async ({ texts }) => {
    const stream = Buffer.concat(await gzipPieces(texts.map((text) => new PagePiece(text))));
    expect(gunzipSync(stream).equals(Buffer.concat(texts))).toBe(true);
  });

  it('compresses a large piece once, however often it is sent', async () => {
    const piece = new PagePiece(large);
    expect(piece.isKept).toBe(true);
    const first = await gzipPieces([piece]);
    const second = await gzipPieces([new PagePiece(small), piece]);
    expect(second.some((bytes) => bytes === first[1])).toBe(true);
    expect(first[1]!.length).toBeLessThan(large.length / 4);
  });
});
