import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/ports.ts';
import { gaussian, randomOf } from '../support/random.ts';
import { seedSeries } from '../support/seed.ts';
import { startNodeExporter, startPrometheus, type TestServer } from '../support/servers.ts';
import { type Process, startOpenAnomaly } from './process.ts';

/**
 * A Prometheus that scrapes a node_exporter and us every second, and our process with a fast pipeline over gauges that
 * the test moves through the textfile collector.
 */
export interface Surroundings {
  readonly dir: string;
  readonly exporter: TestServer;
  readonly prometheus: TestServer;
  readonly ours: Process;
  /** Sets the gauge `e2e_load{shard="…"}`, a value a shard. */
  setLoad(values: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

export interface SurroundingsOptions {
  readonly shards: number;
  /** The text of the rule file; the gauge is `e2e_load`. */
  readonly rules: string;
  /** More of the settings, at the top level. */
  readonly settings?: string;
  /** Rule files and more of Prometheus; the folder of the test is given. */
  readonly prometheusRuleFiles?: (dir: string) => readonly string[];
  readonly prometheusArgs?: readonly string[];
  /** Blocks of prometheus.yml at the top level, for the URL of our process. */
  readonly prometheusConfig?: (ours: string) => string;
}

const PAST_S = 900;

/** What cannot be foretold, so that the band has a width and the level that follows lies in it. */
function noise(seed: number): number[] {
  const random = randomOf(seed);
  return Array.from({ length: PAST_S }, () => 0.05 * gaussian(random));
}

export async function startSurroundings(options: SurroundingsOptions): Promise<Surroundings> {
  const dir = await mkdtemp(join(tmpdir(), 'openanomaly-e2e-'));
  for (const name of ['text', 'prometheus']) await mkdir(join(dir, name));
  const setLoad = async (values: readonly number[]) => {
    const lines = values.map((value, shard) => `e2e_load{shard="${shard}"} ${value}\n`).join('');
    // By rename, or node_exporter may read half a file.
    await writeFile(join(dir, 'text', 'load.tmp'), `# HELP e2e_load Set by the test.\n# TYPE e2e_load gauge\n${lines}`);
    await rename(join(dir, 'text', 'load.tmp'), join(dir, 'text', 'load.prom'));
  };
  await setLoad(Array.from({ length: options.shards }, () => 5));
  const exporter = await startNodeExporter({ args: [`--collector.textfile.directory=${join(dir, 'text')}`] });
  const port = await freePort();

  // A past first, into a server that scrapes nothing yet: samples of a series come in order.
  const seeded = await startPrometheus({ dataDir: join(dir, 'prometheus') });
  const endMs = Date.now() - 2000;
  const instance = `127.0.0.1:${exporter.port}`;
  await seedSeries(
    seeded.url,
    Array.from({ length: options.shards }, (_, shard) => ({
      labels: { __name__: 'e2e_load', instance, job: 'node', shard: String(shard) },
      samples: noise(shard).map((value, i) => [endMs - (PAST_S - 1 - i) * 1000, 5 + value] as const),
    })),
  );
  await seeded.stop();
  const prometheus = await startPrometheus({
    dataDir: join(dir, 'prometheus'),
    ruleFiles: options.prometheusRuleFiles?.(dir) ?? [],
    args: options.prometheusArgs ?? [],
    ...(options.prometheusConfig !== undefined && { more: options.prometheusConfig(`http://127.0.0.1:${port}`) }),
    scrapeConfigs: `
- job_name: node
  static_configs: [{targets: ['${instance}']}]
- job_name: openanomaly
  honor_labels: true
  static_configs: [{targets: ['127.0.0.1:${port}']}]
`,
  });
  await writeFile(
    join(dir, 'openanomaly.yaml'),
    `datasources:\n  default: {type: prometheus, url: '${prometheus.url}'}\nrule_files: [rules.yaml]\n${options.settings ?? ''}`,
  );
  await writeFile(join(dir, 'rules.yaml'), options.rules);
  const ours = await startOpenAnomaly([`--config.file=${join(dir, 'openanomaly.yaml')}`], port);
  return {
    dir,
    exporter,
    prometheus,
    ours,
    setLoad,
    async stop() {
      await ours.child.kill('SIGTERM');
      await Promise.all([exporter.stop(), prometheus.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
