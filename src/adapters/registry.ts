import type { Clock } from '../ports/clock.ts';
import type { Forwarder } from '../ports/forwarder.ts';
import type { Logger } from '../ports/logger.ts';
import type { TsdbClient } from '../ports/tsdb-client.ts';
import type { DatasourceSettings, ProxySettings, RemoteWriteSettings } from '../settings/settings.ts';
import type { Telemetry } from '../telemetry/metrics.ts';
import { openRemoteWrite, type RemoteWritePublisher } from './publisher/remote-write/remote-write.ts';
import { openForwarder } from './receive/forwarder.ts';
import { type ConfiguredStreams, openSampleStreams, type SampleStreamsOptions } from './receive/sample-streams.ts';
import { openCsv } from './tsdb/csv/client.ts';
import { openPrometheus } from './tsdb/prometheus/client.ts';
import { openSimulated } from './tsdb/simulated/client.ts';

/** What every data source may need of its surroundings. */
export interface DatasourceSurroundings {
  readonly name: string;
  readonly userAgent: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly clock: Clock;
}

type Kind = DatasourceSettings['type'];
type Factories = {
  [K in Kind]: (settings: Extract<DatasourceSettings, { type: K }>, around: DatasourceSurroundings) => TsdbClient;
};

const DATASOURCES = {
  prometheus: (settings, around) => openPrometheus({ settings, ...around }),
  csv: (settings, around) => openCsv({ settings, ...around }),
  simulated: (settings, around) => openSimulated({ settings, ...around }),
} satisfies Factories;

export function openDatasource(settings: DatasourceSettings, around: DatasourceSurroundings): TsdbClient {
  const open = DATASOURCES[settings.type] as (
    settings: DatasourceSettings,
    around: DatasourceSurroundings,
  ) => TsdbClient;
  return open(settings, around);
}

/** What every publisher that sends over the network may need of its surroundings. */
export interface PublisherSurroundings extends Omit<DatasourceSurroundings, 'name'> {
  readonly prefix: string;
  readonly telemetry: Telemetry;
}

export function openPublisher(settings: RemoteWriteSettings, around: PublisherSurroundings): RemoteWritePublisher {
  return openRemoteWrite({ settings, ...around });
}

export function openProxyStreams(options: SampleStreamsOptions): ConfiguredStreams {
  return openSampleStreams(options);
}

export function openProxyForwarder(
  settings: ProxySettings,
  around: Pick<DatasourceSurroundings, 'userAgent' | 'environment'>,
): Forwarder {
  return openForwarder({ settings, ...around });
}
