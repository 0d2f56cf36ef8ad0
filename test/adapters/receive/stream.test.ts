import { describe, expect, it } from 'vitest';
import type { StreamDefinition } from '../../../src/adapters/receive/decode/messages.ts';
import { Stream } from '../../../src/adapters/receive/decode/stream.ts';
import { parseSelector } from '../../../src/rules/selector.ts';
import { seriesValues } from '../../support/notation.ts';
import { seriesOf } from '../../support/write-requests.ts';

const MINUTE_MS = 60_000;
/** A whole minute, so that steps are told easily. */
const START_MS = 1_790_000_040_000;

interface Played {
  readonly stream: Stream;
  /** What a read of [from, to] minutes answers, by series; NaN as `_`. */
  read(from: number, to: number): Record<string, (number | '_')[]>;
}

/** A stream that began at the start unless said otherwise. */
function open(changes: Partial<StreamDefinition> = {}, sinceMs = START_MS, mostSamples = 1_000_000): Played {
  const stream = new Stream(
    { pipeline: 'p', matchers: parseSelector('m')!, stepMs: MINUTE_MS, rateMs: undefined, limit: 0, ...changes },
    { sinceMs, mostSamples: () => mostSamples },
  );
  const known: string[] = [];
  return {
    stream,
    read(from, to) {
      const startMs = START_MS + from * MINUTE_MS;
      stream.begin(startMs, START_MS + to * MINUTE_MS);
      const { told, slots, values } = stream.block(startMs, to - from + 1);
      for (const { slot, pairs } of told) known[slot] = pairs[1]! + (pairs[2] ? `{${pairs[2]}=${pairs[3]}}` : '');
      const steps = to - from + 1;
      return Object.fromEntries(
        Array.from(slots, (slot, row) => [
          known[slot]!,
          Array.from(values.subarray(row * steps, (row + 1) * steps), (value) => (Number.isNaN(value) ? '_' : value)),
        ]),
      );
    },
  };
}

/** Plays samples in series notation, one each `everyMs` from an offset on; `_` and `stale` are none. */
function play(
  { stream }: Played,
  series: string,
  notation: string,
  { everyMs = MINUTE_MS, fromMs = 0, receivedMs = Number.POSITIVE_INFINITY } = {},
): void {
  const slot = stream.slotOf(seriesOf(series));
  seriesValues(notation).forEach((value, i) => {
    expect(stream.take(slot, START_MS + fromMs + i * everyMs, value, receivedMs)).toBe(true);
  });
}

describe('samples on the grid', () => {
  it('belong to the step at or after their own timestamp, the newest of a step counts', () => {
    const played = open();
    play(played, 'm', '1 2 3 4 5 6 7 8', { everyMs: 15_000, fromMs: 15_000 });
    expect(played.read(0, 3)).toEqual({ m: ['_', 4, 8, '_'] });
  });

  it('are the newest by timestamp, in whatever order they come', () => {
    const played = open();
    play(played, 'm', '9', { fromMs: 55_000 });
    play(played, 'm', '1', { fromMs: 10_000 });
    play(played, 'm', '5', { fromMs: 115_000 });
    play(played, 'm', '2', { fromMs: 30_000 });
    expect(played.read(1, 2)).toEqual({ m: [9, 5] });
    expect(played.stream.drainCounts()).toMatchObject({ matched: 4, late: 0, duplicate: 0 });
  });

  it('are missing where a series has none: gaps, stale markers, NaN', () => {
    const played = open();
    play(played, 'm{a="1"}', '1 _ 3 stale NaN 6');
    play(played, 'm{a="2"}', '_x6');
    expect(played.read(0, 5)).toEqual({ 'm{a=1}': [1, '_', 3, '_', '_', 6] });
  });

  it('have a timestamp once: the first one stays', () => {
    const played = open();
    play(played, 'm', '1 2');
    play(played, 'm', '7 8');
    expect(played.read(0, 1)).toEqual({ m: [1, 2] });
    expect(played.stream.drainCounts()).toMatchObject({ matched: 4, duplicate: 2 });
  });

  it('of an instant that was read are late, counted and left; others wait for their read', () => {
    const played = open();
    play(played, 'm', '1 2 _ 4');
    expect(played.read(0, 2)).toEqual({ m: [1, 2, '_'] });
    play(played, 'm', '3', { fromMs: 2 * MINUTE_MS });
    expect(played.stream.drainCounts()).toMatchObject({ matched: 5, late: 1 });
    play(played, 'm', '5', { fromMs: 4 * MINUTE_MS });
    expect(played.read(2, 4)).toEqual({ m: ['_', 4, 5] });
  });

  it('from more than ten minutes ahead are left', () => {
    const played = open();
    play(played, 'm', '1', { fromMs: 11 * MINUTE_MS, receivedMs: START_MS });
    play(played, 'm', '2', { fromMs: 10 * MINUTE_MS, receivedMs: START_MS });
    expect(played.read(0, 11)).toEqual({ m: [...Array(10).fill('_'), 2, '_'] });
    expect(played.stream.drainCounts()).toMatchObject({ matched: 2, future: 1 });
  });
});

describe('rates of counters', () => {
  it('are the increase a second over the window, as PromQL has it', () => {
    const played = open({ rateMs: 5 * MINUTE_MS });
    play(played, 'm', '100+15x40', { everyMs: 15_000 });
    expect(played.read(5, 10)).toEqual({ m: Array(6).fill(1) });
  });

  it('take a lower value for a reset to zero', () => {
    const played = open({ rateMs: 4 * MINUTE_MS });
    play(played, 'm', '60+60x2 30 90 150', {});
    // From 120 at minute 1 on: 60, then 30 after the reset, 60, and carried on to the end of the window before it.
    const [rate] = played.read(4, 4)['m']!;
    expect(rate).toBeCloseTo(((60 + 30 + 60) * 4) / 3 / 240, 10);
  });

  it('need a window that was seen from its start', () => {
    const played = open({ rateMs: 5 * MINUTE_MS }, START_MS + 90_000);
    play(played, 'm', '0+60x12');
    expect(played.read(0, 8)).toEqual({ m: [...Array(7).fill('_'), 1, 1] });
  });

  it('keep the samples that the next window needs', () => {
    const played = open({ rateMs: 5 * MINUTE_MS });
    play(played, 'm', '0+60x6');
    expect(played.read(5, 6)).toEqual({ m: [1, 1] });
    play(played, 'm', '420', { fromMs: 7 * MINUTE_MS });
    expect(played.read(6, 7)).toEqual({ m: [1, 1] });
  });

  it('are missing for a single sample', () => {
    const played = open({ rateMs: MINUTE_MS });
    play(played, 'm', '1 2 3');
    expect(played.read(1, 2)).toEqual({});
  });
});

describe('bounds', () => {
  it('let the oldest samples of all series go, counted, and those that come after them', () => {
    const played = open({}, START_MS, 16);
    const { stream } = played;
    play(played, 'm{a="1"}', '1+1x7');
    play(played, 'm{a="2"}', '1+1x7');
    const slot = stream.slotOf(seriesOf('m{a="1"}'));
    expect(stream.take(slot, START_MS + 8 * MINUTE_MS, 9, Infinity)).toBe(false);
    stream.dropOldest();
    expect(stream.take(slot, START_MS + 8 * MINUTE_MS, 9, Infinity)).toBe(true);
    expect(stream.take(slot, START_MS + 30_000, 9, Infinity)).toBe(true);
    expect(stream.drainCounts()).toMatchObject({ dropped: 5 });
    expect(played.read(0, 8)['m{a=1}']).toEqual(['_', '_', 3, 4, 5, 6, 7, 8, 9]);
    expect(stream.begin(START_MS, START_MS + 8 * MINUTE_MS).knownFromMs).toBe(START_MS + 2 * MINUTE_MS + 0);
  });

  it('tell of one series more than the limit, and count the samples of the others', () => {
    const played = open({ limit: 2 });
    for (const a of [1, 2, 3, 4]) play(played, `m{a="${a}"}`, '1');
    expect(played.stream.begin(START_MS, START_MS).series).toBe(3);
    expect(played.stream.drainCounts()).toMatchObject({ matched: 4, limit: 1 });
  });

  it('forget series that have nothing any more, and give their slots to others', () => {
    const played = open();
    play(played, 'm{a="1"}', '1');
    expect(played.read(0, 0)).toEqual({ 'm{a=1}': [1] });
    const slot = played.stream.slotOf(seriesOf('m{a="1"}'));
    expect(played.read(5, 5)).toEqual({});
    expect(played.stream.slotOf(seriesOf('m{a="2"}'))).toBe(slot);
    play(played, 'm{a="2"}', '7', { fromMs: 6 * MINUTE_MS });
    expect(played.read(5, 6)).toEqual({ 'm{a=2}': ['_', 7] });
  });
});

describe('what a stream knows', () => {
  it('begins with the first step that it saw from its start', () => {
    const known = (sinceMs: number, rateMs?: number) =>
      (open({ rateMs }, START_MS + sinceMs).stream.begin(START_MS, START_MS).knownFromMs - START_MS) / MINUTE_MS;
    expect(known(0)).toBe(1);
    expect(known(1)).toBe(2);
    expect(known(30_000, 5 * MINUTE_MS)).toBe(6);
  });

  it('ends where reads no longer ask', () => {
    const played = open();
    play(played, 'm', '0+1x9');
    played.read(4, 6);
    expect((played.stream.begin(START_MS, START_MS).knownFromMs - START_MS) / MINUTE_MS).toBe(4);
  });
});
