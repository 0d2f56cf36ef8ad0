import type { AnomalyEnding, AnomalyPeak } from '../ports/event-log.ts';
import type { ScoredStep } from '../ports/publisher.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { Labels } from '../series/labels.ts';
import { type AnomalyEvents, anomalyId } from './event-book.ts';
import type { PipelineState } from './pipeline-state.ts';

export interface Shaping {
  readonly pipeline: Pipeline;
  readonly views: readonly string[];
  /** Undefined: nobody listens. */
  readonly events: AnomalyEvents | undefined;
}

/**
 * Shapes the flags of a scored instant into alarms and tells of those that opened, went on or ended. Answers the side
 * of each member's alarm, NaN where the member has no sample, when the pipeline publishes it.
 */
export function shapeStep(
  state: PipelineState,
  step: ScoredStep,
  excluded: Uint8Array | undefined,
  how: Shaping,
): Float64Array | undefined {
  const { slots, labels } = state.members;
  const { pipeline, events } = how;
  const { alarm: rule, threshold, direction, publishesAlarm } = pipeline.anomaly;
  const changes = state.alarms.observe({ ...step, slots, excluded }, { rule, threshold, direction });
  for (const { kind, index } of changes) {
    const slot = slots[index]!;
    const startMs = state.alarms.startMs(slot);
    const id = anomalyId(pipeline.name, labels[index]!, startMs);
    if (kind === 'closed' || kind === 'excluded') {
      events?.closed(id, state.alarms.lastHotMs(slot), kind === 'closed' ? 'recovered' : 'excluded');
      continue;
    }
    const peak = peakOf(step, index, how.views);
    // An alarm whose opening the book does not know, such as after a crash, is told of when it speaks again.
    if (kind === 'continued' && events?.isOpen(id) === true)
      events.continued(id, peak, step.anomaly[index]! > 0 ? 'above' : 'below');
    else
      events?.opened({
        pipeline: pipeline.name,
        group: pipeline.group,
        labels: labels[index]!,
        technique: pipeline.anomaly.technique,
        direction: state.alarms.side(slot) > 0 ? 'above' : 'below',
        startMs,
        peak,
      });
  }
  if (!publishesAlarm) return undefined;
  return Float64Array.from(step.score, (score, i) => (Number.isNaN(score) ? Number.NaN : state.alarms.side(slots[i]!)));
}

/** Ends the alarm of a series that is gone, or whose pipeline is. */
export function endAlarm(
  state: PipelineState,
  series: { readonly slot: number; readonly labels: Labels; readonly pipeline: string },
  ending: AnomalyEnding,
  events: AnomalyEvents | undefined,
): void {
  const { slot, labels, pipeline } = series;
  if (state.alarms.side(slot) === 0) return;
  events?.closed(anomalyId(pipeline, labels, state.alarms.startMs(slot)), state.alarms.lastHotMs(slot), ending);
}

/** Names of the anomalies that are open as the state knows it. */
export function openAnomalies(state: PipelineState, pipeline: string): Set<string> {
  const { slots, labels } = state.members;
  const ids = new Set<string>();
  slots.forEach((slot, i) => {
    if (state.alarms.side(slot) !== 0) ids.add(anomalyId(pipeline, labels[i]!, state.alarms.startMs(slot)));
  });
  return ids;
}

function peakOf(step: ScoredStep, index: number, views: readonly string[]): AnomalyPeak {
  return {
    timestampMs: step.timestampMs,
    score: step.score[index]!,
    value: step.value[index]!,
    expected: step.expected[index]!,
    lower: step.lower[index]!,
    upper: step.upper[index]!,
    view: views[step.view[index]!] ?? '',
  };
}
