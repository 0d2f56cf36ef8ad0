import { createLogger } from '../adapters/logger.ts';
import { readConfiguration } from '../app/configuration.ts';
import { alertRules } from '../rules/alert-rules.ts';
import { formatProblem } from '../rules/problem.ts';
import type { CliIo } from './io.ts';

/** Prints a Prometheus rule file for the pipelines that a settings file loads; answers the exit code, 0 or 1. */
export async function generateAlerts(file: string, io: CliIo): Promise<number> {
  const clock = { nowMs: () => Date.now() };
  const logger = createLogger({ level: 'warn', format: 'logfmt', write: io.stderr, clock });
  const source = { file, flags: {}, environment: io.environment, logger };
  const { configuration, problems } = await readConfiguration(source);
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`);
  if (configuration === undefined) {
    io.stderr('openanomaly: error: the configuration has problems, see above\n');
    return 1;
  }
  const { settings, groups } = configuration;
  const { externalUrl } = settings.server;
  io.stdout(alertRules(groups, { prefix: settings.metricPrefix, ...(externalUrl !== undefined && { externalUrl }) }));
  return 0;
}
