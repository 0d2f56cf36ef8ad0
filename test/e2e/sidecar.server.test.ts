import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/ports/publisher.ts';
import { freePort } from '../support/ports.ts';
import { seedSeries } from '../support/seed.ts';
import { startNodeExporter, startPrometheus, startVictoriaMetrics, type TestServer } from '../support/servers.ts';
import { pageSeries } from './page-series.ts';
import { eventually, type Process, queryServer, startOpenAnomaly } from './process.ts';

/**
 * The process beside a real Prometheus that scrapes a real node_exporter and us, with rules/node.yaml and a fast pipeline
 * over a gauge that the tests move through node_exporter's textfile collector; remote write goes to VictoriaMetrics.
 * The tests are one story and run in order.
 */
const NODE_RULES = fileURLToPath(new URL('../../rules/node.yaml', import.meta.url));
const fastRules = (name: string) => `
groups:
  - name: fast
    interval: 1s
    query_offset: 1s
    pipelines:
      - name: ${name}
        query: e2e_load
        step: 1s
        context_window: 10m
        prediction_horizon: 1m
        forecast_schedule: "*/10 * * * * *"
        output: {horizons: [30s]}
`;

let dir: string;
let exporter: TestServer;
let prometheus: TestServer;
let victoria: TestServer;
let ours: Process;
let port: number;
let scrapeConfigs: string;
const rulesFile = () => join(dir, 'rules', 'fast.yaml');
const start = () =>
  startOpenAnomaly([`--config.file=${join(dir, 'openanomaly.yaml')}`, '--web.enable-lifecycle'], port);
const log = () => ours.child.log();

async function setLoad(value: number): Promise<void> {
  // By rename, or node_exporter may read half a file.
  await writeFile(
    join(dir, 'text', 'load.tmp'),
    `# HELP e2e_load Set by the test.\n# TYPE e2e_load gauge\ne2e_load ${value}\n`,
  );
  await rename(join(dir, 'text', 'load.tmp'), join(dir, 'text', 'load.prom'));
}

async function writeRules(text: string): Promise<void> {
  await writeFile(rulesFile(), text);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-e2e-'));
  for (const name of ['text', 'rules', 'state', 'prometheus']) await mkdir(join(dir, name));
  await setLoad(5);
  exporter = await startNodeExporter({ args: [`--collector.textfile.directory=${join(dir, 'text')}`] });
  port = await freePort();

  // History first, into a server that scrapes nothing yet: samples of a series come in order.
  const seeded = await startPrometheus({ dataDir: join(dir, 'prometheus') });
  const instance = `127.0.0.1:${exporter.port}`;
  const page = await (await fetch(`${exporter.url}/metrics`)).text();
  await seedSeries(seeded.url, pageSeries(page, { endMs: Date.now() - 2000, instance, job: 'node' }));
  await seeded.stop();

  scrapeConfigs = `
- job_name: node
  static_configs: [{targets: ['${instance}']}]
- job_name: openanomaly
  honor_labels: true
  static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
  prometheus = await startPrometheus({ dataDir: join(dir, 'prometheus'), scrapeConfigs });
  victoria = await startVictoriaMetrics();
  await writeFile(
    join(dir, 'openanomaly.yaml'),
    `
datasources:
  default: {type: prometheus, url: '${prometheus.url}'}
remote_write:
  - url: '${victoria.url}/api/v1/write'
    queue_config: {batch_send_deadline: 1s}
rule_files: ['rules/*.yaml']
state_dir: state
`,
  );
  await writeFile(join(dir, 'rules', 'node.yaml'), await readFile(NODE_RULES, 'utf8'));
  await writeRules(fastRules('e2e_load'));
  ours = await start();
});

afterAll(async () => {
  await ours?.child.kill('SIGTERM');
  await Promise.all([exporter, prometheus, victoria].map((server) => server?.stop()));
  await rm(dir, { recursive: true, force: true });
});

describe('beside Prometheus', () => {
  // Alarms and contributions are published by pipelines that ask for them; these do not. Views: of flagged series only.
  const ASKED_FOR = ['alarm', 'contribution', 'view'];
  test.each(FAMILIES.filter((family) => !ASKED_FOR.includes(family)).map((family) => `openanomaly_${family}`))(
    '%s arrives with the labels of its input',
    async (name) => {
      const query = `${name}{pipeline="node_cpu_usage"} or ${name}{pipeline="e2e_load"}`;
      const pipelines = await eventually(
        `${name} in Prometheus`,
        async () => {
          const found = await queryServer(prometheus.url, query);
          return new Set(found.map(({ labels }) => labels['pipeline'])).size === 2 ? found : undefined;
        },
        log,
      );
      for (const { labels, value } of pipelines) {
        expect(labels['instance']).toBe(`127.0.0.1:${exporter.port}`);
        expect(labels['exported_instance']).toBeUndefined();
        expect(Number.isFinite(value)).toBe(true);
      }
    },
  );

  test('every pipeline of rules/node.yaml is healthy', async () => {
    const healthy = await eventually(
      'all healthy',
      async () => {
        const lines = (await ours.page())
          .split('\n')
          .filter((line) => line.startsWith('openanomaly_pipeline_healthy{'));
        return lines.length > 3 && lines.every((line) => line.endsWith(' 1')) ? lines : undefined;
      },
      log,
    );
    expect(healthy.length).toBeGreaterThan(3);
  });

  test('a load that moves is flagged, and the flag reaches both servers', async () => {
    await eventually(
      'a quiet score',
      async () => ((await ours.value('openanomaly_score{')) !== undefined ? true : undefined),
      log,
    );
    await setLoad(50);
    for (const server of [prometheus, victoria]) {
      const flag = await eventually(
        'the flag',
        async () => {
          const [found] = await queryServer(
            server.url,
            'max_over_time(openanomaly_anomaly{pipeline="e2e_load"}[1m]) == 1',
          );
          return found;
        },
        log,
      );
      expect(flag.labels['job']).toBe('node');
    }
    await setLoad(5);
  });

  test('a bad file changes nothing and is told; a good one is loaded', async () => {
    await writeRules(`${fastRules('e2e_load')}        horizont: 1h\n`);
    await eventually(
      'the reload is told to have failed',
      async () => ((await ours.value('openanomaly_config_last_reload_successful')) === 0 ? true : undefined),
      log,
    );
    expect(log()).toMatch(/fast\.yaml.*horizont|horizont.*fast\.yaml/s);
    const before = await ours.value('openanomaly_samples_scored_total{pipeline="e2e_load"}');
    await eventually(
      'scoring goes on',
      async () =>
        (await ours.value('openanomaly_samples_scored_total{pipeline="e2e_load"}'))! > before! ? true : undefined,
      log,
    );

    const refused = await fetch(`${ours.url}/-/reload`, { method: 'POST' });
    expect(refused.status).toBe(500);
    expect(await refused.text()).toContain('horizont');

    await writeRules(fastRules('e2e_other'));
    await eventually('the other pipeline is there', async () => ours.value('openanomaly_score{instance'), log);
    await eventually(
      'its series',
      async () => ((await ours.page()).includes('pipeline="e2e_other"') ? true : undefined),
      log,
    );
    expect(await ours.value('openanomaly_config_last_reload_successful')).toBe(1);
    expect(await ours.page()).not.toContain('pipeline="e2e_load"');
    for (const server of [prometheus, victoria]) {
      await eventually(
        'the removed pipeline ended',
        async () => {
          const left = await queryServer(server.url, 'openanomaly_score{pipeline="e2e_load"}');
          return left.length === 0 ? true : undefined;
        },
        log,
      );
    }
  });

  test('a series that vanishes ends on the page and is counted', async () => {
    const { port: exporterPort } = exporter;
    await exporter.kill('SIGKILL');
    await eventually(
      'the series ended',
      async () => ((await ours.value('openanomaly_series_ended_total{pipeline="e2e_other"}')) === 1 ? true : undefined),
      log,
    );
    expect(await ours.page()).not.toContain(
      `openanomaly_score{instance="127.0.0.1:${exporterPort}",job="node",pipeline="e2e_other"`,
    );
    exporter = await startNodeExporter({
      args: [`--collector.textfile.directory=${join(dir, 'text')}`],
      port: exporterPort,
    });
    await eventually(
      'it comes back',
      async () => ((await ours.value('openanomaly_pipeline_series{pipeline="e2e_other"}')) === 1 ? true : undefined),
      log,
    );
  });

  test('a restart of ours goes on from its state', async () => {
    await eventually(
      'it is scored',
      async () =>
        (await ours.value('openanomaly_pipeline_series_warming_up{pipeline="e2e_other"}')) === 0 ? true : undefined,
      log,
    );
    // Of a pipeline with a step of a minute, whose next sample is a while off.
    const scored = async () => (await ours.page()).match(/^openanomaly_score\{.*pipeline="node_cpu_usage".*\}/gm);
    const before = await scored();
    expect(before).toHaveLength(1);
    await ours.child.kill('SIGTERM');
    expect(await ours.child.exited).toBe(0);
    ours = await start();
    expect(await scored()).toEqual(before);
    await eventually(
      'scores again',
      async () =>
        (await ours.value('openanomaly_samples_scored_total{pipeline="e2e_other"}'))! > 0 ? true : undefined,
      log,
    );
    // The whole context of the fast pipeline is 600 samples; what was missed is a few.
    expect(await ours.value('openanomaly_samples_read_total{pipeline="e2e_other"}')).toBeLessThan(200);
  });

  test('a restart of Prometheus is an outage that heals by itself', async () => {
    const { port: prometheusPort } = prometheus;
    await prometheus.kill('SIGKILL');
    await eventually(
      'unhealthy',
      async () => ((await ours.value('openanomaly_pipeline_healthy{pipeline="e2e_other"}')) === 0 ? true : undefined),
      log,
    );
    prometheus = await startPrometheus({ dataDir: join(dir, 'prometheus'), scrapeConfigs, port: prometheusPort });
    await eventually(
      'healthy again',
      async () => ((await ours.value('openanomaly_pipeline_healthy{pipeline="e2e_other"}')) === 1 ? true : undefined),
      log,
    );
  });

  test('SIGHUP reloads, and the quit endpoint ends with exit code 0', async () => {
    const before = await ours.value('openanomaly_config_last_reload_success_timestamp_seconds');
    await eventually('a second passes', async () => (Date.now() / 1000 > before! + 1 ? true : undefined));
    process.kill(ours.child.pid, 'SIGHUP');
    await eventually(
      'reloaded',
      async () =>
        (await ours.value('openanomaly_config_last_reload_success_timestamp_seconds'))! > before! ? true : undefined,
      log,
    );
    expect((await fetch(`${ours.url}/-/quit`, { method: 'POST' })).status).toBe(200);
    expect(await ours.child.exited).toBe(0);
  });
});
