import { resolve } from 'node:path';
import { alertRules } from '../rules/alert-rules.ts';
import type { CliIo } from './io.ts';
import { loadConfiguration } from './load-configuration.ts';

export interface GenerateAlertsOptions {
  readonly configFile: string;
  /** Address or folder of the runbooks, for who keeps them elsewhere than in the repository. */
  readonly runbookBase: string | undefined;
}

/** Prints a Prometheus rule file for the pipelines that a settings file loads; answers the exit code, 0 or 1. */
export async function generateAlerts({ configFile, runbookBase }: GenerateAlertsOptions, io: CliIo): Promise<number> {
  const configuration = await loadConfiguration(resolve(io.cwd, configFile), io);
  if (configuration === undefined) return 1;
  const { settings, groups } = configuration;
  const { externalUrl } = settings.server;
  const options = {
    prefix: settings.metricPrefix,
    ...(externalUrl !== undefined && { externalUrl }),
    ...(runbookBase !== undefined && { runbookBase }),
  };
  io.stdout(alertRules(groups, options));
  return 0;
}
