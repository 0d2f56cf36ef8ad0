import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRules } from '../../src/rules/parse.ts';
import { startNodeExporter, startPrometheus, startVictoriaMetrics, type TestServer } from '../support/servers.ts';

const TEXT = readFileSync(new URL('../../rules/node.yaml', import.meta.url), 'utf8');
const PIPELINES = parseRules(TEXT, 'node.yaml').groups.flatMap((group) => group.pipelines);

/** A virtual machine may have no disk of its own, and a container no filesystem that counts. */
const NEEDS_HARDWARE = /^node_(disk|filesystem)_/;

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] };
}

async function ask(server: TestServer, query: string): Promise<Answer> {
  const response = await fetch(`${server.url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query }) });
  return (await response.json()) as Answer;
}

describe('rules/node.yaml beside a real node_exporter', () => {
  let exporter: TestServer;
  let prometheus: TestServer;
  let victoriaMetrics: TestServer;

  beforeAll(async () => {
    exporter = await startNodeExporter();
    const target = `127.0.0.1:${exporter.port}`;
    [prometheus, victoriaMetrics] = await Promise.all([
      startPrometheus({
        scrapeConfigs: `- job_name: node\n  static_configs: [{targets: ['${target}'], labels: {cluster: c1}}]\n`,
      }),
      startVictoriaMetrics(),
    ]);
    // Rates need two scrapes.
    for (;;) {
      const { data } = await ask(prometheus, 'rate(node_forks_total[5m])');
      if (data !== undefined && data.result.length > 0) break;
      await delay(200);
    }
  });

  afterAll(async () => {
    await Promise.all([exporter, prometheus, victoriaMetrics].map((server) => server?.stop()));
  });

  test.each(PIPELINES.map(({ name, query }) => [name, query] as const))(
    '%s is understood, and its series keep the labels of the target',
    async (name, query) => {
      expect(await ask(victoriaMetrics, query)).toMatchObject({ status: 'success' });
      const answer = await ask(prometheus, query);
      expect(answer).toMatchObject({ status: 'success' });
      const result = answer.data!.result;
      if (!NEEDS_HARDWARE.test(name)) expect(result).not.toEqual([]);
      for (const { metric } of result) expect(metric).toMatchObject({ job: 'node', cluster: 'c1' });
      const sets = result.map(({ metric }) => JSON.stringify(Object.entries({ ...metric, __name__: '' }).sort()));
      expect(new Set(sets).size).toBe(sets.length);
    },
  );
});
