import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { ModelEngine } from '../ports/model-engine.ts';
import type { TsdbClient } from '../ports/tsdb-client.ts';
import type { Telemetry } from '../telemetry/metrics.ts';
import type { AnomalyEvents } from './event-book.ts';
import type { MaintenanceBook } from './maintenance.ts';

/** What the tasks of one pipeline need of the world. */
export interface TaskPorts {
  readonly source: TsdbClient;
  readonly engine: ModelEngine;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Lets the event loop serve what waits, then resolves. Long columns of work call it between pieces. */
  readonly breathe: () => Promise<void>;
  /** Who is told of alarms; undefined: nobody. */
  readonly events?: AnomalyEvents | undefined;
  /** Maintenance windows; undefined: there are none. */
  readonly maintenance?: Pick<MaintenanceBook, 'at'> | undefined;
}
