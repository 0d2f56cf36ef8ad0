import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { gaussian, randomOf } from '../support/random.ts';
import { seedSeries } from '../support/seed.ts';
import { startNodeExporter, startPrometheus, type TestServer } from '../support/servers.ts';
import { eventually, type Process, queryServer, startOpenAnomaly } from './process.ts';

/**
 * A real Prometheus writes through our process to another one: what passes is scored, shown, and appended to what is
 * stored. The tests are one story and run in order.
 */
const RULES = `
groups:
  - name: stream
    interval: 1s
    query_offset: 2s
    pipelines:
      - name: load
        selector: e2e_load
        # Three steps without a sample end a series; from the past to the first sample that passes it takes some seconds.
        step: 5s
        context_window: 20m
        mode: anomaly_only
        anomaly: {technique: z_score}
      - name: requests
        selector: 'e2e_requests_total{job="node"}'
        rate: 10s
        step: 1s
        context_window: 10m
        mode: anomaly_only
        anomaly: {technique: z_score}
`;
const PAST_S = 1200;

let dir: string;
let exporter: TestServer;
let receiver: TestServer;
let sender: TestServer;
let ours: Process;
let load = 5;
let requests = 0;
let moving: NodeJS.Timeout;
let moved = Promise.resolve();

const log = () => ours.child.log();

/** What the page says of a pipeline's only series. */
async function shown(family: string, pipeline: string): Promise<number | undefined> {
  const lines = (await ours.page()).split('\n');
  const line = lines.find(
    (text) => text.startsWith(`openanomaly_${family}{`) && text.includes(`pipeline="${pipeline}"`),
  );
  const value = line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf(' ') + 1));
  return Number.isNaN(value) ? undefined : value;
}

async function move(): Promise<void> {
  requests += 4;
  const text = [
    `# HELP e2e_load Set by the test.\n# TYPE e2e_load gauge\ne2e_load ${load}`,
    `# HELP e2e_requests_total Forty a second.\n# TYPE e2e_requests_total counter\ne2e_requests_total ${requests}\n`,
  ].join('\n');
  // By rename, or node_exporter may read half a file.
  await writeFile(join(dir, 'text', 'load.tmp'), text);
  await rename(join(dir, 'text', 'load.tmp'), join(dir, 'text', 'load.prom'));
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-streaming-'));
  await mkdir(join(dir, 'text'));
  await move();
  moving = setInterval(() => {
    moved = moved.then(move);
  }, 100);
  exporter = await startNodeExporter({
    args: ['--collector.disable-defaults', '--collector.textfile', `--collector.textfile.directory=${dir}/text`],
  });
  receiver = await startPrometheus();
  const random = randomOf(1);
  const endMs = Date.now() - 5000;
  await seedSeries(receiver.url, [
    {
      labels: { __name__: 'e2e_load', instance: `127.0.0.1:${exporter.port}`, job: 'node', dc: 'eu' },
      samples: Array.from({ length: PAST_S }, (_, i) => {
        return [endMs - (PAST_S - 1 - i) * 1000, 5 + 0.05 * gaussian(random)] as const;
      }),
    },
  ]);
  await writeFile(join(dir, 'rules.yaml'), RULES);
  const port = await freePort();
  await writeFile(
    join(dir, 'openanomaly.yaml'),
    `datasources: {default: {type: prometheus, url: '${receiver.url}'}}
rule_files: [rules.yaml]
proxy: {url: '${receiver.url}/api/v1/write', append: true}
`,
  );
  ours = await startOpenAnomaly([`--config.file=${join(dir, 'openanomaly.yaml')}`, '--web.enable-lifecycle'], port);
  sender = await startPrometheus({
    scrapeConfigs: `
- job_name: node
  static_configs: [{targets: ['127.0.0.1:${exporter.port}'], labels: {dc: eu}}]
  metric_relabel_configs: [{source_labels: [__name__], regex: e2e_.*, action: keep}]
`,
    more: `remote_write: [{url: '${ours.url}/api/v1/write', queue_config: {batch_send_deadline: 200ms}}]\n`,
  });
});

afterAll(async () => {
  clearInterval(moving);
  await moved;
  await ours.child.kill('SIGTERM');
  await Promise.all([exporter.stop(), receiver.stop(), sender.stop()]);
  await rm(dir, { recursive: true, force: true });
});

test('what passes is stored where it was going', async () => {
  const stored = async () => (await queryServer(receiver.url, 'count_over_time(e2e_requests_total[1m])'))[0]?.value;
  expect(await eventually('samples are stored', stored, log)).toBeGreaterThan(0);
  expect(await ours.value('openanomaly_proxy_requests_forwarded_total')).toBeGreaterThan(0);
});

test('what matches is scored against a past that the data source has', async () => {
  expect(await eventually('the load is shown', () => shown('value', 'load'), log)).toBeGreaterThan(4);
  const matched = async () => {
    const count = await ours.value('openanomaly_proxy_samples_matched_total{pipeline="load"}');
    return count !== undefined && count > 0 ? count : undefined;
  };
  expect(await eventually('samples match', matched, log)).toBeGreaterThan(0);
  expect(await ours.value('openanomaly_pipeline_healthy{pipeline="load"}')).toBe(1);
});

test('counters are scored by their rate', async () => {
  const rate = async () => {
    const value = await shown('value', 'requests');
    return value !== undefined && value > 20 ? value : undefined;
  };
  expect(await eventually('the rate is shown', rate, log)).toBeLessThan(60);
});

test('a fault is flagged, on the page and in the stream', async () => {
  load = 50;
  const isFlagged = async () => ((await shown('anomaly', 'load')) === 1 ? true : undefined);
  await eventually('it is flagged', isFlagged, log);
  const query = 'max_over_time(openanomaly_anomaly{pipeline="load"}[1m])';
  const flagged = async () => ((await queryServer(receiver.url, query))[0]?.value === 1 ? true : undefined);
  expect(await eventually('the receiver has the flag', flagged, log)).toBe(true);
});

test('a reload that takes the proxy away is refused while a selector needs it, and ends the streams after', async () => {
  await writeFile(
    join(dir, 'openanomaly.yaml'),
    `datasources: {default: {type: prometheus, url: '${receiver.url}'}}\nrule_files: [rules.yaml]\n`,
  );
  const refused = await fetch(`${ours.url}/-/reload`, { method: 'POST' });
  expect([refused.status, await refused.text()]).toEqual([
    500,
    expect.stringContaining('the settings have no "proxy"'),
  ]);
  await writeFile(join(dir, 'rules.yaml'), RULES.replaceAll('selector:', 'query:').replace('rate: 10s', ''));
  expect((await fetch(`${ours.url}/-/reload`, { method: 'POST' })).status).toBe(200);
  expect((await fetch(`${ours.url}/api/v1/write`, { method: 'POST' })).status).toBe(404);
});
