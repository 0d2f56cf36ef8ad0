import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { startNodeExporter, startPrometheus, type TestServer } from '../support/servers.ts';
import { eventually, type Process, queryServer, startOpenAnomaly } from './process.ts';

/**
 * Anomalies, incidents and maintenance of the process beside a real Prometheus, over a gauge that the tests move through
 * node_exporter's textfile collector. The tests are one story and run in order.
 */
const RULES = `
groups:
  - name: shop
    interval: 1s
    query_offset: 1s
    pipelines:
      - name: load
        query: e2e_load
        step: 1s
        context_window: 10m
        mode: anomaly_only
        anomaly: {technique: z_score, alarm: {recovery: 3 of 3, opening_factor: 0}}
`;

interface Anomaly {
  readonly id: string;
  readonly state: string;
  readonly ending: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly peak: { readonly value: number };
}

let dir: string;
let exporter: TestServer;
let prometheus: TestServer;
let ours: Process;
let port: number;
let firstId: string;

const log = () => ours.child.log();
const start = () =>
  startOpenAnomaly([`--config.file=${join(dir, 'openanomaly.yaml')}`, '--web.enable-admin-api'], port);

async function setLoad(value: number): Promise<void> {
  const text = `# HELP e2e_load Set by the test.\n# TYPE e2e_load gauge\ne2e_load ${value}\n`;
  // By rename, or node_exporter may read half a file.
  await writeFile(join(dir, 'text', 'load.tmp'), text);
  await rename(join(dir, 'text', 'load.tmp'), join(dir, 'text', 'load.prom'));
}

async function restart(): Promise<void> {
  await ours.child.kill('SIGTERM');
  expect(await ours.child.exited).toBe(0);
  ours = await start();
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${ours.url}/api/v1/${path}`);
  const body = (await answer.json()) as { status: string; data: T };
  expect([answer.status, body.status]).toEqual([200, 'success']);
  return body.data;
}

const anomalies = async (query = '') => (await get<{ anomalies: Anomaly[] }>(`anomalies${query}`)).anomalies;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-anomalies-'));
  for (const name of ['text', 'state']) await mkdir(join(dir, name));
  await setLoad(5);
  exporter = await startNodeExporter({ args: [`--collector.textfile.directory=${join(dir, 'text')}`] });
  port = await freePort();
  const scrapeConfigs = `
- job_name: node
  static_configs: [{targets: ['127.0.0.1:${exporter.port}']}]
- job_name: openanomaly
  honor_labels: true
  static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
  prometheus = await startPrometheus({ dataDir: join(dir, 'prometheus'), scrapeConfigs });
  const settings = [
    `datasources: {default: {type: prometheus, url: '${prometheus.url}'}}`,
    'rule_files: [rules.yaml]',
    'state_dir: state',
    'event_log: {path: anomalies.jsonl}',
  ];
  await writeFile(join(dir, 'openanomaly.yaml'), `${settings.join('\n')}\n`);
  await writeFile(join(dir, 'rules.yaml'), RULES);
  ours = await start();
});

afterAll(async () => {
  await ours?.child.kill('SIGTERM');
  await Promise.all([exporter, prometheus].map((server) => server?.stop()));
  await rm(dir, { recursive: true, force: true });
});

test('an anomaly opens, in the API, on the page and in Prometheus', async () => {
  await eventually('scores', async () => ours.value('openanomaly_score{'), log);
  expect(await ours.value('openanomaly_alarm{')).toBe(0);
  await setLoad(50);
  const [open] = await eventually(
    'an open anomaly',
    async () => {
      const found = await anomalies('?open=true&group=shop&match[]={job="node"}');
      return found.length > 0 ? found : undefined;
    },
    log,
  );
  expect(open).toMatchObject({ state: 'open', technique: 'z_score', direction: 'above', pipeline: 'load' });
  expect(open!.peak.value).toBe(50);
  firstId = open!.id;
  for (const query of ['openanomaly_alarm{pipeline="load"} == 1', 'openanomaly_group_anomaly_ratio{group="shop"} == 1'])
    await eventually(
      query,
      async () => (await queryServer(prometheus.url, `max_over_time((${query})[1m:1s])`))[0],
      log,
    );
  expect(await ours.value('openanomaly_anomalies_opened_total{pipeline="load"}')).toBe(1);
});

test('a restart keeps it under its id, and it ends when the load is back', async () => {
  await restart();
  expect((await anomalies()).map(({ id }) => id)).toContain(firstId);
  await setLoad(5);
  const ended = await eventually(
    'it is over',
    async () => (await anomalies()).find(({ id, state }) => id === firstId && state === 'closed'),
    log,
  );
  expect(ended.ending).toBe('recovered');
  const { incidents } = await get<{ incidents: { id: string; group: string }[] }>('incidents');
  expect(incidents).toMatchObject([{ id: firstId, group: 'shop', state: 'closed', pipelines: ['load'], series: 1 }]);

  const lines = (await readFile(join(dir, 'anomalies.jsonl'), 'utf8')).trimEnd().split('\n');
  const written = lines.map((line) => JSON.parse(line) as { event: string; id: string });
  expect(written.filter(({ id }) => id === firstId).map(({ event }) => event)).toEqual(['opened', 'closed']);
});

test('in maintenance, which a restart does not end, the load is scored and not flagged', async () => {
  const made = await fetch(`${ours.url}/api/v1/maintenance`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ groups: ['shop'], matchers: ['job="node"'], duration: '1h', comment: 'moving house' }),
  });
  expect(made.status).toBe(201);
  await restart();
  const { windows } = await get<{ windows: { id: string; state: string; comment: string }[] }>('maintenance');
  expect(windows).toMatchObject([{ state: 'active', comment: 'moving house' }]);
  const before = (await anomalies()).length;

  await setLoad(500);
  await eventually(
    'the score rises',
    async () => ((await ours.value('openanomaly_score{'))! > 1 ? true : undefined),
    log,
  );
  expect(await ours.value('openanomaly_anomaly{')).toBe(0);
  expect(await ours.value('openanomaly_alarm{')).toBe(0);
  await setLoad(5);
  await eventually('it falls', async () => ((await ours.value('openanomaly_score{'))! < 1 ? true : undefined), log);
  expect(await anomalies()).toHaveLength(before);

  const ended = await fetch(`${ours.url}/api/v1/maintenance/${windows[0]!.id}`, { method: 'DELETE' });
  expect(ended.status).toBe(200);
  await setLoad(500);
  await eventually(
    'flagged again',
    async () => ((await ours.value('openanomaly_anomaly{')) === 1 ? true : undefined),
    log,
  );
  expect(await anomalies('?open=true')).toHaveLength(1);
});
