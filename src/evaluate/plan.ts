import type { Slot, TaskKind } from '../ports/scheduler.ts';
import type { Group, Pipeline } from '../rules/pipeline.ts';
import { hash32 } from '../series/labels.ts';
import { makesForecasts } from './state-shape.ts';

/** When each task of the enabled pipelines runs. Pipelines of a group share a phase, groups are spread by their name. */
export function planOf(groups: readonly Group[]): Slot[] {
  return groups.flatMap((group) => {
    const phaseMs = hash32(`${group.file};${group.name}`) % group.intervalMs;
    return group.pipelines.filter((pipeline) => pipeline.enabled).flatMap((pipeline) => slotsOf(pipeline, phaseMs));
  });
}

/** The task that a pipeline runs first: the one that brings it to life. */
export function firstTask(pipeline: Pipeline): TaskKind {
  return pipeline.mode === 'forecast_only' ? 'forecast' : 'anomaly';
}

function slotsOf(pipeline: Pipeline, phaseMs: number): Slot[] {
  const slots: Slot[] = [];
  const cron = (expression: string) => ({ kind: 'cron', expression, timezone: pipeline.timezone }) as const;
  const interval = { kind: 'interval', everyMs: pipeline.intervalMs, phaseMs } as const;
  if (pipeline.mode === 'forecast_only') {
    slots.push({ pipeline: pipeline.name, task: 'look_ahead', when: interval });
  } else {
    const when = pipeline.anomalySchedule === undefined ? interval : cron(pipeline.anomalySchedule);
    slots.push({ pipeline: pipeline.name, task: 'anomaly', when });
  }
  if (makesForecasts(pipeline)) {
    slots.push({ pipeline: pipeline.name, task: 'forecast', when: cron(pipeline.forecastSchedule) });
  }
  return slots;
}
