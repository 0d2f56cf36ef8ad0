import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeriesTable } from '../../../src/adapters/receive/decode/series-table.ts';
import { decodeWriteRequest } from '../../../src/wire/remote-write/decode-v1.ts';
import { DecodedSamples } from '../../../src/wire/remote-write/decoded-samples.ts';
import { FieldReader } from '../../../src/wire/remote-write/field-reader.ts';
import { WriteRequest } from '../../support/remote-write-proto.ts';

type Pairs = readonly (readonly [string, string])[];

/** Keys that the table knows the series of a request by, in their order. */
function reader(maxSeries = 1000) {
  const keys: string[] = [];
  const table = new SeriesTable(maxSeries, (labels) => keys.push(labels.key));
  const fields = new FieldReader();
  return {
    table,
    read(message: Uint8Array): string[] {
      const samples = new DecodedSamples();
      fields.use(message);
      decodeWriteRequest(fields, table, samples);
      return Array.from(samples.marks.subarray(0, samples.count), (mark) => keys[mark - 1]!);
    },
  };
}

function encoded(series: readonly Pairs[]): Uint8Array {
  const timeseries = series.map((pairs) => ({
    labels: pairs.map(([name, value]) => ({ name, value })),
    samples: [{ timestamp: 1, value: 1 }],
  }));
  return WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish();
}

/** A message after another one, as one of protobuf. */
function both(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Uint8Array.from([...one, ...other]);
}

// Few texts, so that series come again, begin alike, and continue one another.
const text = fc.constantFrom('a', 'b', 'ab', 'longer than eight bytes');
const anyPairs = fc.uniqueArray(fc.tuple(text, text), { maxLength: 4, selector: ([name]) => name });
const anyRequests = fc.array(fc.array(anyPairs, { maxLength: 8 }), { maxLength: 8 });

/** What followed `short` before everything was forgotten lies elsewhere now, and must not be looked for there. */
const forgotten = (() => {
  const long: [string, string] = ['longer than eight bytes', 'a'];
  const twice: [string, string][] = [long, ['a', 'longer than eight bytes']];
  const short: [string, string] = ['a', 'a'];
  return [
    [[], twice, [short], [['ab', 'a']]],
    [[long]],
    [
      [long, short],
      [short, long],
      [short, long],
    ],
  ];
})() satisfies [string, string][][][];

it('knows a series again whatever came before it', () => {
  fc.assert(
    fc.property(anyRequests, fc.integer({ min: 1, max: 20 }), (requests, maxSeries) => {
      const one = reader(maxSeries);
      for (const series of requests) {
        one.table.keepBound();
        // A table that never saw anything has nothing to expect.
        const fresh = series.flatMap((pairs) => reader().read(encoded([pairs])));
        expect(one.read(encoded(series))).toEqual(fresh);
      }
    }),
    { examples: [[forgotten, 1]] },
  );
});

it('takes what begins as it expects for no more than that', () => {
  const { read } = reader();
  const short: Pairs = [['a', '1']];
  const next: Pairs = [['b', '1']];
  const longer: Pairs = [...next, ['c', '2']];
  const order = encoded([short, next]);
  const keys = read(order);
  expect(read(order)).toEqual(keys);
  expect(read(encoded([short, longer]))).toEqual(reader().read(encoded([short, longer])));
  // The rest of its labels behind a sample.
  const label = [0x0a, 6, 0x0a, 1, 99, 0x12, 1, 50];
  const sample = [0x12, 2, 0x10, 5];
  const series = [0x0a, 6, 0x0a, 1, 98, 0x12, 1, 49, ...sample, ...label];
  const split = both(encoded([short]), Uint8Array.from([0x0a, series.length, ...series]));
  read(order);
  expect(read(split)).toEqual(reader().read(encoded([short, longer])));
  // A request that ends in the middle leaves nothing behind.
  read(order);
  expect(() => read(order.subarray(0, order.length - 1))).toThrow();
  expect(read(order)).toEqual(keys);
});
