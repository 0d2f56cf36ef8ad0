import { expect, it } from 'vitest';
import { Datasources } from '../../src/app/datasources.ts';
import type { DatasourceSettings } from '../../src/settings/settings.ts';
import { httpSettings } from '../support/loopback.ts';

function prometheus(url: string): DatasourceSettings {
  return { type: 'prometheus', url, timeoutMs: 1, maxConcurrentQueries: 1, params: {}, http: httpSettings() };
}

it('tells what the data sources are, and no secret of them', async () => {
  const datasources = new Datasources(() => ({
    async *queryRange() {},
    async [Symbol.asyncDispose]() {},
  }));
  expect(datasources.summaries()).toEqual([]);
  await datasources.replace({
    main: prometheus('https://user:hunter2@prom.example:9090/base?token=abc'),
    file: { type: 'csv', path: '/data/a.csv', timestampColumn: 't', valueColumns: undefined, labelColumns: [] },
    demo: { type: 'simulated', seed: 7, incidentEveryMs: 1, incidentHistoryMs: 0 },
  });
  expect(datasources.summaries()).toEqual([
    { name: 'main', kind: 'prometheus', target: 'https://prom.example:9090/base' },
    { name: 'file', kind: 'csv', target: '/data/a.csv' },
    { name: 'demo', kind: 'simulated', target: 'a small web shop, seed 7' },
  ]);
  await datasources.replace({ main: prometheus('http://other:9090/') });
  expect(datasources.summaries()).toEqual([{ name: 'main', kind: 'prometheus', target: 'http://other:9090' }]);
});
