import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/support/ports.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
/** Lets us ask for a garbage collection, so that memory counts what is held and not what was not swept yet. */
const COLLECT_ON_SIGNAL = 'data:text/javascript,process.on("SIGUSR2",()=>globalThis.gc())';
const START_LIMIT_MS = 60_000;
const FIRST_LIMIT_MS = 3 * 60_000;

/** OpenAnomaly as a process of its own, on rules that live in a temporary folder. */
export class Sidecar {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #url: string;
  readonly #exited: Promise<void>;
  #hasExited = false;
  #log = '';

  private constructor(child: ChildProcess, dir: string, url: string) {
    this.pid = child.pid!;
    this.#child = child;
    this.#dir = dir;
    this.#url = url;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.#hasExited = true;
        resolve();
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#log = (this.#log + text.toString()).slice(-20_000);
      });
    }
  }

  /** `more` is added to the settings, at the top level. */
  static async start(datasourceUrl: string, rules: string, more = ''): Promise<Sidecar> {
    const dir = mkdtempSync(join(tmpdir(), 'openanomaly-bench-'));
    writeFileSync(join(dir, 'rules.yaml'), rules);
    const settings = `datasources: {default: {type: prometheus, url: '${datasourceUrl}', timeout: 5m}}\nrule_files: [rules.yaml]\n${more}`;
    writeFileSync(join(dir, 'openanomaly.yaml'), settings);
    const port = await freePort();
    const flags = [`--config.file=${join(dir, 'openanomaly.yaml')}`, `--web.listen-address=127.0.0.1:${port}`];
    const child = spawn(process.execPath, ['--expose-gc', '--import', COLLECT_ON_SIGNAL, MAIN, 'serve', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const sidecar = new Sidecar(child, dir, `http://127.0.0.1:${port}`);
    process.once('exit', () => child.kill('SIGKILL'));
    await sidecar.#untilReady();
    return sidecar;
  }

  get url(): string {
    return this.#url;
  }

  /** One self-metric by the start of its line; the page is rendered for it, so ask outside of what is measured. */
  async metrics(): Promise<(lineStart: string) => number> {
    const page = await (await fetch(`${this.#url}/metrics`)).text();
    return (lineStart) => {
      const at = page.indexOf(`\n${lineStart}`);
      if (at < 0) return Number.NaN;
      return Number(page.slice(page.lastIndexOf(' ', page.indexOf('\n', at + 1)), page.indexOf('\n', at + 1)));
    };
  }

  /** Waits until the pipeline `bench` holds so many series and has a forecast of each. */
  async untilScored(series: number): Promise<void> {
    const deadline = performance.now() + FIRST_LIMIT_MS;
    while (performance.now() < deadline) {
      await delay(1000);
      const metric = await this.metrics();
      const held = metric('openanomaly_pipeline_series{pipeline="bench"}');
      const warming = metric('openanomaly_pipeline_series_warming_up{pipeline="bench"}');
      if (held === series && warming === 0) return;
    }
    throw new Error('the first evaluation did not end in time');
  }

  /** Bytes the main thread holds after a collection: JavaScript objects and the arrays outside of its heap. */
  async heldBytes(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      this.#child.kill('SIGUSR2');
      await delay(300);
      const metric = await this.metrics();
      least = Math.min(least, metric('nodejs_heap_size_used_bytes') + metric('nodejs_external_memory_bytes'));
    }
    return least;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  get log(): string {
    return this.#log;
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      const ready = await fetch(`${this.#url}/-/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (ready) return;
      if (this.#hasExited || performance.now() > deadline) {
        await this.stop();
        throw new Error(`openanomaly is not ready; it said:\n${this.#log}`);
      }
      await delay(100);
    }
  }
}
