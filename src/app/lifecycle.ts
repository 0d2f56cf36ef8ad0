import { describeError, OpenAnomalyError } from '../errors.ts';
import { mayRunModel } from '../forecast/engines.ts';
import type { HttpServer } from '../http/server.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { formatProblem, type Problem } from '../rules/problem.ts';
import type { Settings } from '../settings/settings.ts';
import { compose, type Parts, type Surroundings } from './compose.ts';
import {
  type Configuration,
  type ConfigurationSource,
  readConfiguration,
  watchConfiguration,
} from './configuration.ts';
import { tellFirstLooks } from './first-looks.ts';
import type { Destination } from './publishers.ts';

/** Share of the shutdown time that running evaluations may use; the rest is for snapshots and queues. */
const SHARE_FOR_EVALUATIONS = 0.4;

export interface Stopped {
  /** Samples that no endpoint took before the deadline. */
  readonly lostSamples: number;
}

/** A running process: started from a configuration, reloaded as a whole or not at all, stopped in reverse order once. */
export class Lifecycle {
  readonly #source: ConfigurationSource;
  readonly #around: Surroundings;
  readonly #parts: Parts;
  readonly #startedMs: number;
  #settings: Settings;
  #server: HttpServer | undefined;
  #watch: AsyncDisposable | undefined;
  #snapshots: NodeJS.Timeout | undefined;
  #firstLooks: Disposable | undefined;
  #isReady = false;
  #reloading: Promise<void> = Promise.resolve();
  #stopped: Promise<Stopped> | undefined;
  /** Resolves when the process was asked to stop over HTTP. */
  readonly quit: Promise<void>;
  readonly #quit: () => void;

  constructor(
    configuration: Configuration,
    options: { readonly source: ConfigurationSource; readonly around: Surroundings },
  ) {
    this.#source = options.source;
    this.#around = options.around;
    this.#settings = configuration.settings;
    this.#startedMs = options.around.clock.nowMs();
    this.#parts = compose(configuration.settings, options.around);
    let ask = () => {};
    this.quit = new Promise((resolve) => {
      ask = resolve;
    });
    this.#quit = ask;
  }

  get addresses(): readonly string[] {
    return this.#server?.addresses ?? [];
  }

  /** Serves first (healthy, not ready), then brings the pipelines to life, then is ready. */
  async start(configuration: Configuration): Promise<void> {
    const { telemetry, engine } = this.#parts;
    telemetry.ready.set(0);
    // What senders send goes on before anything else is up.
    this.#parts.proxy.replace(configuration.settings.proxy);
    this.#server = await this.#parts.serve({
      isReady: () => this.#isReady,
      reload: () => this.reload(),
      quit: this.#quit,
      startedMs: this.#startedMs,
      configFile: this.#source.file,
    });
    await this.#parts.restore();
    await this.#apply(configuration);
    const pipelines = configuration.groups.groups.flatMap((group) => group.pipelines);
    const withModel = pipelines.some(({ model }) => mayRunModel(model.id, model.parameters));
    if (pipelines.length > 0) await engine.warm({ withModel });
    this.#isReady = true;
    telemetry.ready.set(1);
    this.#watch = await watchConfiguration(this.#source, configuration, () => {
      void this.reload().catch(() => {});
    });
    this.#snapshots = setInterval(() => void this.#parts.manager.save(), this.#settings.stateIntervalMs);
    this.#snapshots.unref();
  }

  /** Reads everything again; rejects with `config_invalid` and changes nothing when there is a single error. */
  reload(): Promise<void> {
    const result = this.#reloading.then(() => this.#reloadOnce());
    this.#reloading = result.catch(() => {});
    return result;
  }

  /** Ends in reverse order, within the deadline of the settings. Calling it again waits for the same end. */
  stop(): Promise<Stopped> {
    this.#stopped ??= this.#stopOnce();
    return this.#stopped;
  }

  async #reloadOnce(): Promise<void> {
    const { logger } = this.#around;
    const { telemetry } = this.#parts;
    const { configuration, problems } = await readConfiguration(this.#source);
    this.#logProblems(problems);
    if (configuration === undefined) {
      telemetry.configReloadSuccessful.set(0);
      const errors = problems.filter(({ severity }) => severity === 'error');
      logger.log('error', 'configuration is not reloaded, the running set stays', { problems: errors.length });
      throw new OpenAnomalyError('config_invalid', errors.map(formatProblem).join('\n'));
    }
    this.#tellWhatNeedsRestart(configuration.settings);
    try {
      await this.#apply(configuration);
    } catch (error) {
      telemetry.configReloadSuccessful.set(0);
      logger.log('error', 'configuration could not be applied', { err: describeError(error) });
      throw error;
    }
    logger.log('info', 'configuration reloaded', { pipelines: countPipelines(configuration) });
  }

  async #apply(configuration: Configuration): Promise<void> {
    const { settings } = configuration;
    const { datasources, publishers, proxy, streams, manager, telemetry } = this.#parts;
    proxy.replace(settings.proxy);
    await datasources.replace(settings.datasources);
    const pipelines = configuration.groups.groups.flatMap((group) => group.pipelines);
    await publishers.replace(destinationsOf(settings, pipelines), this.#settings.shutdownTimeoutMs);
    await streams.configure(settings.proxy, pipelines);
    await manager.apply(configuration.groups);
    this.#firstLooks?.[Symbol.dispose]();
    this.#firstLooks = tellFirstLooks(manager, this.#around.logger);
    this.#settings = { ...this.#settings, datasources: settings.datasources, remoteWrite: settings.remoteWrite };
    telemetry.configReloadSuccessful.set(1);
    telemetry.configReloadTimestamp.set(this.#around.clock.nowMs() / 1000);
  }

  #tellWhatNeedsRestart(next: Settings): void {
    const fixed = ['server', 'workers', 'stateDir', 'metricPrefix', 'eventLog', 'log'] as const;
    for (const key of fixed) {
      if (JSON.stringify(next[key]) === JSON.stringify(this.#settings[key])) continue;
      this.#around.logger.log('warn', 'a changed setting takes effect at the next start only', { setting: key });
    }
  }

  #logProblems(problems: readonly Problem[]): void {
    for (const problem of problems) {
      this.#around.logger.log(problem.severity === 'error' ? 'error' : 'warn', problem.message, {
        file: problem.file,
        line: problem.line,
        column: problem.column,
      });
    }
  }

  async #stopOnce(): Promise<Stopped> {
    const { logger, clock } = this.#around;
    const { scheduler, manager, publishers, proxy, streams, engine, datasources, page, eventLog } = this.#parts;
    const deadlineMs = clock.nowMs() + this.#settings.shutdownTimeoutMs;
    logger.log('info', 'stopping', { timeout_ms: this.#settings.shutdownTimeoutMs });
    this.#isReady = false;
    this.#parts.telemetry.ready.set(0);
    clearInterval(this.#snapshots);
    this.#firstLooks?.[Symbol.dispose]();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#reloading;

    const giveUp = setTimeout(() => void manager.stop(), this.#settings.shutdownTimeoutMs * SHARE_FOR_EVALUATIONS);
    await scheduler[Symbol.asyncDispose]();
    await manager.idle();
    clearTimeout(giveUp);
    await manager.save();
    const { lost } = await publishers.close(Math.max(0, deadlineMs - clock.nowMs()));
    if (lost > 0)
      logger.log('error', 'samples were lost: no endpoint took them before the deadline', { samples: lost });
    for (const part of [this.#server, proxy, streams, eventLog, page, engine, datasources]) {
      try {
        await part?.[Symbol.asyncDispose]();
      } catch (error) {
        logger.log('warn', 'a part did not close cleanly', { err: describeError(error) });
      }
    }
    logger.log('info', 'stopped', { lost_samples: lost });
    return { lostSamples: lost };
  }
}

/** The endpoints of the settings, and the proxy's receiver for what is found in the streams. */
function destinationsOf({ remoteWrite, proxy }: Settings, pipelines: readonly Pipeline[]): Destination[] {
  if (proxy?.append === undefined) return [...remoteWrite];
  const only = new Set(pipelines.filter(({ stream }) => stream !== undefined).map(({ name }) => name));
  return [...remoteWrite, { ...proxy.append, only }];
}

export function countPipelines({ groups }: Configuration): number {
  return groups.groups.reduce((sum, group) => sum + group.pipelines.length, 0);
}
