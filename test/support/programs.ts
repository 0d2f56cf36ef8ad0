import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs the tests run, and the Debian package each comes in. */
export const STOCK_PACKAGES = {
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'victoria-metrics': 'victoria-metrics',
  'prometheus-node-exporter': 'prometheus-node-exporter',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  amtool: 'prometheus-alertmanager',
  chromium: 'chromium',
} as const;

export type ProgramName = keyof typeof STOCK_PACKAGES;

/** Today's servers, built from their Go modules once (`npm run test:modern`). The folder is named after both. */
export const MODERN_SERVERS = [
  {
    name: 'prometheus',
    version: '0.316.0',
    // promtool first: what the two share is then compiled when the bigger one comes.
    packages: {
      promtool: 'github.com/prometheus/prometheus/cmd/promtool',
      prometheus: 'github.com/prometheus/prometheus/cmd/prometheus',
    },
  },
  {
    name: 'victoria-metrics',
    version: '1.151.0',
    packages: { 'victoria-metrics': 'github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics' },
  },
] as const satisfies readonly {
  name: string;
  version: string;
  packages: Partial<Record<ProgramName, string>>;
}[];

export function isModern(): boolean {
  return process.env['OPENANOMALY_TEST_SERVERS'] === 'modern';
}

export function modernServersDir(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'openanomaly', 'servers');
}

/** Where a program lies that the tests shall use; throws, with what to do, when it is not there. */
export function programPath(program: ProgramName): string {
  if (isModern()) {
    for (const server of MODERN_SERVERS) {
      if (!(program in server.packages)) continue;
      const path = join(modernServersDir(), `${server.name}-${server.version}`, program);
      if (isExecutable(path)) return path;
      throw new Error(`${path} is missing; \`npm run test:modern\` builds it`);
    }
  }
  const path = findInstalled(program);
  if (path !== undefined) return path;
  throw new Error(`${program} is missing; on Debian: apt-get install ${STOCK_PACKAGES[program]}`);
}

export function findInstalled(program: string): string | undefined {
  const dirs = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return dirs.map((dir) => join(dir, program)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
