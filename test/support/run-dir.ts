import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One folder a test run: data of the servers, and a file per process that was started. Test files run in processes of
 * their own; what one of them leaves behind, however it ended, the set-up of the whole run finds here.
 */
const VARIABLE = 'OPENANOMALY_TEST_RUN_DIR';
const PREFIX = 'openanomaly-test-';
const OWNER = 'owner';

export function createRunDir(): string {
  const dir = mkdtempSync(join(tmpdir(), PREFIX));
  mkdirSync(join(dir, 'pids'));
  writeFileSync(join(dir, OWNER), `${process.pid} ${startOf(process.pid) ?? ''}`);
  process.env[VARIABLE] = dir;
  return dir;
}

/** Removes what runs left that were killed before they could clean up. */
export function removeAbandonedRunDirs(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(tmpdir(), name);
    const [pid = '', start = ''] = readOrEmpty(join(dir, OWNER)).split(' ');
    if (start !== '' && startOf(Number(pid)) !== start) removeRunDir(dir);
  }
}

function runDir(): string {
  const known = process.env[VARIABLE];
  if (known !== undefined) return known;
  const dir = createRunDir();
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A fresh folder that goes with the run. */
export function createDataDir(name: string): string {
  return mkdtempSync(join(runDir(), `${name}-`));
}

export function notePid(pid: number): void {
  writeFileSync(join(runDir(), 'pids', String(pid)), startOf(pid) ?? '');
}

export function forgetPid(pid: number): void {
  rmSync(join(runDir(), 'pids', String(pid)), { force: true });
}

/** Kills what is still noted in a run's folder, then deletes it. A pid that now names another process is left alone. */
export function removeRunDir(dir: string): void {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(join(dir, 'pids'))) {
    const start = readOrEmpty(join(dir, 'pids', name));
    if (start !== '' && start === startOf(Number(name))) killGroup(Number(name));
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Kills a process and what it started; one that is gone already is fine. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Start time of a process in clock ticks since boot: with the pid it names a process for good. */
function startOf(pid: number): string | undefined {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
