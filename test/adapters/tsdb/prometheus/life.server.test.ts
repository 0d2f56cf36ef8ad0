import { afterEach, describe, expect, it } from 'vitest';
import type { RangePiece, RangeQuery } from '../../../../src/ports/tsdb-client.ts';
import { alignDown } from '../../../../src/series/grid.ts';
import { labelValue } from '../../../../src/series/labels.ts';
import { piecesOf } from '../../../contract/tsdb-client.ts';
import { collectingLogger } from '../../../support/logger.ts';
import { freePort } from '../../../support/ports.ts';
import { openTestClient } from '../../../support/prometheus-client.ts';
import { createDataDir } from '../../../support/run-dir.ts';
import { seedSeries } from '../../../support/seed.ts';
import { startPrometheus, startVictoriaMetrics, type TestServer } from '../../../support/servers.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item[Symbol.asyncDispose]();
});

function kept<T extends TestServer>(server: T): T {
  open.push({ [Symbol.asyncDispose]: () => server.stop() });
  return server;
}

const MINUTE_MS = 60_000;

describe('a server that dies while it is read', () => {
  it('is read on when it is back, and the answer has no hole', async () => {
    const port = await freePort();
    const dataDir = createDataDir('prometheus');
    const first = kept(await startPrometheus({ port, dataDir }));
    const steps = 2000;
    const count = 400;
    const endMs = alignDown(Date.now(), MINUTE_MS);
    const startMs = endMs - (steps - 1) * MINUTE_MS;
    await seedSeries(
      first.url,
      Array.from({ length: count }, (_, s) => ({
        labels: { __name__: 'm', s: `${s}` },
        samples: Array.from({ length: steps }, (_, i) => [startMs + i * MINUTE_MS, i] as const),
      })),
    );
    const logger = collectingLogger();
    const client = openTestClient(first.url, { timeoutMs: 60_000 }, logger);
    open.push(client);
    const query: RangeQuery = { query: 'm', startMs, endMs, stepMs: MINUTE_MS, limit: 0, timeoutMs: 60_000 };
    const pieces: RangePiece[] = [];
    let restarted: Promise<unknown> | undefined;
    for await (const piece of client.queryRange(query, new AbortController().signal)) {
      pieces.push(piece);
      if (restarted !== undefined) continue;
      await first.kill();
      restarted = startPrometheus({ port, dataDir }).then(kept);
    }
    await restarted;
    expect(pieces.length).toBeGreaterThan(2);
    let step = 0;
    for (const { block } of pieces) {
      expect(block.labels).toHaveLength(count);
      const expected = Float64Array.from({ length: block.grid.steps }, (_, i) => step + i);
      expect(block.values.subarray(0, block.grid.steps)).toEqual(expected);
      step += block.grid.steps;
    }
    expect(step).toBe(steps);
    expect(logger.lines.length).toBeGreaterThan(0);
  });
});

describe.each([
  { kind: 'Prometheus', start: () => startPrometheus() },
  { kind: 'VictoriaMetrics', start: () => startVictoriaMetrics({ args: ['-search.latencyOffset=30s'] }) },
])('the newest samples of $kind', ({ start }) => {
  it('are read raw as they are, without the flat tail that range queries may show', async () => {
    const server = kept(await start());
    const stepMs = 5000;
    const endMs = alignDown(Date.now(), stepMs);
    const startMs = endMs - 60_000;
    const samples = Array.from({ length: 12 }, (_, i) => [startMs + i * stepMs, i] as const);
    await seedSeries(server.url, [{ labels: { __name__: 'fresh' }, samples }]);
    await (await fetch(`${server.url}/internal/force_flush`)).text();
    const client = openTestClient(server.url);
    open.push(client);
    const [piece] = await piecesOf(client, { query: 'fresh', startMs, endMs, stepMs, limit: 0, timeoutMs: 30_000 });
    expect([...piece!.block.values]).toEqual([...samples.map(([, value]) => value), Number.NaN]);
  });
});

// Stock Prometheus has no native histograms of its own to scrape; client.test.ts has answers with them.
if (process.env['OPENANOMALY_TEST_SERVERS'] === 'modern') {
  describe('native histograms', () => {
    it('are left out and counted', async () => {
      const port = await freePort();
      const scrapeConfigs = `
- job_name: self
  scrape_native_histograms: true
  static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
      const server = kept(await startPrometheus({ port, scrapeConfigs }));
      const client = openTestClient(server.url);
      open.push(client);
      const read = async (): Promise<RangePiece> => {
        const endMs = alignDown(Date.now(), 1000);
        const query = '{__name__=~"prometheus_http_request_duration_seconds|prometheus_build_info"}';
        const range = { startMs: endMs - 10_000, endMs, stepMs: 1000 };
        return (await piecesOf(client, { query, ...range, limit: 1, timeoutMs: 30_000 }))[0]!;
      };
      let piece = await read();
      while (piece.samples === 0) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        piece = await read();
      }
      expect(piece.histograms).toBeGreaterThan(0);
      expect(piece.block.labels.map((labels) => labelValue(labels, '__name__'))).toEqual(['prometheus_build_info']);
    });
  });
}
