import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPrometheus, startVictoriaMetrics, type TestServer } from '../support/servers.ts';
import { QUERY_CASES } from './query-cases.ts';

const modernServers = process.env['OPENANOMALY_TEST_SERVERS'] === 'modern';

describe('the table of queries holds on real servers', () => {
  let prometheus: TestServer;
  let victoriaMetrics: TestServer;

  beforeAll(async () => {
    [prometheus, victoriaMetrics] = await Promise.all([startPrometheus(), startVictoriaMetrics()]);
  });

  afterAll(async () => {
    await Promise.all([prometheus.stop(), victoriaMetrics.stop()]);
  });

  const cases = QUERY_CASES.filter(({ modern }) => modernServers || !modern);

  test.each(cases.map((row) => [row.verdict, row.query] as const))('%s: %s', async (verdict, query) => {
    const accepted = {
      prometheus: await accepts(prometheus, query),
      victoriaMetrics: await accepts(victoriaMetrics, query),
    };
    expect(accepted).toEqual({ prometheus: verdict === 'fine', victoriaMetrics: verdict !== 'wrong' });
  });
});

async function accepts(server: TestServer, query: string): Promise<boolean> {
  const body = new URLSearchParams({ query, start: '1700000000', end: '1700000060', step: '15' });
  const response = await fetch(`${server.url}/api/v1/query_range`, { method: 'POST', body });
  await response.arrayBuffer();
  expect([200, 400, 422]).toContain(response.status);
  return response.status === 200;
}
