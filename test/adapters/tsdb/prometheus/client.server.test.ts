import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RangeQuery, TsdbClient } from '../../../../src/ports/tsdb-client.ts';
import { alignDown } from '../../../../src/series/grid.ts';
import { type Labels, labelsFromRecord, labelValue } from '../../../../src/series/labels.ts';
import { joinPieces, piecesOf, type TsdbHarness, tsdbClientContract } from '../../../contract/tsdb-client.ts';
import { openTestClient } from '../../../support/prometheus-client.ts';
import { type SeedSeries, STALE, seedSeries } from '../../../support/seed.ts';
import { startPrometheus, startVictoriaMetrics, type TestServer } from '../../../support/servers.ts';

const MINUTE_MS = 60_000;
const STEP_MS = MINUTE_MS;
const STEPS = 40;
const startMs = alignDown(Date.now() - 3 * 60 * MINUTE_MS, 5 * MINUTE_MS);
const endMs = startMs + (STEPS - 1) * STEP_MS;
const NONE = Number.NaN;

/** Values that VictoriaMetrics, which stores decimals, keeps exactly. Samples every 15 s, 7 s past the grid: four belong to each instant, the last one 8 s before it. */
const offGrid = range(-8, STEPS * 4 + 8).map((i) => [startMs + i * 15_000 + 7_000, i + 0.125] as const);
const lastBefore = (step: number) => offGrid[8 + step * 4 - 1]![1];
const inGap = (step: number) => step > 10 && step <= 25;

const SEEDS: SeedSeries[] = [
  { labels: { __name__: 'exact', case: 'off grid' }, samples: offGrid },
  {
    labels: { __name__: 'exact', case: 'gap', zone: 'a' },
    samples: offGrid.filter(([timeMs]) => !inGap(Math.ceil((timeMs - startMs) / STEP_MS))),
  },
  { labels: { __name__: 'exact', case: 'single' }, samples: [[startMs + 3 * STEP_MS, 42]] },
  {
    // One sample just before the grid, that is at the open end of the first range, and none after.
    labels: { __name__: 'exact', case: 'before' },
    samples: [[startMs - STEP_MS, 1]],
  },
  {
    labels: { __name__: 'special' },
    samples: [
      [startMs, Number.POSITIVE_INFINITY],
      [startMs + STEP_MS, Number.NEGATIVE_INFINITY],
      [startMs + 2 * STEP_MS, Number.NaN],
      [startMs + 3 * STEP_MS, -1e9],
      [startMs + 4 * STEP_MS, 0.5],
      [startMs + 5 * STEP_MS, STALE],
      [startMs + 6 * STEP_MS, 0.25],
    ],
  },
  ...range(0, 20).map((s) => ({
    labels: { __name__: 'dense', s: `${s}`, unicode: 'é😀' },
    samples: range(0, STEPS).map((i) => [startMs + i * STEP_MS, s + i / 8] as const),
  })),
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

const rangeQuery = (query: string, overrides: Partial<RangeQuery> = {}): RangeQuery => ({
  query,
  startMs,
  endMs,
  stepMs: STEP_MS,
  limit: 0,
  timeoutMs: 60_000,
  ...overrides,
});

const SERVERS = [
  { kind: 'Prometheus', start: () => startPrometheus(), settled: async () => {} },
  {
    kind: 'VictoriaMetrics',
    // The default of users: instant queries of ranges must not be held back by it.
    start: () => startVictoriaMetrics({ args: ['-search.latencyOffset=30s'] }),
    settled: async (server: TestServer) => {
      await (await fetch(`${server.url}/internal/force_flush`)).text();
    },
  },
];

describe.each(SERVERS)('$kind', ({ kind, start, settled }) => {
  let server: TestServer;
  let client: TsdbClient;
  beforeAll(async () => {
    server = await start();
    await seedSeries(server.url, SEEDS);
    await settled(server);
    client = openTestClient(server.url);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await server.stop();
  });

  const read = async (query: RangeQuery) => {
    const pieces = await piecesOf(client, query);
    const labels = new Map<string, Labels>(pieces.flatMap(({ block }) => block.labels.map((set) => [set.key, set])));
    const rows = [...joinPieces(pieces, query)].map(([key, row]) => ({ labels: labels.get(key)!, row: [...row] }));
    return { pieces, rows };
  };

  describe('a plain selector, read raw', () => {
    const query = rangeQuery('exact # with a comment');
    const harness = async (): Promise<TsdbHarness> => ({
      client: openTestClient(server.url),
      query: query.query,
      startMs,
      stepMs: STEP_MS,
      steps: STEPS,
      expected: [
        { labels: SEEDS[0]!.labels, values: range(0, STEPS).map(lastBefore) },
        { labels: SEEDS[1]!.labels, values: range(0, STEPS).map((step) => (inGap(step) ? NONE : lastBefore(step))) },
        { labels: SEEDS[2]!.labels, values: range(0, STEPS).map((step) => (step === 3 ? 42 : NONE)) },
      ],
      emptyQuery: 'no_such_metric',
      [Symbol.asyncDispose]: async () => {},
    });
    tsdbClientContract(harness);

    it('keeps infinities, and takes NaN and stale markers for no sample', async () => {
      const { rows, pieces } = await read(rangeQuery('special', { endMs: startMs + 7 * STEP_MS }));
      expect(rows.map(({ row }) => row)).toEqual([[Infinity, -Infinity, NONE, -1e9, 0.5, NONE, 0.25, NONE]]);
      expect(pieces[0]!.samples).toBe(3);
    });

    it('answers at a finer step than the samples with gaps, never with repeated values', async () => {
      const { rows } = await read(rangeQuery('exact{case="off grid"}', { stepMs: 5000, endMs: startMs + MINUTE_MS }));
      expect(rows[0]!.row.filter(Number.isFinite)).toHaveLength(4);
    });

    it('has no limit on the instants of a request', async () => {
      const { rows, pieces } = await read(
        rangeQuery('exact{case="off grid"}', { stepMs: 1000, startMs: endMs - 13_000_000, endMs }),
      );
      expect(pieces.reduce((steps, { block }) => steps + block.grid.steps, 0)).toBe(13_001);
      expect(rows[0]!.row.filter(Number.isFinite)).toEqual(
        offGrid.filter(([timeMs]) => timeMs <= endMs).map(([, value]) => value),
      );
    });

    it('answers the same label objects at each read', async () => {
      const first = await read(query);
      const second = await read(query);
      const sets = (answer: typeof first) => new Set(answer.rows.map(({ labels }) => labels));
      expect(sets(second).size).toBe(3);
      expect([...sets(second)].every((labels) => sets(first).has(labels))).toBe(true);
    });

    it('reads the series that are named from the server, others not', async () => {
      const only = [SEEDS[0]!, SEEDS[2]!].map(({ labels }) => labelsFromRecord(labels));
      const all = await read(query);
      const some = await read({ ...query, only });
      expect(some.rows.map(({ labels }) => labels.key).sort()).toEqual(only.map(({ key }) => key).sort());
      expect(some.pieces[0]!.bytes).toBeLessThan(all.pieces[0]!.bytes);
    });
  });

  describe('an expression, evaluated by the server', () => {
    const dense = range(0, 20).map((s) => ({
      labels: { s: `${s}`, unicode: 'é😀' },
      values: range(0, STEPS).map((i) => s + i / 8 + 1),
    }));
    tsdbClientContract(async () => ({
      client: openTestClient(server.url),
      query: 'dense + 1',
      startMs,
      stepMs: STEP_MS,
      steps: STEPS,
      expected: dense,
      emptyQuery: 'no_such_metric + 1',
      [Symbol.asyncDispose]: async () => {},
    }));

    it('is asked for in pieces of 11,000 instants', async () => {
      const stepMs = 1000;
      const steps = 24_000;
      const { rows, pieces } = await read(
        rangeQuery('sum(dense) > 0', { stepMs, startMs: endMs - (steps - 1) * stepMs, endMs }),
      );
      expect(Math.max(...pieces.map(({ block }) => block.grid.steps))).toBe(11_000);
      expect(rows[0]!.row.at(-1)).toBeCloseTo(
        dense.reduce((sum, { values }) => sum + values.at(-1)! - 1, 0),
        6,
      );
    });

    it('drops or keeps the metric name as the server does', async () => {
      const { rows } = await read(rangeQuery('avg_over_time(dense{s="3"}[1m])'));
      expect(labelValue(rows[0]!.labels, '__name__')).toBe(kind === 'VictoriaMetrics' ? 'dense' : undefined);
    });
  });

  it('shows the message of the server for a bad query', async () => {
    const failure = read(rangeQuery('sum(dense'));
    await expect(failure).rejects.toThrow(kind === 'Prometheus' ? /unclosed left parenthesis/ : /sum\(dense/);
    await expect(failure).rejects.toMatchObject({ retryable: false });
  });

  it('tells a query that cannot be executed from a bad one', async () => {
    await expect(read(rangeQuery('dense + on(unicode) dense'))).rejects.toMatchObject({ code: 'query_execution' });
  });

  it('passes extra parameters on', async () => {
    const strict = openTestClient(server.url, { params: { step: 'nonsense' } });
    await expect(piecesOf(strict, rangeQuery('dense + 1'))).rejects.toThrow(/nonsense/);
    await strict[Symbol.asyncDispose]();
  });

  it('stops reading at the first series too many', async () => {
    const failure = read(rangeQuery('dense + 1', { limit: 5 }));
    await expect(failure).rejects.toMatchObject({ code: 'series_limit', message: expect.stringContaining('5') });
  });

  it('gives up when the server is too slow', async () => {
    const hasty = openTestClient(server.url, { timeoutMs: 1 });
    const heavy = rangeQuery('count by (s) (sum_over_time(dense[3h:1s]))', { stepMs: 1000 });
    await expect(piecesOf(hasty, heavy)).rejects.toMatchObject({ code: 'datasource_timeout' });
    await hasty[Symbol.asyncDispose]();
  });
});

/** Rows of a matrix query that sums up each instant, as a check that pieces join without a seam. */
describe('many series over a long time', () => {
  it('come in pieces of bounded size that join without a seam', async () => {
    const server = await startPrometheus();
    const count = 1200;
    const steps = 2500;
    const lastMs = alignDown(Date.now(), MINUTE_MS);
    const firstMs = lastMs - (steps - 1) * MINUTE_MS;
    await seedSeries(
      server.url,
      range(0, count).map((s) => ({
        labels: { __name__: 'wide', s: `${s}` },
        samples: range(0, steps).map((i) => [firstMs + i * MINUTE_MS, s + i * 1e4] as const),
      })),
    );
    const client = openTestClient(server.url, { timeoutMs: 60_000 });
    for (const query of ['wide', 'wide + 0']) {
      const sizes: number[] = [];
      let nextMs = firstMs;
      for await (const { block, samples } of client.queryRange(
        { query, startMs: firstMs, endMs: lastMs, stepMs: MINUTE_MS, limit: 0, timeoutMs: 60_000 },
        new AbortController().signal,
      )) {
        expect(block.grid.startMs).toBe(nextMs);
        nextMs += block.grid.steps * MINUTE_MS;
        expect(block.labels).toHaveLength(count);
        expect(samples).toBe(count * block.grid.steps);
        sizes.push(block.values.length);
        const i = Math.round((block.grid.startMs - firstMs) / MINUTE_MS);
        block.labels.forEach((labels, row) => {
          const s = Number(labelValue(labels, 's'));
          for (const step of [0, block.grid.steps - 1])
            if (block.values[row * block.grid.steps + step] !== s + (i + step) * 1e4)
              throw new Error(`${labels.key} at step ${i + step} is wrong`);
        });
      }
      expect(nextMs).toBe(lastMs + MINUTE_MS);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2_000_000);
      expect(sizes.length).toBeGreaterThan(2);
    }
    await client[Symbol.asyncDispose]();
    await server.stop();
  });
});
