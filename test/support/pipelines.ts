import { DEFAULT_ALARM_RULE } from '../../src/rules/alarm-schema.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';

const MINUTE_MS = 60_000;

/** A pipeline of the product's defaults over `m`, with a short context, and what a test changes. */
export function pipelineOf(changes: Partial<Pipeline> = {}): Pipeline {
  return {
    name: 'p',
    group: 'g',
    description: '',
    enabled: true,
    datasource: 'default',
    query: 'm',
    stream: undefined,
    stepMs: MINUTE_MS,
    contextWindowMs: 600 * MINUTE_MS,
    predictionHorizonMs: 30 * MINUTE_MS,
    mode: 'forecast_and_anomaly',
    forecastSchedule: '*/15 * * * *',
    anomalySchedule: undefined,
    timezone: 'UTC',
    holidays: { days: [], like: 'sunday' },
    intervalMs: MINUTE_MS,
    queryOffsetMs: 30_000,
    limit: 0,
    labels: { team: 'infra' },
    model: { type: 'local', id: 'auto', parameters: {} },
    isMultivariate: false,
    anomaly: {
      technique: 'confidence_interval',
      confidenceLevel: 0.99,
      direction: 'both',
      threshold: 1,
      pagingThreshold: 1.2,
      adaptAfterMs: 60 * MINUTE_MS,
      minDeviation: { absolute: 0, relative: 0 },
      by: [],
      alarm: DEFAULT_ALARM_RULE,
      publishesAlarm: false,
    },
    exclude: [],
    dataRange: undefined,
    output: { horizons: [{ text: '30m', ms: 30 * MINUTE_MS }], quantiles: [0.05, 0.5, 0.95], futureSamples: false },
    ...changes,
  };
}
