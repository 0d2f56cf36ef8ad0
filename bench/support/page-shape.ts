import type { Evaluation } from '../../src/ports/publisher.ts';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';

/** Ten or so pipelines with some hundred series each are a large sidecar. */
export const PIPELINES = 12;
const SERIES = 700;
const HORIZONS = ['15m', '1h'];
/** value, expected, lower, upper, score, anomaly, and three of look-ahead for each horizon */
export const LINES = PIPELINES * SERIES * (6 + 3 * HORIZONS.length);
function labelsOf(pipeline: number, s: number): Record<string, string> {
  return {
    instance: `host-${s >> 2}.example.org:9100`,
    job: 'node',
    device: `eth${s & 3}`,
    cluster: 'production-eu-1',
    pipeline: `node_network_${pipeline}`,
  };
}

export const SERIES_OF: readonly (readonly Labels[])[] = Array.from({ length: PIPELINES }, (_, pipeline) =>
  Array.from({ length: SERIES }, (_, s) => labelsFromRecord(labelsOf(pipeline, s))),
);

let seed = 1;
/** Values with all their digits, as measurements have them. */
function column(): Float64Array {
  return Float64Array.from({ length: SERIES }, () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return (seed / 2_147_483_647) * 1000;
  });
}

/** What an evaluation of the pipeline publishes; other values each time. */
export function evaluationOf(pipeline: number): Evaluation {
  const timestampMs = pipeline * 1000;
  const [value, expected, lower, upper, score] = [column(), column(), column(), column(), column()];
  const anomaly = new Float64Array(SERIES);
  return {
    pipeline: `node_network_${pipeline}`,
    series: SERIES_OF[pipeline]!,
    timestampMs,
    steps: [{ timestampMs, value, expected, lower, upper, score, anomaly, view: new Uint8Array(SERIES) }],
    views: ['forecast'],
    lookAhead: HORIZONS.map((horizon) => ({ horizon, expected: column(), lower: column(), upper: column() })),
    ended: [],
  };
}
