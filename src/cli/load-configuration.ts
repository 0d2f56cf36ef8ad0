import { createLogger } from '../adapters/logger.ts';
import { type Configuration, readConfiguration } from '../app/configuration.ts';
import { formatProblem } from '../rules/problem.ts';
import type { CliIo } from './io.ts';

/** The settings file and the rules it names; undefined when they have problems, which are on stderr then. */
export async function loadConfiguration(file: string, io: CliIo): Promise<Configuration | undefined> {
  const clock = { nowMs: () => Date.now() };
  const logger = createLogger({ level: 'warn', format: 'logfmt', write: io.stderr, clock });
  const source = { file, flags: {}, environment: io.environment, logger };
  const { configuration, problems } = await readConfiguration(source);
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`);
  if (configuration === undefined) io.stderr('openanomaly: error: the configuration has problems, see above\n');
  return configuration;
}
