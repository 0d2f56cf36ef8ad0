import type { Evaluation, LookAhead, ScoredStep } from '../../../src/ports/publisher.ts';
import { type Labels, labelsFromRecord } from '../../../src/series/labels.ts';

/** A scored instant whose columns tell themselves apart: expected is the value + 100, lower + 200 and so on */
export function scoredStep(values: readonly number[], timestampMs = 60_000): ScoredStep {
  const column = (offset: number) => Float64Array.from(values, (value) => value + offset);
  return {
    timestampMs,
    value: column(0),
    expected: column(100),
    lower: column(200),
    upper: column(300),
    score: column(400),
    anomaly: column(500),
    view: new Uint8Array(values.length),
  };
}

export function lookAhead(horizon: string, values: readonly number[]): LookAhead {
  const column = (offset: number) => Float64Array.from(values, (value) => value + offset);
  return { horizon, expected: column(1000), lower: column(2000), upper: column(3000) };
}

export function instances(...names: string[]): Labels[] {
  return names.map((instance) => labelsFromRecord({ instance, pipeline: 'cpu' }));
}

export function evaluation(parts: Partial<Evaluation>): Evaluation {
  const nothing = { series: [], timestampMs: 60_000, steps: [], views: ['forecast'], lookAhead: [], ended: [] };
  return { pipeline: 'cpu', ...nothing, ...parts };
}
