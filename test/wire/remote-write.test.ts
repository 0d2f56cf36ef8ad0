import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBuffer } from '../../src/wire/remote-write/byte-buffer.ts';
import type { SampleColumns, WireSeries } from '../../src/wire/remote-write/columns.ts';
import { LabelTemplate, labelFields } from '../../src/wire/remote-write/label-template.ts';
import { decodeLabels, LabelEncoder, legalPairs } from '../../src/wire/remote-write/labels.ts';
import { encodeWriteRequest } from '../../src/wire/remote-write/v1.ts';
import { RequestEncoder } from '../../src/wire/remote-write/v2.ts';
import {
  type PlainSample,
  RequestV2,
  requestV2Object,
  WriteRequest,
  writeRequestObject,
} from '../support/remote-write-proto.ts';

type Sample = PlainSample & { readonly help: string };

const STALE_BYTES = [0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f];
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 });
const sample: fc.Arbitrary<Sample> = fc.record({
  pairs: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 12 }).map((pairs) => pairs.flat()),
  timestampMs: fc.oneof(
    fc.constant(0),
    fc.maxSafeInteger(),
    fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
  ),
  value: fc.oneof(fc.constantFrom(0, -0, 1), fc.double({ noNaN: true })),
  help: fc.oneof(text, fc.constant('')),
});

function columnsOf(samples: readonly Sample[], ended: readonly number[] = samples.map(() => 0)): SampleColumns {
  const labels = new LabelEncoder();
  return {
    series: samples.map((one): WireSeries => ({ labelBytes: labels.encode(one.pairs), help: one.help })),
    timestampsMs: Float64Array.from(samples, (one) => one.timestampMs),
    values: Float64Array.from(samples, (one) => one.value),
    ended: Uint8Array.from(ended),
  };
}

function encodeV1(columns: SampleColumns): Uint8Array {
  const out = new ByteBuffer(16);
  encodeWriteRequest(columns, out);
  return out.copy();
}

describe('remote write 1.0', () => {
  it('writes the bytes that protobufjs writes', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 30 }), (samples) => {
        const theirs = WriteRequest.encode(writeRequestObject(samples)).finish();
        expect(Buffer.from(encodeV1(columnsOf(samples)))).toEqual(Buffer.from(theirs));
      }),
    );
  });

  it.each([
    ['zero', 0, 0],
    ['negative zero', -0, 1],
    ['infinity', Number.POSITIVE_INFINITY, 1_790_000_000_000],
    ['minus infinity', Number.NEGATIVE_INFINITY, -1],
    ['a denormal at the last safe instant', 5e-324, Number.MAX_SAFE_INTEGER],
    ['the largest double at the first safe instant', Number.MAX_VALUE, Number.MIN_SAFE_INTEGER],
  ])('writes %s as protobufjs does', (_name, value, timestampMs) => {
    const samples = [{ pairs: ['__name__', 'm'], timestampMs, value, help: '' }];
    const theirs = WriteRequest.encode(writeRequestObject(samples)).finish();
    expect(Buffer.from(encodeV1(columnsOf(samples)))).toEqual(Buffer.from(theirs));
  });

  it('writes the stale marker bit for bit, and no plain NaN', () => {
    const samples = [{ pairs: ['__name__', 'm'], timestampMs: 1000, value: Number.NaN, help: '' }];
    const bytes = encodeV1(columnsOf(samples, [1]));
    expect([...bytes.subarray(bytes.length - 11, bytes.length - 3)]).toEqual(STALE_BYTES);
    expect(WriteRequest.decode(bytes)).toMatchObject({ timeseries: [{ labels: [{ name: '__name__', value: 'm' }] }] });
  });
});

describe('remote write 2.0', () => {
  it('writes the bytes that protobufjs writes, whatever requests came before', () => {
    const encoder = new RequestEncoder();
    const out = new ByteBuffer(16);
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 30 }), (samples) => {
        const theirs = RequestV2.encode(requestV2Object(samples)).finish();
        out.clear();
        encoder.encode(columnsOf(samples), out);
        expect(Buffer.from(out.written())).toEqual(Buffer.from(theirs));
      }),
    );
  });

  it('gives a series the same bytes when it comes again in another company', () => {
    const encoder = new RequestEncoder();
    const samples = ['a', 'b', 'c'].map((name, i) => ({
      pairs: ['__name__', name, 'job', 'x'],
      timestampMs: 5000 + i,
      value: i,
      help: `about ${name}`,
    }));
    const columns = columnsOf(samples);
    for (const order of [
      [0, 1, 2],
      [2, 1],
      [1, 0, 2],
    ]) {
      const out = new ByteBuffer();
      const some = columnsOf(order.map((i) => samples[i]!));
      encoder.encode({ ...some, series: order.map((i) => columns.series[i]!) }, out);
      const theirs = RequestV2.encode(requestV2Object(order.map((i) => samples[i]!))).finish();
      expect(Buffer.from(out.written())).toEqual(Buffer.from(theirs));
    }
  });

  it('writes the stale marker bit for bit', () => {
    const out = new ByteBuffer();
    new RequestEncoder().encode(
      columnsOf([{ pairs: ['__name__', 'm'], timestampMs: 1000, value: 3, help: 'h' }], [1]),
      out,
    );
    const bytes = Buffer.from(out.written());
    expect(bytes.includes(Buffer.from([0x09, ...STALE_BYTES, 0x10]))).toBe(true);
  });
});

describe('labels on the wire', () => {
  it('come back from their bytes', () => {
    const labels = new LabelEncoder();
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const pairs = texts.length % 2 === 0 ? texts : texts.slice(1);
        expect(decodeLabels(labels.encode(pairs))).toEqual(pairs);
      }),
    );
  });

  it('of a template and what it is given are those of both together, sorted', () => {
    const encoder = new LabelEncoder();
    const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z_]{1,4}$/), { maxLength: 8 });
    const sorted = (from: readonly string[], value: string) => [...from].sort().flatMap((name) => [name, value]);
    fc.assert(
      fc.property(names, names, (shared, own) => {
        const template = new LabelTemplate(sorted(shared, 'shared'), encoder);
        const both = new Map([
          ...shared.map((name) => [name, 'shared'] as const),
          ...own.map((name) => [name, 'own'] as const),
        ]);
        const pairs = [...both.keys()].sort().flatMap((name) => [name, both.get(name)!]);
        expect(decodeLabels(template.with(labelFields(sorted(own, 'own'), encoder)))).toEqual(pairs);
      }),
    );
  });

  it.each<[string, string[], string[] | undefined]>([
    [
      'are sorted by byte, capitals before __name__',
      ['job', 'a', '__name__', 'm', 'Zone', 'z'],
      ['Zone', 'z', '__name__', 'm', 'job', 'a'],
    ],
    ['lose empty values', ['__name__', 'm', 'job', ''], ['__name__', 'm']],
    ['lose internal names', ['__name__', 'm', '__tmp_x', '1'], ['__name__', 'm']],
    [
      'have illegal characters replaced',
      ['__name__', 'm', 'a.b', '1', '9x', '2'],
      ['_9x', '2', '__name__', 'm', 'a_b', '1'],
    ],
    ['have the metric name made legal', ['__name__', '1 x.y:z'], ['__name__', '_1_x_y:z']],
    ['keep any text as a value', ['__name__', 'm', 'a', 'ü "\n\\'], ['__name__', 'm', 'a', 'ü "\n\\']],
    ['cannot be sent without a metric name', ['job', 'a'], undefined],
    ['cannot be sent with an empty metric name', ['__name__', '', 'job', 'a'], undefined],
    ['cannot be sent with a name twice', ['__name__', 'm', 'a', '1', 'a', '2'], undefined],
    ['cannot be sent when two names become one', ['__name__', 'm', 'a.b', '1', 'a_b', '2'], undefined],
    ['cannot be sent with an empty name', ['__name__', 'm', '', '1'], undefined],
  ])('%s', (_name, pairs, expected) => {
    expect(legalPairs(pairs)).toEqual(expected);
  });
});
