import fc from 'fast-check';
import snappy from 'snappyjs';
import { describe, expect, it } from 'vitest';
import { decodeWriteRequest, readLabelFields } from '../../src/wire/remote-write/decode-v1.ts';
import { RequestDecoder } from '../../src/wire/remote-write/decode-v2.ts';
import { DecodedSamples } from '../../src/wire/remote-write/decoded-samples.ts';
import { FieldReader } from '../../src/wire/remote-write/field-reader.ts';
import { MalformedMessage } from '../../src/wire/remote-write/malformed.ts';
import { unpackedLength, unpackSnappy } from '../../src/wire/remote-write/snappy.ts';
import { STALE_BITS } from '../support/receiver.ts';
import { RequestV2, requestV2Object, WriteRequest } from '../support/remote-write-proto.ts';

interface Series {
  readonly pairs: readonly string[];
  readonly samples: readonly { readonly timestampMs: number; readonly value: number }[];
}

/** Decoded, as a person would write it down; series that `wanted` refuses are only counted. */
function decoded(version: 1 | 2, message: Uint8Array, wanted: (pairs: readonly string[]) => boolean = () => true) {
  const texts: string[] = [];
  const known: string[][] = [];
  const markOf = (pairs: string[]) => (wanted(pairs) ? known.push(pairs) : 0);
  const reader = new FieldReader();
  const samples = new DecodedSamples();
  reader.use(message);
  if (version === 1)
    decodeWriteRequest(
      reader,
      {
        expected: () => 0,
        ofLabels(view, from, to) {
          const labels = new FieldReader();
          labels.use(new Uint8Array(view.buffer, view.byteOffset + from, to - from));
          return markOf(readLabelFields(labels));
        },
      },
      samples,
    );
  else
    new RequestDecoder().decode(
      reader,
      {
        ofSymbol: (view, from, to) =>
          texts.push(Buffer.from(view.buffer, view.byteOffset + from, to - from).toString()) - 1,
        ofSymbols: (numbers, count) => markOf(Array.from(numbers.subarray(0, count), (number) => texts[number]!)),
      },
      samples,
    );
  const list = Array.from({ length: samples.count }, (_, i) => ({
    pairs: known[samples.marks[i]! - 1]!,
    timestampMs: samples.timestampsMs[i]!,
    value: samples.values[i]!,
  }));
  return { list, total: samples.total };
}

function flat(series: readonly Series[]) {
  return series.flatMap(({ pairs, samples }) => samples.map((sample) => ({ pairs: [...pairs], ...sample })));
}

function encodedV1(series: readonly Series[]): Uint8Array {
  const timeseries = series.map(({ pairs, samples }) => ({
    labels: pairs.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: pairs[i + 1] }] : [])),
    samples: samples.map(({ timestampMs, value }) => ({ timestamp: timestampMs, value })),
  }));
  return WriteRequest.encode(WriteRequest.fromObject({ timeseries, metadata: [{ type: 1, help: 'h' }] })).finish();
}

function encodedV2(series: readonly Series[]): Uint8Array {
  const object = requestV2Object(flat(series).map((sample) => ({ ...sample, help: 'helpful' })));
  return RequestV2.encode(RequestV2.fromObject(object)).finish();
}

const anySeries = fc.array(
  fc.record({
    pairs: fc
      .array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 12 })
      .map((pairs) => pairs.flat()),
    samples: fc.array(fc.record({ timestampMs: fc.maxSafeInteger(), value: fc.double() }), { maxLength: 5 }),
  }),
  { maxLength: 20 },
);

describe('remote write, decoded', () => {
  it.each([1, 2] as const)('%s.0 is what another implementation wrote', (version) => {
    fc.assert(
      fc.property(anySeries, (series) => {
        const message = version === 1 ? encodedV1(series) : encodedV2(series);
        const { list, total } = decoded(version, message);
        const written = flat(series);
        expect(list).toEqual(written);
        expect(total).toBe(written.length);
      }),
    );
  });

  const two: Series[] = ['a', 'b'].map((name) => ({
    pairs: ['__name__', name, 'job', 'x'],
    samples: [
      { timestampMs: 1_790_000_000_000, value: 1 },
      { timestampMs: 1_790_000_001_000, value: 2 },
    ],
  }));

  it.each([1, 2] as const)('%s.0 counts what is of no interest and leaves it', (version) => {
    const message = version === 1 ? encodedV1(two) : encodedV2(two);
    const { list, total } = decoded(version, message, (pairs) => pairs.includes('b'));
    expect(list.map(({ pairs, value }) => [pairs[1], value])).toEqual([
      ['b', 1],
      ['b', 2],
    ]);
    expect(total).toBe(4);
  });

  it('takes fields in any order, and passes over those it does not know', () => {
    const label = (name: string, value: string) => [
      0x12,
      value.length,
      ...Buffer.from(value),
      0x0a,
      name.length,
      ...Buffer.from(name),
    ];
    const field = (tag: number, bytes: readonly number[]) => [tag, bytes.length, ...bytes];
    const sample = [0x10, 5, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    const series = [
      ...field(0x0a, label('__name__', 'm')),
      ...field(0x12, sample),
      ...field(0x22, [1, 2, 3]),
      ...field(0x0a, label('z', 'q')),
      0x28,
      0x96,
      0x01,
    ];
    const message = Uint8Array.from([0x1d, 1, 2, 3, 4, ...field(0x0a, series), ...field(0x1a, [])]);
    expect(decoded(1, message).list).toEqual([{ pairs: ['__name__', 'm', 'z', 'q'], timestampMs: 5, value: 1 }]);
  });

  it('finds 2.0 references that are not packed, and symbols behind them', () => {
    const series = [0x08, 1, 0x08, 2, 0x12, 2, 0x10, 7];
    const symbols = [0x22, 0, 0x22, 1, 97, 0x22, 1, 98];
    const message = Uint8Array.from([0x2a, series.length, ...series, ...symbols]);
    expect(decoded(2, message).list).toEqual([{ pairs: ['a', 'b'], timestampMs: 7, value: 0 }]);
  });

  it('knows a stale marker as no sample', () => {
    const message = Buffer.from(encodedV1([{ pairs: ['a', 'b'], samples: [{ timestampMs: 5, value: 1 }] }]));
    const one = Buffer.alloc(8);
    one.writeDoubleLE(1);
    message.writeBigUInt64LE(STALE_BITS, message.indexOf(one));
    expect(decoded(1, message).list).toEqual([{ pairs: ['a', 'b'], timestampMs: 5, value: Number.NaN }]);
  });

  it.each([1, 2] as const)('%s.0 that is cut off or made up is malformed or read, never anything else', (version) => {
    const message = version === 1 ? encodedV1(two) : encodedV2(two);
    const tries = fc.oneof(
      fc.nat(message.length - 1).map((length) => message.subarray(0, length)),
      fc.tuple(fc.nat(message.length - 1), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
        const changed = message.slice();
        changed[at] = byte;
        return changed;
      }),
      fc.uint8Array({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(tries, (bytes) => {
        try {
          decoded(version, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
    );
    expect(() => decoded(version, message.subarray(0, message.length - 3))).toThrow(MalformedMessage);
  });

  it.each([
    [[0x2a, 2, 0x08, 0], 'no symbol 0'],
    [[0x22, 0, 0x2a, 2, 0x08, 0], 'without a value'],
  ])('2.0 whose references lead nowhere is malformed', (bytes, message) => {
    expect(() => decoded(2, Uint8Array.from(bytes))).toThrow(message);
  });
});

describe('snappy', () => {
  const unpack = (block: Uint8Array) => {
    const target = new Uint8Array(unpackedLength(block));
    const plain = target.subarray(0, unpackSnappy(block, target));
    // Where there is more room than needed it goes other ways.
    const wide = new Uint8Array(target.length + 100);
    expect(wide.subarray(0, unpackSnappy(block, wide))).toEqual(plain);
    return plain;
  };

  it('unpacks what another implementation packed', () => {
    const text = fc.array(fc.constantFrom('http_requests_total', 'job', 'api', 'é', 'x'.repeat(70)), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 3000 }),
          text.map((words) => Buffer.from(words.join(''))),
        ),
        (bytes) => {
          const plain = new Uint8Array(bytes);
          expect(unpack(snappy.compress(plain))).toEqual(plain);
        },
      ),
    );
  });

  it.each([
    ['a literal whose length takes bytes of its own', [3, 0xf0, 2, 1, 2, 3], [1, 2, 3]],
    ['a copy that repeats what it writes', [6, 0, 7, 0x05, 1, 0], undefined],
    ['a copy with two bytes of offset', [8, 0x0c, 1, 2, 3, 4, 0x0e, 4, 0], [1, 2, 3, 4, 1, 2, 3, 4]],
    ['a copy with four bytes of offset', [8, 0x0c, 1, 2, 3, 4, 0x0f, 4, 0, 0, 0], [1, 2, 3, 4, 1, 2, 3, 4]],
    ['nothing', [0], []],
  ])('unpacks %s', (_, block, plain) => {
    if (plain === undefined) expect(unpack(Uint8Array.from([5, 0, 7, 0x01, 1]))).toEqual(Uint8Array.of(7, 7, 7, 7, 7));
    else expect(unpack(Uint8Array.from(block))).toEqual(Uint8Array.from(plain));
  });

  it.each([
    ['no bytes', []],
    ['a length that does not end', [0x80]],
    ['less than it says', [5, 0, 7]],
    ['more than it says', [1, 4, 7, 8]],
    ['a copy from before the start', [5, 0, 7, 0x01, 2]],
    ['a copy of nothing', [5, 0, 7, 0x01, 0]],
    ['a cut literal', [3, 8, 1]],
    ['a cut copy', [3, 0, 1, 0x02, 1]],
  ])('refuses %s', (_, block) => {
    expect(() => unpack(Uint8Array.from(block))).toThrow(MalformedMessage);
  });

  it('never writes beyond its room, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (block) => {
        const target = new Uint8Array(300).fill(9);
        try {
          unpackSnappy(block, target.subarray(0, 100));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
        expect(target.subarray(100).every((byte) => byte === 9)).toBe(true);
      }),
    );
  });
});
