import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContextSet } from '../../src/series/context.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';

const CPU = labelsFromRecord({ __name__: 'cpu', instance: 'a' });
const STEP = 60_000;

function written(set: ContextSet, slot: number, start: number, values: number[]): void {
  set.write(slot, { startMs: start * STEP, values: Float64Array.from(values), from: 0, count: values.length });
}

describe('ContextSet', () => {
  test('gaps are NaN, never repeated values', () => {
    const set = new ContextSet(STEP, 8);
    const slot = set.add(CPU);
    set.advanceTo(105 * STEP);
    written(set, slot, 100, [1, Number.NaN, 3]);
    expect([...set.block([slot], 105 * STEP, 8).values]).toEqual([NaN, NaN, 1, NaN, 3, NaN, NaN, NaN]);
  });

  test('late samples land in their own cell and old ones fall out', () => {
    const set = new ContextSet(STEP, 4);
    const slot = set.add(CPU);
    set.advanceTo(103 * STEP);
    written(set, slot, 100, [1, 2, NaN, 4]);
    written(set, slot, 102, [3]);
    expect([...set.block([slot], 103 * STEP, 4).values]).toEqual([1, 2, 3, 4]);
    set.advanceTo(105 * STEP);
    written(set, slot, 101, [9]);
    expect([...set.block([slot], 105 * STEP, 4).values]).toEqual([3, 4, NaN, NaN]);
  });

  test('the newest sample of a slot counts even where the window is past it', () => {
    const set = new ContextSet(STEP, 4);
    const slot = set.add(CPU);
    expect(set.lastSampleMs(slot)).toBe(Number.NEGATIVE_INFINITY);
    set.advanceTo(120 * STEP);
    written(set, slot, 100, [1, 2, NaN]);
    expect(set.lastSampleMs(slot)).toBe(101 * STEP);
    written(set, slot, 99, [1]);
    expect(set.lastSampleMs(slot)).toBe(101 * STEP);
    // What lies beyond the end is not there yet.
    written(set, slot, 119, [5, 6, 7]);
    expect(set.lastSampleMs(slot)).toBe(120 * STEP);
    set.remove(slot);
    expect(set.lastSampleMs(set.add(CPU))).toBe(Number.NEGATIVE_INFINITY);
  });

  test('what is known stays where only late samples are wanted', () => {
    const set = new ContextSet(STEP, 4);
    const slot = set.add(CPU);
    set.advanceTo(103 * STEP);
    written(set, slot, 100, [1, NaN, 3]);
    set.replace(slot, 102 * STEP, 7);
    set.replace(slot, 101 * STEP, 7);
    set.write(slot, { startMs: 101 * STEP, values: Float64Array.of(2, 3, 4), from: 0, count: 3 }, 102 * STEP);
    expect([...set.block([slot], 103 * STEP, 4).values]).toEqual([1, 2, 7, 4]);
  });

  test('a slot of a removed series starts empty for the next one', () => {
    const set = new ContextSet(STEP, 4);
    const first = set.add(CPU);
    set.advanceTo(103 * STEP);
    written(set, first, 100, [1, 2, 3, 4]);
    set.remove(first);
    const second = set.add(labelsFromRecord({ __name__: 'cpu', instance: 'b' }));
    expect(second).toBe(first);
    expect(set.size).toBe(1);
    expect(set.knownSteps(second)).toBe(0);
    expect([...set.block([second], 103 * STEP, 4).values]).toEqual([NaN, NaN, NaN, NaN]);
  });

  test('large values that hardly move keep their movement', () => {
    const set = new ContextSet(STEP, 4);
    const slot = set.add(CPU);
    set.advanceTo(101 * STEP);
    written(set, slot, 100, [1_700_000_000_000, 1_700_000_000_003]);
    expect(set.at(slot, 101 * STEP)).toBe(1_700_000_000_003);
  });

  test('behaves like a sparse array of the window, whatever is written in whatever order', () => {
    const write = fc.record({
      start: fc.integer({ min: 0, max: 60 }),
      values: fc.array(fc.option(fc.integer({ min: -99, max: 99 })), { maxLength: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.record({ advance: fc.integer({ min: 0, max: 12 }), write }), { maxLength: 25 }),
        (operations) => {
          const capacity = 10;
          const set = new ContextSet(STEP, capacity);
          const slot = set.add(CPU);
          const model = new Map<number, number>();
          let end = 5;
          set.advanceTo(end * STEP);
          for (const {
            advance,
            write: { start, values },
          } of operations) {
            end += advance;
            set.advanceTo(end * STEP);
            written(
              set,
              slot,
              start,
              values.map((value) => value ?? Number.NaN),
            );
            values.forEach((value, i) => {
              const step = start + i;
              if (value !== null && step <= end && step > end - capacity) model.set(step, value);
            });
          }
          const expected = Array.from({ length: capacity }, (_, i) => model.get(end - capacity + 1 + i) ?? Number.NaN);
          expect([...set.block([slot], end * STEP, capacity).values]).toEqual(expected);
        },
      ),
    );
  });
});
