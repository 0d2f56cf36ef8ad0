import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PassedRequest } from '../../../src/adapters/receive/decode/messages.ts';
import { RequestPacker, unpackRequests } from '../../../src/adapters/receive/decode/packed-requests.ts';

const anyRequest: fc.Arbitrary<PassedRequest> = fc.record({
  version: fc.constantFrom('1.0' as const, '2.0' as const),
  body: fc.uint8Array({ maxLength: 40 }),
  receivedMs: fc.integer({ min: 0, max: 4e12 }),
});

function request(bytes: number): PassedRequest {
  return { version: '1.0', body: new Uint8Array(bytes).fill(7), receivedMs: 1 };
}

describe('RequestPacker', () => {
  it('brings requests over as they are, in memory of any earlier batch', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyRequest, { maxLength: 8 }), { maxLength: 5 }), (batches) => {
        const packer = new RequestPacker();
        for (const batch of batches) {
          const packed = packer.pack(batch);
          expect(unpackRequests(packed)).toEqual(batch);
          packer.takeBack(packed.bytes.buffer);
        }
      }),
    );
  });

  it('uses memory again where it is large enough', () => {
    const packer = new RequestPacker();
    const { buffer } = packer.pack([request(1000), request(2000)]).bytes;
    packer.takeBack(buffer);
    expect(packer.pack([request(3000)]).bytes.buffer).toBe(buffer);
    packer.takeBack(buffer);
    expect(packer.pack([request(buffer.byteLength + 1)]).bytes.buffer).not.toBe(buffer);
  });

  it('lets go of what one huge request needed', () => {
    const packer = new RequestPacker();
    const { buffer } = packer.pack([request(3 * 1024 * 1024)]).bytes;
    packer.takeBack(buffer);
    expect(packer.pack([request(10)]).bytes.byteLength).toBeLessThan(buffer.byteLength);
  });
});
