import { describe, expect, it } from 'vitest';
import { DecodeDesk } from '../../../src/adapters/receive/decode/desk.ts';
import type { DeskReport, DeskSettings, StreamDefinition } from '../../../src/adapters/receive/decode/messages.ts';
import { parseSelector } from '../../../src/rules/selector.ts';
import type { PlainSample } from '../../support/remote-write-proto.ts';
import { packV1, packV2 } from '../../support/write-requests.ts';

const MINUTE_MS = 60_000;
const START_MS = 1_790_000_040_000;
const HA = { cluster: 'cluster', replica: '__replica__', failoverMs: 30_000 };
/** What became of no request. */
const NONE = { '1.0': 0, '2.0': 0, malformed: 0, too_large: 0 };

function streamOf(pipeline: string, selector: string, changes: Partial<StreamDefinition> = {}): StreamDefinition {
  return { pipeline, matchers: parseSelector(selector)!, stepMs: MINUTE_MS, rateMs: undefined, limit: 0, ...changes };
}

function openDesk(changes: Partial<DeskSettings> = {}) {
  const desk = new DecodeDesk(() => 0);
  const settings: DeskSettings = {
    streams: [streamOf('p', 'm')],
    maxSeries: 1000,
    queueSamples: 10_000,
    decodedBytes: 1 << 20,
    haLabels: undefined,
    ...changes,
  };
  const configure = (next: Partial<DeskSettings> = {}, nowMs = START_MS) =>
    desk.answer({ kind: 'configure', settings: { ...settings, ...next }, nowMs });
  configure();
  return {
    desk,
    configure,
    send(samples: readonly PlainSample[], { version = 1, receivedMs = START_MS } = {}): DeskReport {
      const body = version === 1 ? packV1(samples) : packV2(samples);
      return desk.answer({
        kind: 'requests',
        requests: [{ version: version === 1 ? '1.0' : '2.0', body, receivedMs }],
      }) as DeskReport;
    },
    /** Values of a pipeline at the start and the steps after it, by label pairs; fresh labels only. */
    read(pipeline: string, steps = 1) {
      desk.answer({ kind: 'begin', pipeline, startMs: START_MS, endMs: START_MS + (steps - 1) * MINUTE_MS });
      const block = desk.answer({ kind: 'block', pipeline, startMs: START_MS, steps });
      if (block.kind !== 'block') throw new Error('no block');
      const pairsOf = (slot: number) => block.told.find((told) => told.slot === slot)?.pairs.join(' ');
      return Array.from(block.slots, (slot, row) => [
        pairsOf(slot),
        ...block.values.subarray(row * steps, (row + 1) * steps),
      ]);
    },
  };
}

function sample(text: string, value: number, timestampMs = START_MS): PlainSample {
  const pairs = text.split(' ');
  return { pairs, timestampMs, value };
}

describe('a request', () => {
  it.each([1, 2])('of %s.0 is decoded; each pipeline gets the series that its selector matches', (version) => {
    const { send, read } = openDesk({ streams: [streamOf('p', 'm{a="1"}'), streamOf('q', '{__name__=~"m|n"}')] });
    const samples = [
      sample('__name__ m a 1', 1),
      sample('__name__ m a 2', 2),
      sample('__name__ n a 1', 3),
      sample('__name__ o a 1', 4),
    ];
    expect(send(samples, { version })).toMatchObject({
      outcomes: { ...NONE, [`${version}.0`]: 1 },
      samples: 4,
      series: 4,
      queueSamples: 4,
      tallies: [
        { pipeline: 'p', matched: 1 },
        { pipeline: 'q', matched: 3 },
      ],
    });
    expect(read('p')).toEqual([['__name__ m a 1', 1]]);
    expect(read('q')).toEqual([
      ['__name__ m a 1', 1],
      ['__name__ m a 2', 2],
      ['__name__ n a 1', 3],
    ]);
  });

  it('is the same series whatever the order of its labels and the version', () => {
    const { send, read } = openDesk();
    send([sample('__name__ m a 1 b 2', 1)]);
    send([sample('b 2 a 1 __name__ m', 2, START_MS + MINUTE_MS)]);
    send([sample('__name__ m a 1 b 2', 3, START_MS + 2 * MINUTE_MS)], { version: 2 });
    send([sample('__name__ m a 1 b 2', 4, START_MS + 3 * MINUTE_MS)]);
    expect(read('p', 4)).toEqual([['__name__ m a 1 b 2', 1, 2, 3, 4]]);
  });

  it('that is broken is malformed as a whole, and the next one is fine', () => {
    const { desk, read } = openDesk();
    const body = packV1([sample('__name__ m a 1', 1), sample('__name__ m a 2', 2)]);
    const cut = body.slice(0, body.length - 4);
    const requests = [cut, new Uint8Array(0), packV1([sample('__name__ m a 3', 3)])].map((bytes) => ({
      version: '1.0' as const,
      body: bytes,
      receivedMs: START_MS,
    }));
    expect(desk.answer({ kind: 'requests', requests })).toMatchObject({
      outcomes: { ...NONE, malformed: 2, '1.0': 1 },
      samples: 1,
    });
    expect(read('p')).toEqual([['__name__ m a 3', 3]]);
  });

  it('that unpacks to more than the limit is not unpacked', () => {
    const { send } = openDesk({ decodedBytes: 1000 });
    expect(send([sample(`__name__ m a ${'x'.repeat(1000)}`, 1)])).toMatchObject({
      outcomes: { ...NONE, too_large: 1 },
    });
  });
});

describe('bounds', () => {
  it.each([1, 2])('of series: beyond, all are looked at anew, and none is mixed up (%s.0)', (version) => {
    const { send, read } = openDesk({ maxSeries: 10 });
    const series = Array.from({ length: 25 }, (_, i) => sample(`__name__ ${i % 2 === 0 ? 'm' : 'n'} a ${i}`, i));
    for (let i = 0; i < series.length; i += 5)
      expect(send(series.slice(i, i + 5), { version }).series).toBeLessThan(16);
    const later = series.map((one) => ({ ...one, value: one.value + 100, timestampMs: START_MS + MINUTE_MS }));
    for (let i = 0; i < series.length; i += 5) send(later.slice(i, i + 5), { version });
    const rows = read('p', 2);
    expect(rows).toHaveLength(13);
    for (const [labels, first, second] of rows)
      expect([labels, second]).toEqual([`__name__ m a ${first}`, Number(first) + 100]);
  });

  it('of samples: the stream that keeps most gives up its oldest', () => {
    const { send, read } = openDesk({ streams: [streamOf('p', 'm'), streamOf('q', 'n')], queueSamples: 40 });
    send([sample('__name__ n', 7)]);
    let dropped = 0;
    for (let i = 0; i < 100; i++) {
      const timestampMs = START_MS + Math.floor(i / 5) * MINUTE_MS;
      const report = send([sample(`__name__ m a ${i % 5}`, i, timestampMs)], { receivedMs: timestampMs });
      expect(report.queueSamples).toBeLessThan(49);
      dropped += report.tallies.reduce((sum, tally) => sum + tally.dropped, 0);
    }
    expect(dropped).toBeGreaterThan(40);
    expect(read('q')).toEqual([['__name__ n', 7]]);
  });
});

describe('pairs of senders', () => {
  const from = (replica: string, value: number, minutes: number, cluster = 'eu') =>
    sample(
      `__name__ m __replica__ ${replica} cluster ${cluster}`,
      value,
      START_MS + minutes * MINUTE_MS + (replica === 'b' ? 5 : 0),
    );

  it('are one series: of each pair the replica that came first is scored', () => {
    const { send, read } = openDesk({ haLabels: HA });
    send([from('a', 1, 0)]);
    expect(send([from('b', 2, 0), from('b', 3, 0, 'us')]).tallies).toMatchObject([{ matched: 2, replica: 1 }]);
    expect(read('p', 2)).toEqual([
      ['__name__ m cluster eu', 1, Number.NaN],
      ['__name__ m cluster us', Number.NaN, 3],
    ]);
  });

  it('fail over when the replica is silent for longer than the timeout, and back again', () => {
    const { send, read } = openDesk({ haLabels: HA });
    const at = (ms: number) => ({ receivedMs: START_MS + ms });
    send([from('a', 1, 0)], at(0));
    expect(send([from('b', 2, 1)], at(30_000)).tallies).toMatchObject([{ replica: 1 }]);
    expect(send([from('b', 3, 2)], at(30_001)).tallies).toMatchObject([{ replica: 0 }]);
    expect(send([from('a', 4, 3)], at(60_000)).tallies).toMatchObject([{ replica: 1 }]);
    expect(send([from('a', 5, 4)], at(60_002)).tallies).toMatchObject([{ replica: 0 }]);
    expect(read('p', 5)).toEqual([['__name__ m cluster eu', 1, Number.NaN, Number.NaN, 3, 5]]);
  });

  it('are those with both labels only; what has one is scored as it is', () => {
    const { send, read } = openDesk({ haLabels: HA });
    send([sample('__name__ m __replica__ a', 1), sample('__name__ m cluster x', 2)]);
    expect(read('p').map(([labels]) => labels)).toEqual(['__name__ m __replica__ a', '__name__ m cluster x']);
  });
});

describe('a change of the pipelines', () => {
  it('leaves streams that did not change as they are', () => {
    const { send, read, configure } = openDesk();
    send([sample('__name__ m a 1', 1)]);
    configure({ streams: [streamOf('p', 'm'), streamOf('q', 'n')] }, START_MS + MINUTE_MS);
    send([sample('__name__ m a 1', 2, START_MS + MINUTE_MS), sample('__name__ n', 3, START_MS + MINUTE_MS)]);
    expect(read('p', 2)).toEqual([['__name__ m a 1', 1, 2]]);
    expect(read('q', 2)).toEqual([['__name__ n', Number.NaN, 3]]);
  });

  it('begins those anew that did, and ends those that are gone', () => {
    const { desk, send, read, configure } = openDesk();
    send([sample('__name__ m a 1', 1)]);
    configure({ streams: [streamOf('p', 'm{a="1"}')] }, START_MS + MINUTE_MS);
    expect(read('p')).toEqual([]);
    configure({ streams: [] });
    expect(send([sample('__name__ m a 1', 1)])).toMatchObject({ samples: 1, tallies: [] });
    expect(desk.answer({ kind: 'begin', pipeline: 'p', startMs: 0, endMs: 1 })).toMatchObject({
      knownFromMs: Number.POSITIVE_INFINITY,
      series: 0,
    });
  });
});
