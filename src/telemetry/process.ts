import { collectDefaultMetrics } from 'prom-client';
import type { Telemetry } from './metrics.ts';

/**
 * Gauges of prom-client whose names end in `_total`, which linters of metrics refuse. Those without the ending
 * say the same.
 */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * How often the delay of the event loop is sampled; also the least delay it can tell. Each sample wakes the process: at
 * prom-client's 10 ms that alone is half a percent of a core, which an idle sidecar has no business to use.
 */
const EVENT_LOOP_PRECISION_MS = 50;

/** Adds `process_*` and `nodejs_*`. They are read when the page is asked for. */
export function collectProcessMetrics({ registry }: Telemetry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}

export interface BuildInfo {
  readonly version: string;
  /** Commit the build was made from; empty when it is not known. */
  readonly revision: string;
}

export function setBuildInfo(telemetry: Telemetry, { version, revision }: BuildInfo): void {
  telemetry.buildInfo.set({ version, revision, nodejs: process.version }, 1);
}
