import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Intake } from '../../../../src/adapters/publisher/remote-write/intake.ts';
import { SendQueue } from '../../../../src/adapters/publisher/remote-write/queue.ts';
import { SeriesRegistry } from '../../../../src/adapters/publisher/remote-write/remote-series.ts';
import { nextShardCount } from '../../../../src/adapters/publisher/remote-write/reshard.ts';
import { startReceiver } from '../../../support/receiver.ts';
import { evaluation, openTestRemoteWrite, testSeries } from '../../../support/remote-write.ts';

const LIMITS = { maxSamples: 7, maxBytes: 100_000 };

describe('the queue', () => {
  it('keeps the order of every series and loses nothing, however often the number of shards changes', () => {
    const registry = new SeriesRegistry();
    const series = Array.from({ length: 12 }, (_, i) => registry.series(Buffer.from([i]), { help: '', shardHash: i }));
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), pipeline: fc.constantFrom('a', 'b'), samples: fc.nat(20) }),
      fc.record({ kind: fc.constant('take' as const), shard: fc.nat(4) }),
      fc.record({ kind: fc.constant('reshard' as const), shards: fc.integer({ min: 1, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new SendQueue({ ...LIMITS, capacity: 1e6, shards: 2 });
        const taken = new Map<object, number[]>();
        let nowMs = 0;
        let number = 0;
        let published = 0;
        const take = (shard: number) => {
          const batch = queue.take(shard);
          if (batch === undefined) return false;
          const { columns, chunks } = batch;
          expect(columns.series.length).toBeLessThanOrEqual(LIMITS.maxSamples);
          expect(new Set(columns.series).size).toBe(columns.series.length);
          expect(new Set(chunks.map(({ pipeline }) => pipeline)).size).toBe(1);
          for (const [i, one] of columns.series.entries())
            taken.set(one, [...(taken.get(one) ?? []), columns.timestampsMs[i]!]);
          return true;
        };
        for (const one of series) one.lastTimestampMs = Number.NEGATIVE_INFINITY;
        for (const one of steps) {
          if (one.kind === 'reshard') queue.reshard(one.shards);
          else if (one.kind === 'take') take(one.shard % queue.shards);
          else {
            const intake = new Intake({
              ...LIMITS,
              pipeline: one.pipeline,
              atMs: 0,
              latestMs: Number.POSITIVE_INFINITY,
              shards: queue.shards,
              nextChunkNumber: () => ++number,
            });
            for (let i = 0; i < one.samples; i++) intake.sample(series[i % series.length]!, ++nowMs, i);
            published += one.samples;
            for (const { chunk, shard } of intake.finish().chunks) expect(queue.push(chunk, shard)).toEqual([]);
          }
        }
        for (let shard = 0; shard < queue.shards; shard++) while (take(shard));
        expect(queue.samples).toBe(0);
        expect([...taken.values()].reduce((sum, times) => sum + times.length, 0)).toBe(published);
        for (const times of taken.values()) expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
    );
  });
});

describe('the number of shards', () => {
  const settings = { minShards: 1, maxShards: 8, maxSamplesPerSend: 100, batchSendDeadlineMs: 5000 };
  const backlog = { shards: 2, waitingSamples: 10_000, oldestWaitMs: 20_000, isFailing: false, quietRounds: 3 };

  it.each<[string, Partial<typeof backlog>, { shards: number; quietRounds: number }]>([
    ['doubles when samples wait for long', {}, { shards: 4, quietRounds: 0 }],
    ['stops at the most', { shards: 6 }, { shards: 8, quietRounds: 0 }],
    ['stays while the endpoint fails', { isFailing: true }, { shards: 2, quietRounds: 0 }],
    ['stays when much waits, but not for long', { oldestWaitMs: 9_000 }, { shards: 2, quietRounds: 4 }],
    ['stays when little waits', { waitingSamples: 150 }, { shards: 2, quietRounds: 4 }],
    ['halves after a long quiet', { waitingSamples: 0, quietRounds: 29 }, { shards: 1, quietRounds: 0 }],
    ['stops at the least', { shards: 1, waitingSamples: 0, quietRounds: 29 }, { shards: 1, quietRounds: 0 }],
  ])('%s', (_name, change, expected) => {
    expect(nextShardCount({ ...backlog, ...change }, settings)).toEqual(expected);
  });
});

describe('a backlog', () => {
  afterEach(() => void vi.useRealTimers());

  it('is sent over more shards, in order, and nothing is lost', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using receiver = await startReceiver(() => ({ status: 204, delayMs: 3 }));
    const remote = openTestRemoteWrite({
      url: receiver.url,
      queue: { batchSendDeadlineMs: 1, maxSamplesPerSend: 20, maxShards: 4 },
    });
    const series = testSeries(60);
    const now = Date.now() - 60_000;
    for (let second = 0; second < 10; second++) remote.publisher.publish(evaluation(now + second * 1000, { series }));
    expect(await remote.metric('shards')).toBe(1);
    for (const shards of [2, 4]) {
      const before = receiver.requests.length;
      await receiver.until(() => receiver.requests.length >= before + 5);
      vi.advanceTimersByTime(10_000);
      const after = receiver.requests.length;
      await receiver.until(() => receiver.requests.length >= after + 10);
      expect(await remote.metric('shards')).toBe(shards);
    }
    expect(await remote.publisher.close(30_000)).toMatchObject({ lost: 0, spooled: 0 });
    expect(receiver.stored).toHaveLength(3600);
    const last = new Map<string, number>();
    for (const { series: name, timestampMs } of receiver.stored) {
      expect(timestampMs).toBeGreaterThan(last.get(name) ?? 0);
      last.set(name, timestampMs);
    }
  });
});
