import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from './child.ts';
import { freePort } from './ports.ts';
import { programPath } from './programs.ts';
import { createDataDir } from './run-dir.ts';

/** A real server on a loopback port. Set OPENANOMALY_TEST_SERVERS=modern for today's versions, else the stock ones. */
export interface TestServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly pid: number;
  /** Sends a signal (SIGKILL by default) and waits until the process is gone; the data stay. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the process and deletes its data, unless the data folder was the caller's. */
  stop(): Promise<void>;
  /** What it wrote to its streams so far (the last megabyte). */
  log(): string;
}

export interface ServerOptions {
  /** Given after ours, so that they win. */
  readonly args?: readonly string[];
  /** To start again on the data of an earlier server; stays when the server stops. */
  readonly dataDir?: string;
  /** To start again where an earlier server was; free by default. */
  readonly port?: number;
}

export interface PrometheusOptions extends ServerOptions {
  /** YAML text of the list below `scrape_configs:`; scrape and evaluation interval are 1s unless a job says otherwise. */
  readonly scrapeConfigs?: string;
  readonly ruleFiles?: readonly string[];
  /** Further blocks of the configuration, such as `alerting:`. */
  readonly more?: string;
  readonly remoteWriteReceiver?: boolean;
}

/** The configuration lies in `<dataDir>/prometheus.yml` and is read again on POST /-/reload. */
export function startPrometheus(options: PrometheusOptions = {}): Promise<TestServer> {
  return start('prometheus', '/-/ready', options, (port, dataDir) => {
    const configFile = join(dataDir, 'prometheus.yml');
    writeFileSync(configFile, prometheusConfig(options));
    return [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(dataDir, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
      ...(options.remoteWriteReceiver === false ? [] : ['--web.enable-remote-write-receiver']),
    ];
  });
}

/** Keeps a century and shows fresh samples at once (`-search.latencyOffset=0s`); `args` can say otherwise. */
export function startVictoriaMetrics(options: ServerOptions = {}): Promise<TestServer> {
  return start('victoria-metrics', '/health', options, (port, dataDir) => [
    `-httpListenAddr=127.0.0.1:${port}`,
    `-storageDataPath=${join(dataDir, 'storage')}`,
    '-retentionPeriod=100y',
    '-search.latencyOffset=0s',
    '-memory.allowedBytes=256MB',
  ]);
}

export function startNodeExporter(options: Omit<ServerOptions, 'dataDir'> = {}): Promise<TestServer> {
  return start('prometheus-node-exporter', '/metrics', options, (port) => [`--web.listen-address=127.0.0.1:${port}`]);
}

export interface AlertmanagerOptions extends ServerOptions {
  readonly configFile: string;
}

/** Alone: it looks for no others of its kind. */
export function startAlertmanager(options: AlertmanagerOptions): Promise<TestServer> {
  return start('prometheus-alertmanager', '/-/ready', options, (port, dataDir) => [
    `--config.file=${options.configFile}`,
    `--storage.path=${join(dataDir, 'alertmanager')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]);
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs promtool to its end; never rejects for an exit code. */
export function promtool(args: readonly string[], stdin = ''): Promise<ProgramResult> {
  return runProgram('promtool', args, stdin);
}

/** Runs amtool to its end; never rejects for an exit code. */
export function amtool(args: readonly string[]): Promise<ProgramResult> {
  return runProgram('amtool', args);
}

function runProgram(program: 'promtool' | 'amtool', args: readonly string[], stdin = ''): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(programPath(program), args);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // It may end before it has read everything; its exit code tells the story then.
    child.stdin.once('error', () => {});
    child.stdin.end(stdin);
  });
}

function prometheusConfig(options: PrometheusOptions): string {
  const indented = (options.scrapeConfigs ?? '').replace(/^(?=.)/gm, '  ');
  return [
    'global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}',
    `rule_files: ${JSON.stringify(options.ruleFiles ?? [])}`,
    indented.trim() === '' ? 'scrape_configs: []' : `scrape_configs:\n${indented}`,
    options.more ?? '',
    '',
  ].join('\n');
}

type Program = 'prometheus' | 'victoria-metrics' | 'prometheus-node-exporter' | 'prometheus-alertmanager';

const BIND_ATTEMPTS = 10;

/** Starts until the port is ours: between finding a free port and binding it another process may take it. */
async function start(
  program: Program,
  readyPath: string,
  options: ServerOptions,
  argsFor: (port: number, dataDir: string) => string[],
): Promise<TestServer> {
  const dataDir = options.dataDir ?? createDataDir(program);
  mkdirSync(dataDir, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const child = await Child.start(programPath(program), [...argsFor(port, dataDir), ...(options.args ?? [])]);
    const url = `http://127.0.0.1:${port}`;
    if (await isReady(child, url + readyPath))
      return asServer(child, url, port, dataDir, options.dataDir === undefined);
    await child.kill();
    if (attempt === BIND_ATTEMPTS || !/address already in use/i.test(child.log())) {
      throw new Error(`${program} did not become ready at ${url}${readyPath}; it said:\n${child.log().slice(-4000)}`);
    }
    if (options.port !== undefined) await delay(200);
  }
}

const READY_TIMEOUT_MS = 60_000;

async function isReady(child: Child, url: string): Promise<boolean> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!child.gone && performance.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
      await response.arrayBuffer();
      // Someone else may answer on a port that our server could not bind; then ours ends, and soon.
      if (response.ok) return !(await endsWithin(child, 20));
    } catch {
      // Not listening yet.
    }
    await delay(25);
  }
  return false;
}

function endsWithin(child: Child, ms: number): Promise<boolean> {
  return Promise.race([child.exited.then(() => true), delay(ms).then(() => false)]);
}

function asServer(child: Child, url: string, port: number, dataDir: string, ownsData: boolean): TestServer {
  return {
    url,
    port,
    dataDir,
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    log: () => child.log(),
    async stop() {
      await child.kill(ownsData ? 'SIGKILL' : 'SIGTERM');
      if (ownsData) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
