import type { ScoredStep } from '../ports/publisher.ts';
import { shapeStep } from './alarm-step.ts';
import { exclusionOf } from './exclusion.ts';
import { forecastSlots, isKnown } from './forecast-task.ts';
import type { Reading, Work } from './increment.ts';
import type { PipelineState } from './pipeline-state.ts';
import { type ScoreHow, scoreStep } from './score-step.ts';
import type { TaskPorts } from './task-ports.ts';

export interface Range extends Work, Pick<Reading, 'read'> {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether the samples only teach, and nothing of them is published. */
  readonly isWarmUp: boolean;
}

/** Scores the instants after `fromMs` up to `toMs`, in order. */
export async function scoreRange(
  state: PipelineState,
  range: Range,
  how: ScoreHow,
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<{ readonly steps: readonly ScoredStep[]; readonly inside: number; readonly scored: number }> {
  const { pipeline, isWarmUp } = range;
  const steps: ScoredStep[] = [];
  let inside = 0;
  let scored = 0;
  let excludedSamples = 0;
  const isExcluded = exclusionOf(pipeline, ports.maintenance);
  const shaping = { pipeline, views: how.technique.views, events: ports.events };
  for (let timestampMs = range.fromMs + pipeline.stepMs; timestampMs <= range.toMs; timestampMs += pipeline.stepMs) {
    signal.throwIfAborted();
    const { slots } = state.members;
    const value = new Float64Array(slots.length);
    for (let i = 0; i < slots.length; i++) value[i] = range.read.valueAt(slots[i]!, timestampMs);
    if (how.forecasts) await coverInstant(state, { pipeline, timestampMs, value }, ports, signal);
    const excluded = isExcluded(timestampMs, state.members.labels);
    const result = await scoreStep(state, { timestampMs, value, excluded }, how, ports.breathe);
    if (isWarmUp) continue;
    const { threshold, pagingThreshold } = pipeline.anomaly;
    state.flagRate.observe({ ...result.step, slots }, [threshold, pagingThreshold]);
    const alarm = shapeStep(state, result.step, excluded, shaping);
    steps.push(alarm === undefined ? result.step : { ...result.step, alarm });
    inside += result.inside;
    scored += result.scored;
    excludedSamples += result.excluded;
    ports.telemetry.samplesFlagged.inc({ pipeline: pipeline.name, direction: 'above' }, result.above);
    ports.telemetry.samplesFlagged.inc({ pipeline: pipeline.name, direction: 'below' }, result.below);
  }
  ports.telemetry.samplesScored.inc({ pipeline: pipeline.name }, scored + excludedSamples);
  return { steps, inside, scored };
}

/** Makes a path for each series that has a sample at the instant but no path that reaches it. */
async function coverInstant(
  state: PipelineState,
  at: Work & { readonly value: Float64Array },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<void> {
  const { stepMs } = at.pipeline;
  const behind = Math.round((state.contexts.endMs! - at.timestampMs) / stepMs) + 1;
  const uncovered = state.members.slots.filter(
    (slot, i) => Number.isFinite(at.value[i]!) && !state.covers(slot, at.timestampMs) && isKnown(state, slot, behind),
  );
  if (uncovered.length === 0) return;
  await forecastSlots(
    state,
    { pipeline: at.pipeline, slots: uncovered, asOfMs: at.timestampMs - stepMs },
    ports,
    signal,
  );
}
