import { alertRules } from '../rules/alert-rules.ts';
import type { CliIo } from './io.ts';
import { loadConfiguration } from './load-configuration.ts';

/** Prints a Prometheus rule file for the pipelines that a settings file loads; answers the exit code, 0 or 1. */
export async function generateAlerts(file: string, io: CliIo): Promise<number> {
  const configuration = await loadConfiguration(file, io);
  if (configuration === undefined) return 1;
  const { settings, groups } = configuration;
  const { externalUrl } = settings.server;
  io.stdout(alertRules(groups, { prefix: settings.metricPrefix, ...(externalUrl !== undefined && { externalUrl }) }));
  return 0;
}
