import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { shippedDashboards } from '../app/dashboards.ts';
import type { CliIo } from './io.ts';
import { loadConfiguration } from './load-configuration.ts';

export interface DashboardOptions {
  /** Settings whose `metric_prefix` the queries follow; the default prefix without. */
  readonly configFile: string | undefined;
  /** Where all dashboards are written to, for Grafana's provisioning; without, one goes to stdout. */
  readonly outputDir: string | undefined;
}

/** Prints a Grafana dashboard, or writes all of them into a folder; answers the exit code, 0 or 1. */
export async function generateDashboards(
  name: string | undefined,
  { configFile, outputDir }: DashboardOptions,
  io: CliIo,
): Promise<number> {
  let prefix = 'openanomaly';
  if (configFile !== undefined) {
    const configuration = await loadConfiguration(resolve(io.cwd, configFile), io);
    if (configuration === undefined) return 1;
    prefix = configuration.settings.metricPrefix;
  }
  const dashboards = shippedDashboards(prefix);
  const names = [...dashboards.keys()].map((file) => file.replace('.json', ''));
  const chosen = name === undefined ? undefined : dashboards.get(`${name}.json`);
  if (name !== undefined && chosen === undefined) {
    io.stderr(`openanomaly: error: there is no dashboard "${name}"; there are ${names.join(', ')}\n`);
    return 1;
  }
  if (outputDir === undefined) {
    if (chosen === undefined) {
      io.stderr(`openanomaly: error: name one of ${names.join(', ')}, or a folder for all by --output.dir\n`);
      return 1;
    }
    io.stdout(chosen);
    return 0;
  }
  const folder = resolve(io.cwd, outputDir);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of dashboards) {
    if (name !== undefined && file !== `${name}.json`) continue;
    writeFileSync(join(folder, file), text);
    io.stderr(`${join(outputDir, file)}\n`);
  }
  return 0;
}
