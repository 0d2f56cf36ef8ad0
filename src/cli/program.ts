import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { SettingsFlags } from '../settings/load.ts';
import { checkConfig } from './check-config.ts';
import { checkRules } from './check-rules.ts';
import { generateAlerts } from './generate-alerts.ts';
import { generateDashboards } from './generate-dashboards.ts';
import { generateSchema } from './generate-schema.ts';
import { healthcheck } from './healthcheck.ts';
import type { CliIo } from './io.ts';
import { type Signals, serve } from './serve.ts';
import { packageVersion } from './version.ts';

const DEFAULT_CONFIG_FILE = 'config/openanomaly.yaml';
const DEFAULT_HEALTH_URL = 'http://127.0.0.1:9877';
const DEMO_CONFIG_FILE = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url));

/** Runs a command line (without program and script) and answers the exit code. */
export async function runCommandLine(argv: readonly string[], io: CliIo, signals: Signals): Promise<number> {
  let exitCode = 0;
  const program = programOf(io, signals, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  return exitCode;
}

function programOf(io: CliIo, signals: Signals, exit: (code: number) => void): Command {
  const program = new Command('openanomaly')
    .description('Anomaly detection beside Prometheus: forecast bands and scores from rule files.')
    .version(`openanomaly ${packageVersion()} (Node.js ${process.version})`, '--version', 'print the version')
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .addHelpText('after', '\nFlags of the default command: openanomaly serve --help')
    .exitOverride();
  const run = async (options: Record<string, unknown>, configFile: string) => {
    exit(await serve({ configFile: resolve(io.cwd, configFile), flags: settingsFlags(options) }, io, signals));
  };

  withServeFlags(program.command('serve', { isDefault: true }).description('run the pipelines (the default command)'))
    .option('--config.file <path>', 'settings file', DEFAULT_CONFIG_FILE)
    .action((options: Record<string, unknown>) => run(options, String(options['config.file'])));
  withServeFlags(program.command('demo').description('run on simulated data: a small web shop with incidents')).action(
    (options: Record<string, unknown>) => run(options, DEMO_CONFIG_FILE),
  );

  const check = program.command('check').description('check files without running anything');
  check
    .command('rules [files...]')
    .description('check rule files; reads standard input without a file')
    .action(async (files: string[]) => exit(await checkRules(files, io)));
  check
    .command('config <file>')
    .description('check a settings file and the rule files it names')
    .action(async (file: string) => exit(await checkConfig(file, io)));

  const generate = program.command('generate').description('print files that go with the pipelines');
  generate
    .command('alerts')
    .description('print a Prometheus rule file for the loaded pipelines')
    .option('--config.file <path>', 'settings file', DEFAULT_CONFIG_FILE)
    .option('--runbook.base-url <url>', 'where the runbooks are', 'docs/runbooks')
    .action(async (options: Record<string, unknown>) => {
      const runbookBase = options['runbook.baseUrl'] as string | undefined;
      exit(await generateAlerts({ configFile: String(options['config.file']), runbookBase }, io));
    });
  generate
    .command('dashboards [name]')
    .description('print a Grafana dashboard, or write all of them into a folder')
    .option('--config.file <path>', 'settings file whose metric_prefix the queries follow')
    .option('--output.dir <path>', 'folder to write them to, for the provisioning of Grafana')
    .action(async (name: string | undefined, options: Record<string, string | undefined>) =>
      exit(
        await generateDashboards(name, { configFile: options['config.file'], outputDir: options['output.dir'] }, io),
      ),
    );
  generate
    .command('schema [which]')
    .description('print the JSON Schema of rule files (rules) or of settings (settings)')
    .action(async (which: string | undefined) => exit(await generateSchema(which, io)));

  program
    .command('healthcheck')
    .description('ask a running process whether it is healthy; exit code 0 or 1')
    .option('--url <url>', 'address of the process', DEFAULT_HEALTH_URL)
    .action(async (options: { url: string }) => exit(await healthcheck(options.url, io)));
  for (const command of allCommands(program))
    command.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  return program;
}

function withServeFlags(command: Command): Command {
  const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];
  return command
    .option('--web.listen-address <address>', 'host:port or :port to listen on; may be given several times', collect)
    .option('--web.config.file <path>', 'file with TLS and basic auth, as in the exporter toolkit')
    .option('--web.external-url <url>', 'URL under which the process is reachable')
    .option('--web.route-prefix <path>', 'prefix of all routes')
    .option('--web.telemetry-path <path>', 'path of the metrics page')
    .option('--web.enable-lifecycle', 'allow reload and quit over HTTP')
    .option('--web.enable-admin-api', 'allow changes over HTTP, such as maintenance windows')
    .option('--state.dir <path>', 'directory of snapshots')
    .addOption(
      new Option('--log.level <level>', 'least level of log lines').choices(['debug', 'info', 'warn', 'error']),
    )
    .addOption(new Option('--log.format <format>', 'format of log lines').choices(['logfmt', 'json']));
}

/** Only flags that were given: what is absent must not override the file. */
function settingsFlags(options: Record<string, unknown>): SettingsFlags {
  const text = (name: string) => options[name] as string | undefined;
  const prefix = text('web.routePrefix');
  if (prefix !== undefined && !prefix.startsWith('/'))
    throw new InvalidArgumentError('--web.route-prefix starts with "/"');
  const flags = {
    listenAddresses: options['web.listenAddress'] as string[] | undefined,
    webConfigFile: text('web.config.file'),
    externalUrl: text('web.externalUrl'),
    routePrefix: prefix,
    telemetryPath: text('web.telemetryPath'),
    enableLifecycle: options['web.enableLifecycle'] as boolean | undefined,
    enableAdminApi: options['web.enableAdminApi'] as boolean | undefined,
    stateDir: text('state.dir'),
    logLevel: text('log.level'),
    logFormat: text('log.format'),
  };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as SettingsFlags;
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
