import { describe, expect, it } from 'vitest';
import { openSimulated } from '../../../../src/adapters/tsdb/simulated/client.ts';
import { incidentsBetween } from '../../../../src/adapters/tsdb/simulated/incidents.ts';
import { SHOP_SERIES } from '../../../../src/adapters/tsdb/simulated/shop.ts';
import type { RangeQuery } from '../../../../src/ports/tsdb-client.ts';
import { joinPieces, piecesOf, tsdbClientContract } from '../../../contract/tsdb-client.ts';
import { FakeClock } from '../../../support/clock.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 18);
const HOUR_MS = 3_600_000;
const SETTINGS = { type: 'simulated', seed: 1, incidentEveryMs: 300_000, incidentHistoryMs: Infinity } as const;

function open(settings: { seed?: number; incidentEveryMs?: number } = {}, nowMs = NOW_MS) {
  return openSimulated({ settings: { ...SETTINGS, ...settings }, clock: new FakeClock(nowMs) });
}

function rangeOf(query: string, startMs: number, endMs: number, stepMs = 10_000): RangeQuery {
  return { query, startMs, endMs, stepMs, limit: 0, timeoutMs: 60_000 };
}

async function rowsOf(query: RangeQuery, client = open()) {
  return joinPieces(await piecesOf(client, query), query);
}

describe('the simulated source', () => {
  tsdbClientContract(async () => {
    const vanished = incidentsBetween(1, NOW_MS - 24 * HOUR_MS, NOW_MS, 300_000).find(
      ({ kind, service }) => kind === 'instance_vanishes' && service === 'checkout',
    )!;
    const query = 'shop_request_latency_seconds{service="checkout"}';
    const startMs = Math.floor(vanished.startMs / 10_000) * 10_000 - 300_000;
    const steps = 90;
    // Every instant is asked for alone, of a source that was asked for nothing before.
    const rows = new Map<string, number[]>();
    for (let i = 0; i < steps; i++) {
      const one = await rowsOf(rangeOf(query, startMs + i * 10_000, startMs + i * 10_000));
      for (const [key, values] of one) {
        if (!rows.has(key)) rows.set(key, new Array<number>(steps).fill(Number.NaN));
        rows.get(key)![i] = values[0]!;
      }
    }
    return {
      client: open(),
      query,
      startMs,
      stepMs: 10_000,
      steps,
      expected: ['1', '2', '3'].map((n) => {
        const labels = {
          __name__: 'shop_request_latency_seconds',
          job: 'shop',
          service: 'checkout',
          instance: `checkout-${n}:8080`,
        };
        const [, values] = [...rows].find(([key]) => key.includes(labels.instance))!;
        return { labels, values };
      }),
      emptyQuery: 'shop_request_latency_seconds{service="warehouse"}',
      async [Symbol.asyncDispose]() {},
    };
  });

  it('has sixty series and more, all of them told apart by their labels', async () => {
    const rows = await rowsOf(rangeOf('{job="shop"}', NOW_MS - HOUR_MS, NOW_MS));
    expect(rows.size).toBe(SHOP_SERIES.length);
    expect(rows.size).toBeGreaterThan(60);
  });

  it('gives one answer whatever the step, the pieces and the order of questions', async () => {
    const startMs = NOW_MS - 12 * HOUR_MS;
    const fine = await rowsOf(rangeOf('{job="shop"}', startMs, NOW_MS, 5000));
    const coarse = await rowsOf(rangeOf('{job="shop"}', startMs, NOW_MS, 60_000));
    const alone = await rowsOf(rangeOf('shop_orders_per_minute', startMs, NOW_MS, 60_000));
    expect(coarse.size).toBe(SHOP_SERIES.length);
    for (const [key, row] of coarse) {
      expect(row).toEqual(Float64Array.from(row, (_, i) => fine.get(key)![i * 12]!));
    }
    for (const [key, row] of alone) expect(row).toEqual(coarse.get(key));
  });

  it('is another shop with another seed', async () => {
    const query = rangeOf('shop_orders_per_minute', NOW_MS - HOUR_MS, NOW_MS);
    const [ours] = (await rowsOf(query)).values();
    const [theirs] = (await rowsOf(query, open({ seed: 2 }))).values();
    expect(ours).not.toEqual(theirs);
  });

  it('knows nothing later than the clock', async () => {
    const query = rangeOf('shop_orders_per_minute', NOW_MS - 60_000, NOW_MS + 60_000);
    const [row] = (await rowsOf(query, open({ incidentEveryMs: 0 }, NOW_MS + 9999))).values();
    expect(Array.from(row!, Number.isFinite)).toEqual([...Array(7).fill(true), ...Array(6).fill(false)]);
    const later = await piecesOf(open(), rangeOf('shop_orders_per_minute', NOW_MS + 60_000, NOW_MS + 120_000));
    expect(later.map(({ block }) => block.labels.length)).toEqual([0]);
  });

  it('has no sample between two native ones', async () => {
    const query = rangeOf('shop_orders_per_minute', NOW_MS - 10_000, NOW_MS, 2000);
    const [row] = (await rowsOf(query, open({ incidentEveryMs: 0 }))).values();
    // Samples at 0, 5 and 10 s: the second one is first seen at 6 s.
    expect(Array.from(row!, Number.isFinite)).toEqual([true, false, false, true, false, true]);
  });

  it.each([
    'rate(shop_orders_per_minute[5m])',
    'sum(shop_orders_per_minute)',
    'shop_orders_per_minute offset 1h',
    '{job=~".*"}',
  ])('refuses %s and says what it takes', async (query) => {
    await expect(piecesOf(open(), rangeOf(query, NOW_MS, NOW_MS))).rejects.toMatchObject({
      code: 'query_rejected',
      message: expect.stringMatching(/plain selectors only, such as shop_\w+\{.*the query is /),
    });
  });
});
