import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RangePiece, RangeQuery, TsdbClient } from '../../src/ports/tsdb-client.ts';
import { gridBetween } from '../../src/series/grid.ts';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';

/** A client under test and a read whose answer is known. */
export interface TsdbHarness extends AsyncDisposable {
  readonly client: TsdbClient;
  /** Answers at least two series over the range below, the same at each read. */
  readonly query: string;
  /** A multiple of `stepMs`. */
  readonly startMs: number;
  readonly stepMs: number;
  /** At least four. */
  readonly steps: number;
  /** What `query` answers: every series, its samples in the order of the grid, NaN where there is none. */
  readonly expected: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly values: readonly number[];
  }[];
  /** A good query that no series answers. */
  readonly emptyQuery: string;
}

/** Rows by label key. */
export type Rows = Map<string, Float64Array>;

export async function piecesOf(
  client: TsdbClient,
  query: RangeQuery,
  signal: AbortSignal = new AbortController().signal,
): Promise<RangePiece[]> {
  const pieces: RangePiece[] = [];
  for await (const piece of client.queryRange(query, signal)) pieces.push(piece);
  return pieces;
}

/** All pieces laid on the grid of their query. */
export function joinPieces(pieces: readonly RangePiece[], query: RangeQuery): Rows {
  const whole = gridBetween(query.startMs, query.endMs, query.stepMs);
  const rows: Rows = new Map();
  for (const { block } of pieces) {
    const at = (block.grid.startMs - whole.startMs) / whole.stepMs;
    block.labels.forEach((labels, s) => {
      const row = rows.get(labels.key) ?? new Float64Array(whole.steps).fill(Number.NaN);
      row.set(block.values.subarray(s * block.grid.steps, (s + 1) * block.grid.steps), at);
      rows.set(labels.key, row);
    });
  }
  return rows;
}

/** What every data source must do. */
export function tsdbClientContract(open: () => Promise<TsdbHarness>): void {
  describe('data source contract', () => {
    let harness: TsdbHarness;
    let expected: Rows;
    let firstLabels: Labels;
    beforeAll(async () => {
      harness = await open();
      const rows = harness.expected.map(({ labels, values }) => [labelsFromRecord(labels), values] as const);
      expected = new Map(rows.map(([labels, values]) => [labels.key, Float64Array.from(values)]));
      firstLabels = rows[0]![0];
    });
    afterAll(() => harness[Symbol.asyncDispose]());

    /** A read of the harness from step `first` to step `last`, both included. */
    const rangeQuery = (first = 0, last = harness.steps - 1): RangeQuery => ({
      query: harness.query,
      startMs: harness.startMs + first * harness.stepMs,
      endMs: harness.startMs + last * harness.stepMs,
      stepMs: harness.stepMs,
      limit: 0,
      timeoutMs: 60_000,
    });
    const read = async (query: RangeQuery) => joinPieces(await piecesOf(harness.client, query), query);
    const sorted = (rows: Rows) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

    it('the harness is big enough to show anything', () => {
      expect(harness.expected.length).toBeGreaterThanOrEqual(2);
      expect(harness.steps).toBeGreaterThanOrEqual(4);
      for (const row of expected.values()) expect(row).toHaveLength(harness.steps);
    });

    it('answers every sample on the grid', async () => {
      expect(sorted(await read(rangeQuery()))).toEqual(sorted(expected));
    });

    it('answers the same again', async () => {
      expect(sorted(await read(rangeQuery()))).toEqual(sorted(await read(rangeQuery())));
    });

    it('gives pieces that are well formed, in time order, and cover the grid', async () => {
      const query = rangeQuery();
      let nextMs = query.startMs;
      for (const { block, samples } of await piecesOf(harness.client, query)) {
        const { grid, labels, values } = block;
        expect(grid.startMs).toBe(nextMs);
        expect(grid.stepMs).toBe(query.stepMs);
        expect(grid.steps).toBeGreaterThan(0);
        nextMs += grid.steps * grid.stepMs;
        expect(values).toHaveLength(labels.length * grid.steps);
        expect(samples).toBe(values.filter(Number.isFinite).length);
        expect(new Set(labels.map(({ key }) => key)).size).toBe(labels.length);
        for (let s = 0; s < labels.length; s++) {
          const row = values.subarray(s * grid.steps, (s + 1) * grid.steps);
          expect(row.every(Number.isNaN), `series ${labels[s]!.key} is absent from a piece without a sample`).toBe(
            false,
          );
        }
      }
      expect(nextMs).toBe(query.endMs + query.stepMs);
    });

    it('answers a part as the same part of the whole', async () => {
      const first = 1;
      const last = harness.steps - 2;
      const part = new Map([...expected].map(([key, row]) => [key, row.subarray(first, last + 1)]));
      for (const [key, row] of part) if (row.every(Number.isNaN)) part.delete(key);
      expect(sorted(await read(rangeQuery(first, last)))).toEqual(sorted(part));
    });

    it('answers one instant', async () => {
      for (const step of [0, harness.steps - 1]) {
        const rows = await read(rangeQuery(step, step));
        for (const [key, row] of expected) expect(rows.get(key)?.[0] ?? Number.NaN).toBe(row[step]);
      }
    });

    it('takes as many series as the limit says, and no more', async () => {
      const limit = expected.size;
      expect((await read({ ...rangeQuery(), limit })).size).toBe(limit);
      await expect(read({ ...rangeQuery(), limit: limit - 1 })).rejects.toMatchObject({
        code: 'series_limit',
        retryable: false,
        message: expect.stringContaining(String(limit - 1)),
      });
    });

    it('covers the grid with no series where nothing matches', async () => {
      const query = { ...rangeQuery(), query: harness.emptyQuery };
      const pieces = await piecesOf(harness.client, query);
      expect(pieces.reduce((steps, { block }) => steps + block.grid.steps, 0)).toBe(harness.steps);
      expect(joinPieces(pieces, query).size).toBe(0);
    });

    it('answers the series that are named, perhaps more', async () => {
      const rows = await read({ ...rangeQuery(), only: [firstLabels] });
      expect(rows.get(firstLabels.key)).toEqual(expected.get(firstLabels.key));
      for (const [key, row] of rows) expect(row).toEqual(expected.get(key));
      if (harness.client.narrows?.(harness.query)) expect(rows.size).toBe(1);
    });

    it('rejects with the reason of a signal that is aborted', async () => {
      const reason = new Error('enough');
      await expect(piecesOf(harness.client, rangeQuery(), AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it('can be left after a piece and read again', async () => {
      for await (const piece of harness.client.queryRange(rangeQuery(), new AbortController().signal)) {
        expect(piece.block.grid.steps).toBeGreaterThan(0);
        break;
      }
      expect(sorted(await read(rangeQuery()))).toEqual(sorted(expected));
    });

    it('refuses a query that is none, for good', async () => {
      const error = await read({ ...rangeQuery(), query: 'sum(((' }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(/\S/) });
      // Old VictoriaMetrics says 422 to everything it does not like.
      expect(['query_rejected', 'query_execution']).toContain((error as { code?: string }).code);
    });
  });
}
