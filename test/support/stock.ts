import { spawnSync } from 'node:child_process';
import { findInstalled, type ProgramName, STOCK_PACKAGES } from './programs.ts';

/** Sees to it that the programs of the distribution are there; installs what is missing, or says how to. */
export function installStockServers(say: (line: string) => void): void {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const install = `apt-get update && apt-get install --no-install-recommends -y ${missing.join(' ')}`;
  const asRoot = rootPrefix();
  if (findInstalled('apt-get') === undefined || asRoot === undefined) {
    throw new Error(
      `The tests run against real servers, and these packages are missing: ${missing.join(', ')}.\n` +
        `Install them once, then run the tests again (Debian, Ubuntu):\n\n    sudo sh -c '${install}'\n\n` +
        'Tests that need no server run without: npx vitest run --project unit',
    );
  }
  say(`The tests run against real servers. Installing from the distribution, once: ${missing.join(' ')}`);
  // SYSTEMD_OFFLINE keeps the packages from starting services of their own on the machine.
  const env = ['env', 'DEBIAN_FRONTEND=noninteractive', 'SYSTEMD_OFFLINE=1'];
  const patient = ['-o', 'DPkg::Lock::Timeout=600', '-q'];
  runOrThrow([...asRoot, ...env, 'apt-get', ...patient, 'update'], install);
  runOrThrow(
    [...asRoot, ...env, 'apt-get', ...patient, 'install', '--no-install-recommends', '-y', ...missing],
    install,
  );
  const still = missingPackages();
  if (still.length > 0) throw new Error(`apt-get ended well, yet these are not there: ${still.join(', ')}`);
  say('Installed.');
}

function missingPackages(): string[] {
  const programs = Object.keys(STOCK_PACKAGES) as ProgramName[];
  return [...new Set(programs.filter((name) => findInstalled(name) === undefined).map((name) => STOCK_PACKAGES[name]))];
}

/** What to put before a command so that it runs as root without asking; undefined when there is no way. */
function rootPrefix(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n'] : undefined;
}

function runOrThrow(command: readonly string[], install: string): void {
  const result = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (result.status === 0) return;
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim().slice(-3000);
  throw new Error(
    `\`${command.join(' ')}\` failed:\n${said}\n\nOnce this works, run the tests again:\n\n    sudo sh -c '${install}'`,
  );
}
