import { relative } from 'node:path';
import { createLogger } from '../adapters/logger.ts';
import { type ConfigurationSource, readConfiguration } from '../app/configuration.ts';
import { countPipelines, Lifecycle } from '../app/lifecycle.ts';
import { describeError } from '../errors.ts';
import { formatProblem } from '../rules/problem.ts';
import type { SettingsFlags } from '../settings/load.ts';
import type { CliIo } from './io.ts';
import { packageVersion } from './version.ts';

export interface ServeOptions {
  readonly configFile: string;
  readonly flags: SettingsFlags;
}

/** Signals of the operator, as the process gets them. */
export interface Signals {
  /** Resolves with the name of the first signal that asks to stop. */
  readonly stop: Promise<string>;
  onReload(reload: () => void): void;
}

const clock = { nowMs: () => Date.now() };

/** Runs until it is asked to stop; answers the exit code: 0 after a clean end, 1 when it could not start. */
export async function serve({ configFile, flags }: ServeOptions, io: CliIo, signals: Signals): Promise<number> {
  const write = io.stderr;
  const early = createLogger({ level: 'warn', format: flags.logFormat ?? 'logfmt', write, clock });
  const first: ConfigurationSource = { file: configFile, flags, environment: io.environment, logger: early };
  const { configuration, problems } = await readConfiguration(first);
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`);
  if (configuration === undefined) {
    io.stderr('openanomaly: error: the configuration has problems, see above\n');
    return 1;
  }

  const { level, format } = configuration.settings.log;
  const logger = createLogger({ level, format, write, clock });
  const source = { ...first, logger };
  const around = {
    version: packageVersion(),
    revision: io.environment['OPENANOMALY_REVISION'] ?? '',
    environment: io.environment,
    logger,
    clock,
    standardOutput: io.stdout,
  };
  const lifecycle = new Lifecycle(configuration, { source, around });
  logger.log('info', 'starting', {
    version: around.version,
    config: configFile,
    pipelines: countPipelines(configuration),
  });
  try {
    const started = lifecycle.start(configuration);
    signals.onReload(() => void lifecycle.reload().catch(() => {}));
    await started;
  } catch (error) {
    io.stderr(`openanomaly: error: ${describeError(error)}\n`);
    await lifecycle.stop();
    return 1;
  }
  greet(lifecycle, { configFile, settings: configuration.settings }, io);

  const reason = await Promise.race([signals.stop, lifecycle.quit.then(() => 'quit endpoint')]);
  logger.log('info', 'asked to stop', { reason });
  await lifecycle.stop();
  return 0;
}

/** Three lines for a person who has just started it: where to look first. */
function greet(
  lifecycle: Lifecycle,
  {
    configFile,
    settings,
  }: { configFile: string; settings: { datasources: object; server: { telemetryPath: string; routePrefix: string } } },
  io: CliIo,
): void {
  const isDemo = Object.values(settings.datasources).every(
    (datasource: { type: string }) => datasource.type === 'simulated',
  );
  const prefix = settings.server.routePrefix.replace(/\/$/, '');
  const base = `http://${lifecycle.addresses[0]}${prefix}`;
  io.stdout(
    [
      `OpenAnomaly is running${isDemo ? ' on simulated data' : ''} (${relative(io.cwd, configFile) || configFile}).`,
      `  Open     ${base}/`,
      `  Scrape   ${base}${settings.server.telemetryPath}   (honor_labels: true)`,
      ...(isDemo ? ['  Bands and scores come within seconds, an incident every few minutes. Stop with Ctrl-C.'] : []),
      '',
    ].join('\n'),
  );
}
