import fc from 'fast-check';
import { expect, test } from 'vitest';
import { select } from '../../src/forecast/select.ts';

const VALUE = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, 2, Number.POSITIVE_INFINITY));

test('finds what a sort would put there, and parts the others', () => {
  fc.assert(
    fc.property(fc.array(VALUE, { minLength: 1, maxLength: 60 }), fc.nat(), (list, seed) => {
      const rank = seed % list.length;
      const values = Float64Array.from(list);
      const found = select(values, rank);
      const ordered = Float64Array.from(list).sort();
      expect(found === ordered[rank]!).toBe(true);
      expect(values[rank]).toBe(found);
      expect(values.subarray(0, rank).every((value) => value <= found)).toBe(true);
      expect(values.subarray(rank).every((value) => value >= found)).toBe(true);
      expect(
        values
          .slice()
          .sort()
          .every((value, i) => value === ordered[i]),
      ).toBe(true);
    }),
  );
});

test.each<[string, (i: number) => number]>([
  ['rising', (i) => i],
  ['falling', (i) => -i],
  ['equal', () => 7],
  ['of two values', (i) => i % 2],
  ['a hill', (i) => -Math.abs(i - 5000)],
])('ends on a long column that is %s', (_, shape) => {
  const values = Float64Array.from({ length: 10_001 }, (__, i) => shape(i));
  const ordered = values.slice().sort();
  for (const rank of [0, 5000, 9000, 10_000]) expect(select(values.slice(), rank) === ordered[rank]!).toBe(true);
});
