import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { forgetPid, killGroup, notePid } from './run-dir.ts';

const SETPRIV = '/usr/bin/setpriv';
const LOG_LIMIT = 1_000_000;
const running = new Set<number>();
process.once('exit', () => {
  for (const pid of running) killGroup(pid);
});

/** A server process of a test, in a process group of its own, with what it said. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<number | null>;
  #log = '';
  #gone = false;

  private constructor(child: ChildProcess) {
    const pid = child.pid!;
    this.pid = pid;
    running.add(pid);
    notePid(pid);
    const keep = (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-LOG_LIMIT);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#gone = true;
        running.delete(pid);
        forgetPid(pid);
        resolve(code);
      });
    });
  }

  /** Rejects when the program cannot be started at all. */
  static async start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Child> {
    // The kernel ends the server when the test process dies, even by SIGKILL, where no hook of ours would run.
    const bound = existsSync(SETPRIV);
    const child = spawn(bound ? SETPRIV : command, bound ? ['--pdeathsig', 'KILL', '--', command, ...args] : args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return new Child(child);
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** The last megabyte of both streams. */
  log(): string {
    return this.#log;
  }

  /** Sends a signal and waits for the end; after `graceMs` it is killed. */
  async kill(signal: NodeJS.Signals = 'SIGKILL', graceMs = 20_000): Promise<void> {
    if (this.#gone) return;
    if (signal === 'SIGKILL') {
      killGroup(this.pid);
    } else {
      process.kill(this.pid, signal);
    }
    const timer = setTimeout(() => killGroup(this.pid), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}
