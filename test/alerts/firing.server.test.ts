import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertRules } from '../../src/rules/alert-rules.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { type Surroundings, startSurroundings } from '../e2e/beside-prometheus.ts';
import { eventually, queryServer } from '../e2e/process.ts';
import { type Loopback, serve } from '../support/loopback.ts';
import { createDataDir } from '../support/run-dir.ts';
import { startAlertmanager, type TestServer } from '../support/servers.ts';

/**
 * The whole way of an alert: a fault in what node_exporter shows, a score of ours, the generated rules in a real
 * Prometheus, the example route in a real Alertmanager, a webhook. The tests are one story and run in order.
 */
const RULES = `
groups:
  - name: shop
    interval: 1s
    query_offset: 1s
    labels: {team: web}
    pipelines:
      - name: load
        description: Load of each shard
        query: e2e_load
        step: 1s
        context_window: 10m
        prediction_horizon: 10m
        # One forecast, at the start: a fault that lasts is not to become what is expected.
        forecast_schedule: "0 0 1 1 *"
        anomaly: {technique: confidence_interval}
`;

interface Alert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const received: { readonly receiver: string; readonly alert: Alert }[] = [];
let webhook: Loopback;
let alertmanager: TestServer;
let around: Surroundings;

beforeAll(async () => {
  webhook = await serve(({ path, body }, response) => {
    const { alerts } = JSON.parse(body) as { alerts: Alert[] };
    for (const alert of alerts) received.push({ receiver: path.slice(1), alert });
    response.end();
  });
  const dir = createDataDir('alerts');
  const example = readFileSync(new URL('../../config/alertmanager.example.yaml', import.meta.url), 'utf8');
  // As it is, but for the address and for waits that are made for people.
  const config = example.replaceAll(':9099/', `:${webhook.port}/`).replace(/(group_(?:wait|interval)): \w+/g, '$1: 1s');
  writeFileSync(join(dir, 'alertmanager.yaml'), config);
  alertmanager = await startAlertmanager({ configFile: join(dir, 'alertmanager.yaml') });
  const { groups } = parseRules(RULES, 'rules.yaml');
  writeFileSync(join(dir, 'alerts.yaml'), alertRules({ groups }, { prefix: 'openanomaly' }));
  around = await startSurroundings({
    shards: 4,
    rules: RULES,
    prometheusRuleFiles: () => [join(dir, 'alerts.yaml')],
    prometheusConfig: () =>
      `alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:${alertmanager.port}']}]}]}\n`,
  });
  await eventually(
    'a score',
    async () => ((await queryServer(around.prometheus.url, 'openanomaly_score')).length === 4 ? true : undefined),
    () => around.ours.child.log(),
  );
});

afterAll(async () => {
  await around?.stop();
  await alertmanager?.stop();
  await webhook?.[Symbol.asyncDispose]();
});

const log = () => JSON.stringify(received, null, 1);

function find(alertname: string, wanted: Readonly<Record<string, string>>) {
  return received.find(
    ({ alert }) =>
      alert.labels['alertname'] === alertname &&
      Object.entries(wanted).every(([name, value]) => alert.labels[name] === value),
  );
}

describe('a fault', () => {
  test('of one series arrives as context, with value, expected value and band', async () => {
    const { receiver, alert } = await eventually(
      'the alert',
      async () => {
        await around.setLoad([5, 50, 5, 5]);
        return find('OpenAnomalySeriesAnomalous', { shard: '1' });
      },
      log,
    );
    expect(receiver).toBe('context');
    expect(alert.status).toBe('firing');
    expect(alert.labels).toMatchObject({ pipeline: 'load', team: 'web', job: 'node', shard: '1' });
    const { description = '', runbook_url } = alert.annotations;
    expect(description).toMatch(
      /^Pipeline load \(Load of each shard\): [\d.]+% of the last \d+s was anomalous.* Now the value is 50, expected [\d.]+, band [\d.]+ to [\d.]+, for /,
    );
    expect(runbook_url).toBe('docs/runbooks/OpenAnomalySeriesAnomalous.md');
    expect(received.filter(({ alert: { labels } }) => labels['shard'] === '0')).toEqual([]);
  });

  test('of all series arrives as one of their group', async () => {
    const { receiver, alert } = await eventually(
      'the alert of the group',
      async () => {
        await around.setLoad([50, 80, 50, 50]);
        return find('OpenAnomalyGroupAnomalous', { group: 'shop' });
      },
      log,
    );
    expect(receiver).toBe('context');
    expect(alert.labels).toMatchObject({ group: 'shop', team: 'web', severity: 'warning' });
    expect(alert.annotations['description']).toMatch(/^\d+% of the series of group shop are not as expected/);
  });

  test('of our own configuration arrives at those who own us', async () => {
    // Prometheus has to see it for five minutes, so only the state of the alert is asked for.
    writeFileSync(join(around.dir, 'rules.yaml'), `${RULES}        horizont: 1h\n`);
    const [pending] = await eventually(
      'the alert is pending',
      async () => {
        const found = await queryServer(
          around.prometheus.url,
          'ALERTS{alertname="OpenAnomalyConfigReloadFailed", alertstate="pending"}',
        );
        return found.length > 0 ? found : undefined;
      },
      () => around.ours.child.log(),
    );
    expect(pending?.labels['severity']).toBe('warning');
  });

  test('that ends is told to be resolved, and nobody was paged', async () => {
    await eventually(
      'resolved',
      async () => {
        await around.setLoad([5, 5, 5, 5]);
        return received.find(({ alert }) => alert.status === 'resolved');
      },
      log,
    );
    expect(received.filter(({ receiver }) => receiver === 'pager')).toEqual([]);
  });
});
