import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, queryServer } from '../e2e/process.ts';
import { Child } from '../support/child.ts';
import { get } from '../support/grafana.ts';
import { freePort } from '../support/ports.ts';
import { type ProgramName, programPath } from '../support/programs.ts';
import { createDataDir } from '../support/run-dir.ts';
import { mountsOf, REPOSITORY, readCompose, translate } from './compose-file.ts';
import { buildTree, bytesOf, copyTree, inside, NOBODY } from './image-tree.ts';

/**
 * docker-compose.yml without Docker: every service's own command line and mounted files, run by the programs of the
 * distribution; ours from the file tree of the image, as its root and as its user. Names of services become loopback
 * addresses, container paths become folders of the test, and scrapes and evaluations come each second.
 */
const PROGRAMS: Readonly<Record<string, ProgramName>> = {
  prometheus: 'prometheus',
  'node-exporter': 'prometheus-node-exporter',
  alertmanager: 'prometheus-alertmanager',
  'victoria-metrics': 'victoria-metrics',
  'edge-prometheus': 'prometheus',
};
const DEFAULT_PORT: Readonly<Record<string, number>> = {
  prometheus: 9090,
  'node-exporter': 9100,
  alertmanager: 9093,
  'victoria-metrics': 8428,
  'edge-prometheus': 9090,
};
const OUR_PORT = 9877;
/** Services whose command names no address of their own: they listen on the default port of their image. */
const LISTEN_FLAG: Readonly<Record<string, string>> = {
  prometheus: '--web.listen-address',
  alertmanager: '--web.listen-address',
  openanomaly: '--web.listen-address',
  'openanomaly-victoriametrics': '--web.listen-address',
  'edge-prometheus': '--web.listen-address',
  'openanomaly-proxy': '--web.listen-address',
};

/** One pipeline that can be forecast by nothing but the embedded model. */
const MODEL_SETTINGS = 'datasources: {default: {type: simulated}}\nrule_files: [rules/*.yaml]\n';
const MODEL_RULES = `
pipelines:
  - {name: orders, query: shop_orders_per_minute, step: 10s, context_window: 6h, model: {id: openanomaly-tiny}}
`;

const compose = readCompose();
const ours = Object.entries(compose.services).flatMap(([name, { build }]) => (build === undefined ? [] : [name]));
const names = [...Object.keys(PROGRAMS), ...ours];
const run = promisify(execFile);

let dir: string;
const ports = new Map<string, number>();
const children = new Map<string, Child>();
const urlOf = (name: string) => `http://127.0.0.1:${ports.get(name)}`;
const rootOf = (name: string) => join(dir, ours.includes(name) ? `root-${name}` : name);
const portInside = (name: string) => DEFAULT_PORT[name] ?? OUR_PORT;

/** What stands for addresses and folders inside of a container, and where they are here. */
function placesOf(name: string): Map<string, string> {
  const loopback = (of: string) => `127.0.0.1:${ports.get(of)}`;
  const addresses = names.map((other) => [`${other}:${portInside(other)}`, loopback(other)] as const);
  // Ours have a root of their own, where all folders are where they should be.
  const mounts = ours.includes(name) ? [] : mountsOf(compose.services[name]!);
  return new Map([
    ...addresses,
    [`localhost:${portInside(name)}`, loopback(name)],
    [`127.0.0.1:${portInside(name)}`, loopback(name)],
    [`=:${portInside(name)}`, `=${loopback(name)}`],
    ...mounts.map(({ target }) => [target, join(rootOf(name), target)] as const),
  ]);
}

/** Copies what compose mounts, and makes the folders of named volumes. */
function mount(name: string): void {
  for (const { source, target, isBind } of mountsOf(compose.services[name]!)) {
    const place = join(rootOf(name), target);
    if (!isBind) {
      mkdirSync(place, { recursive: true });
      continue;
    }
    mkdirSync(dirname(place), { recursive: true });
    const from = fileURLToPath(new URL(source, REPOSITORY));
    if (statSync(from).isDirectory()) cpSync(from, place, { recursive: true });
    else {
      const text = translate(readFileSync(from, 'utf8'), placesOf(name));
      writeFileSync(place, text.replace(/\b((?:scrape_|evaluation_)?interval|step): 15s/g, '$1: 1s'));
      chmodSync(place, 0o644);
    }
  }
}

function commandOf(name: string): string[] {
  const { command } = compose.services[name]!;
  const isOurs = ours.includes(name);
  const flag = LISTEN_FLAG[name];
  const args = [
    ...command.map((arg) => translate(arg, placesOf(name))),
    ...(flag === undefined ? [] : [`${flag}=127.0.0.1:${ports.get(name)}`]),
  ];
  const program = isOurs
    ? [...inside(rootOf(name)), '/usr/local/bin/node', '/opt/openanomaly/dist/main.js']
    : [programPath(PROGRAMS[name]!)];
  return [...program, ...args];
}

/** Whether a process has the user of the image, or, where the test has no rights to give away, its own. */
function isNobody(pid: number): boolean {
  const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
  return uid === (process.getuid?.() === 0 ? NOBODY : process.getuid?.());
}

beforeAll(async () => {
  dir = createDataDir('compose');
  chmodSync(dir, 0o755);
  buildTree(join(dir, 'root'));
  for (const name of names) ports.set(name, await freePort());
  for (const name of names) {
    if (ours.includes(name)) copyTree(join(dir, 'root'), rootOf(name));
    mount(name);
    const [program = '', ...args] = commandOf(name);
    children.set(name, await Child.start(program, args));
  }
});

afterAll(async () => {
  await Promise.all([...children.values()].map((child) => child.kill('SIGTERM')));
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

describe('the file tree of the image', () => {
  test('is below 250 MB, with one platform of the ONNX runtime', async () => {
    const megabytes = bytesOf(join(dir, 'root')) / 1e6;
    expect(megabytes).toBeGreaterThan(50);
    expect(megabytes).toBeLessThan(250);
    const { stdout } = await run('find', [join(dir, 'root'), '-name', 'libonnxruntime*']);
    const libraries = stdout.trim().split('\n');
    expect(libraries).toHaveLength(1);
    expect(libraries[0]).toContain(`/linux/${process.arch}/`);
  });

  test('forecasts with the model that comes with it, as nobody', async () => {
    const root = join(dir, 'root-model');
    copyTree(join(dir, 'root'), root);
    writeFileSync(join(root, 'etc/openanomaly/openanomaly.yaml'), MODEL_SETTINGS);
    writeFileSync(join(root, 'etc/openanomaly/rules/shop.yaml'), MODEL_RULES);
    const port = await freePort();
    const [program = '', ...args] = [
      ...inside(root),
      '/usr/local/bin/node',
      '/opt/openanomaly/dist/main.js',
      '--config.file=/etc/openanomaly/openanomaly.yaml',
      '--state.dir=/var/lib/openanomaly',
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = await Child.start(program, args);
    try {
      const page = await eventually(
        'a forecast',
        async () => {
          const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          return text.includes('\nopenanomaly_forecast{') ? text : undefined;
        },
        () => child.log(),
      );
      const engines = [...page.matchAll(/^openanomaly_pipeline_engine_series\{(.*)\} (\d+)$/gm)];
      expect(engines.map(([, labels]) => labels)).toEqual(['pipeline="orders",engine="openanomaly-tiny"']);
      expect(Number(engines[0]![2])).toBeGreaterThan(0);
      expect(isNobody(child.pid)).toBe(true);
    } finally {
      await child.kill('SIGTERM');
    }
  });

  test('has nothing in it that nobody could change, but for its state', async () => {
    const { stdout } = await run('find', [join(dir, 'root'), '-perm', '/022', '!', '-type', 'l', '!', '-name', 'tmp']);
    expect(stdout).toBe('');
  });
});

describe('every service of docker-compose.yml', () => {
  test.each(names)('%s becomes healthy by its own check', async (name) => {
    const check = compose.services[name]!.healthcheck!.test;
    const log = () => children.get(name)!.log();
    if (ours.includes(name)) {
      const here = check.slice(1).map((arg) => translate(arg, placesOf(name)));
      const [program = '', ...args] = [...inside(rootOf(name)), ...here];
      const { stdout } = await eventually('healthy', () => run(program, args), log);
      expect(stdout).toContain('OpenAnomaly is Healthy.');
      return;
    }
    const { pathname, port } = new URL(check.at(-1)!);
    expect(Number(port)).toBe(portInside(name));
    const ok = await eventually(
      'healthy',
      async () => ((await fetch(urlOf(name) + pathname)).ok ? true : undefined),
      log,
    );
    expect(ok).toBe(true);
  });

  test.each(ours)('%s runs as nobody', (name) => {
    expect(isNobody(children.get(name)!.pid)).toBe(true);
  });

  test('Prometheus scrapes all of its targets, has the rules, and knows Alertmanager', async () => {
    const log = () => children.get('prometheus')!.log();
    const jobs = await eventually(
      'all up',
      async () => {
        const up = await queryServer(urlOf('prometheus'), 'up{cluster=""} == 1');
        return up.length === 4 ? up.map(({ labels }) => labels['job']).sort() : undefined;
      },
      log,
    );
    expect(jobs).toEqual(['node', 'openanomaly', 'openanomaly-demo', 'prometheus']);
    const { groups } = await get<{ groups: { name: string }[] }>(`${urlOf('prometheus')}/api/v1/rules`);
    expect(groups.map(({ name }) => name)).toContain('openanomaly-series');
    const { activeAlertmanagers } = await eventually('Alertmanager', async () => {
      const found = await get<{ activeAlertmanagers: { url: string }[] }>(
        `${urlOf('prometheus')}/api/v1/alertmanagers`,
      );
      return found.activeAlertmanagers.length > 0 ? found : undefined;
    });
    expect(activeAlertmanagers[0]?.url).toContain(`:${ports.get('alertmanager')}/`);
  });

  test('scores are there at once, from the demo', async () => {
    const scores = await eventually(
      'scores',
      async () => {
        const found = await queryServer(urlOf('prometheus'), 'openanomaly_score{team="shop"}');
        return found.length > 10 ? found : undefined;
      },
      () => children.get('openanomaly-demo')!.log(),
    );
    expect(scores[0]?.labels['pipeline']).toMatch(/^shop_/);
  });

  test('VictoriaMetrics scrapes the node and us', async () => {
    const jobs = await eventually(
      'up',
      async () => {
        const up = await queryServer(urlOf('victoria-metrics'), 'up == 1');
        return up.length === 2 ? up.map(({ labels }) => labels['job']).sort() : undefined;
      },
      () => children.get('victoria-metrics')!.log(),
    );
    expect(jobs).toEqual(['node', 'openanomaly']);
  });

  test('what the proxy lets pass is stored, scored, and not scraped twice', async () => {
    const log = () => children.get('openanomaly-proxy')!.log();
    const load = await eventually(
      'a load from the edge',
      async () => {
        const found = await queryServer(urlOf('prometheus'), 'node_load5{cluster="edge"}');
        return found.length > 0 ? found : undefined;
      },
      log,
    );
    const value = await eventually(
      'its value as it was scored',
      async () => {
        const found = await queryServer(urlOf('prometheus'), 'openanomaly_value{pipeline="edge_load"}');
        return found.length > 0 ? found : undefined;
      },
      log,
    );
    const { __name__, ...labels } = load[0]!.labels;
    expect(__name__).toBe('node_load5');
    expect(value.map((series) => series.labels)).toEqual([
      { ...labels, __name__: 'openanomaly_value', pipeline: 'edge_load' },
    ]);
    const up = await queryServer(urlOf('prometheus'), 'up{cluster="edge"} == 1');
    expect(up.map((series) => series.labels['job']).sort()).toEqual(['node', 'openanomaly']);
    const own = 'sum(openanomaly_proxy_requests_forwarded_total{cluster="edge"})';
    expect((await queryServer(urlOf('prometheus'), own))[0]?.value).toBeGreaterThan(0);
  });

  test('ours read their rules and reach their data sources', async () => {
    for (const name of ['openanomaly', 'openanomaly-victoriametrics']) {
      const lines = await eventually(
        'healthy pipelines',
        async () => {
          const page = await (await fetch(`${urlOf(name)}/metrics`)).text();
          const healthy = page.split('\n').filter((line) => line.startsWith('openanomaly_pipeline_healthy{'));
          return healthy.length > 10 && healthy.every((line) => line.endsWith(' 1')) ? healthy : undefined;
        },
        () => children.get(name)!.log(),
      );
      expect(lines.join('\n')).toContain('node_cpu_usage');
    }
  });
});
