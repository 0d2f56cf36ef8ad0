import { randomUUID } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { openEventLog } from '../adapters/event-log/event-log.ts';
import { openWorkerPool } from '../adapters/model/worker-pool.ts';
import { createMetricsPage } from '../adapters/publisher/metrics-page.ts';
import { openDatasource, openProxyForwarder, openProxyStreams, openPublisher } from '../adapters/registry.ts';
import { openInProcessScheduler } from '../adapters/scheduler/in-process.ts';
import { openFileStateStore } from '../adapters/state-store/files.ts';
import { EventBook } from '../evaluate/event-book.ts';
import { restoreEvents } from '../evaluate/event-store.ts';
import { MaintenanceDesk } from '../evaluate/maintenance-desk.ts';
import { Manager } from '../evaluate/manager.ts';
import { Receive } from '../http/receive.ts';
import { type HttpServer, openHttpServer } from '../http/server.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { Settings } from '../settings/settings.ts';
import { removeGroup, removePipeline, startGroup, startPipeline, startProxy } from '../telemetry/lifecycle.ts';
import { createTelemetry } from '../telemetry/metrics.ts';
import { collectProcessMetrics, setBuildInfo } from '../telemetry/process.ts';
import { Datasources } from './datasources.ts';
import { WriteProxy } from './proxy.ts';
import { Publishers } from './publishers.ts';

export interface Surroundings {
  readonly version: string;
  readonly revision: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where an event log at `-` goes. */
  readonly standardOutput: (text: string) => void;
  /** The compiled entries of the threads; beside the compiled sources unless a test says otherwise. */
  readonly workerUrl?: URL;
  readonly streamWorkerUrl?: URL;
}

/** What the server asks of the process around it. */
export interface ServerCalls {
  readonly isReady: () => boolean;
  readonly reload: () => Promise<void>;
  readonly quit: () => void;
  readonly startedMs: number;
  readonly configFile: string;
}

/** The parts of a running process, put together by plain calls. Nothing has been started yet but the timer-free parts. */
export function compose(settings: Settings, around: Surroundings) {
  const { logger, clock } = around;
  const userAgent = `openanomaly/${around.version}`;
  const telemetry = createTelemetry();
  collectProcessMetrics(telemetry);
  setBuildInfo(telemetry, around);

  const prefix = settings.metricPrefix;
  const page = createMetricsPage({ prefix, telemetry, logger: logger.child({ component: 'page' }) });
  const publishers = new Publishers(page, (endpoint) =>
    openPublisher(endpoint, {
      prefix,
      telemetry,
      clock,
      userAgent,
      environment: around.environment,
      logger: logger.child({ component: 'remote_write', remote_name: endpoint.name }),
    }),
  );
  const datasources = new Datasources((name, datasource) =>
    openDatasource(datasource, {
      name,
      userAgent,
      environment: around.environment,
      clock,
      logger: logger.child({ component: 'datasource', datasource: name }),
    }),
  );
  const receive = new Receive(telemetry, logger.child({ component: 'proxy' }));
  const streams = openProxyStreams({
    workerUrl: around.streamWorkerUrl ?? new URL('../adapters/receive/decode/worker.js', import.meta.url),
    telemetry,
    clock,
    logger: logger.child({ component: 'proxy' }),
  });
  const proxy = new WriteProxy({
    receive,
    openForwarder: (forwarding) => openProxyForwarder(forwarding, { userAgent, environment: around.environment }),
    look: (write) => streams.look(write),
    start: () => startProxy(telemetry),
  });
  const engine = openWorkerPool({
    ...settings.workers,
    workerUrl: around.workerUrl ?? new URL('../adapters/model/worker.js', import.meta.url),
    telemetry,
    logger: logger.child({ component: 'engine' }),
  });
  const scheduler = openInProcessScheduler({ clock, logger: logger.child({ component: 'scheduler' }) });
  const store =
    settings.stateDir === undefined
      ? undefined
      : openFileStateStore({ dir: settings.stateDir, logger: logger.child({ component: 'state' }) });
  const evaluateLogger = logger.child({ component: 'evaluate' });
  const eventLog =
    settings.eventLog &&
    openEventLog({
      ...settings.eventLog,
      standardOutput: around.standardOutput,
      telemetry,
      logger: logger.child({ component: 'event_log' }),
    });
  const events = new EventBook({ log: eventLog, telemetry });
  const maintenance = new MaintenanceDesk({
    store,
    clock,
    logger: logger.child({ component: 'maintenance' }),
    newId: randomUUID,
  });
  const sourceOf = ({ name, datasource, stream }: Pipeline) => {
    const read = datasources.named(datasource);
    if (stream === undefined) return read;
    return streams.source(name, () => (datasources.has(datasource) ? read : undefined));
  };
  const manager = new Manager({
    portsFor: (pipeline: Pipeline) => ({
      source: sourceOf(pipeline),
      engine,
      telemetry,
      logger: evaluateLogger,
      clock,
      breathe: () => breathe(),
      events,
      maintenance: maintenance.book,
    }),
    publisher: publishers,
    scheduler,
    store,
    events,
    telemetry,
    clock,
    logger: evaluateLogger,
    metricsOf: {
      startGroup: (group) => startGroup(telemetry, group),
      removeGroup: (group) => removeGroup(telemetry, group),
      startPipeline: (pipeline) => startPipeline(telemetry, pipeline),
      removePipeline: (pipeline) => removePipeline(telemetry, pipeline),
    },
  });

  const serve = (calls: ServerCalls): Promise<HttpServer> =>
    openHttpServer({
      settings: settings.server,
      page,
      status: () => manager.status(),
      info: {
        version: around.version,
        startedMs: calls.startedMs,
        configFile: calls.configFile,
        dataSources: () => datasources.summaries(),
      },
      events,
      maintenance,
      receive,
      isReady: calls.isReady,
      reload: calls.reload,
      quit: calls.quit,
      clock,
      logger: logger.child({ component: 'http' }),
    });

  const restore = async (): Promise<void> => {
    if (store !== undefined) await restoreEvents(events, store, evaluateLogger);
    await maintenance.restore();
  };

  return {
    restore,
    eventLog,
    telemetry,
    page,
    publishers,
    proxy,
    streams,
    datasources,
    engine,
    scheduler,
    store,
    manager,
    serve,
  };
}

export type Parts = ReturnType<typeof compose>;
