import { itemOf } from '../document/item.ts';
import { readItem } from '../document/read.ts';
import { buildAlarm, DEFAULT_ALARM_RULE } from './alarm-schema.ts';
import { buildHolidays, type ReadBeside } from './holidays.ts';
import type { Group, Pipeline } from './pipeline.ts';
import { groupSchema, type RawGroup, type RawPipeline, type RawRules } from './schema.ts';
import { buildStream } from './stream.ts';

export interface BuildOptions {
  readonly file: string;
  /** Data source of pipelines that name none, and whose group names none. */
  readonly datasource: string;
  /** Undefined: files that rule files name are not looked at. */
  readonly readBeside?: ReadBeside | undefined;
}

/** The groups of a file without errors. Bare pipelines get a group with every default, named after the file. */
export function buildGroups(raw: RawRules, options: BuildOptions): Group[] {
  const groups = raw.groups.map((group) => buildGroup(group, options));
  if (raw.pipelines.length === 0) return groups;
  const { value } = readItem(groupSchema, itemOf({ name: groupNameOf(options.file), pipelines: [] }, 0));
  return [...groups, buildGroup({ ...(value as RawGroup), pipelines: raw.pipelines }, options)];
}

/** Name of a file without folders and ending. */
export function groupNameOf(file: string): string {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return name.replace(/\.[^.]+$/, '') || name;
}

function buildGroup(raw: RawGroup, options: BuildOptions): Group {
  return {
    name: raw.name,
    file: options.file,
    intervalMs: raw.interval.ms,
    pipelines: raw.pipelines.map((pipeline) => buildPipeline(pipeline, raw, options)),
  };
}

function buildPipeline(raw: RawPipeline, group: RawGroup, { datasource, readBeside }: BuildOptions): Pipeline {
  return {
    name: raw.name,
    group: group.name,
    description: raw.description,
    enabled: raw.enabled,
    datasource: raw.datasource ?? group.datasource ?? datasource,
    ...(raw.selector === undefined
      ? { query: raw.query!.trim(), stream: undefined }
      : buildStream(raw.selector, raw.rate)),
    stepMs: raw.step.ms,
    contextWindowMs: raw.context_window.ms,
    predictionHorizonMs: raw.prediction_horizon.ms,
    mode: raw.mode,
    forecastSchedule: raw.forecast_schedule,
    anomalySchedule: raw.anomaly_schedule,
    timezone: raw.timezone,
    holidays: buildHolidays(raw.holidays ?? group.holidays, readBeside),
    intervalMs: group.interval.ms,
    queryOffsetMs: group.query_offset.ms,
    limit: raw.limit ?? group.limit,
    labels: { ...group.labels, ...raw.labels },
    model: { type: raw.model.type, id: raw.model.id, parameters: raw.model.parameters },
    isMultivariate: raw.series_type === 'multivariate',
    anomaly: {
      technique: raw.anomaly.technique,
      confidenceLevel: raw.anomaly.confidence_level,
      direction: raw.anomaly.direction,
      threshold: raw.anomaly.threshold,
      pagingThreshold: raw.anomaly.paging_threshold,
      adaptAfterMs: raw.anomaly.adapt_after.ms,
      minDeviation: raw.anomaly.min_deviation,
      by: raw.anomaly.technique === 'peers' ? raw.anomaly.peers.by : raw.anomaly.join.on,
      alarm: raw.anomaly.alarm === undefined ? DEFAULT_ALARM_RULE : buildAlarm(raw.anomaly.alarm),
      publishesAlarm: raw.anomaly.alarm !== undefined,
    },
    exclude: [...group.exclude, ...raw.exclude],
    dataRange: raw.data_range && [raw.data_range[0]!, raw.data_range[1]!],
    output: {
      horizons: raw.output.horizons ?? [raw.prediction_horizon],
      quantiles: raw.output.quantiles,
      futureSamples: raw.output.future_samples,
    },
  };
}
