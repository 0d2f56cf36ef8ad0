import type { Counter, Gauge, Histogram } from 'prom-client';
import type { Telemetry } from './metrics.ts';
import { PROXY_REJECTIONS, PROXY_REQUEST_SKIPS, PROXY_SAMPLE_SKIPS } from './proxy-metrics.ts';

const TASKS = ['forecast', 'anomaly'] as const;
const DIRECTIONS = ['above', 'below'] as const;

/** Counters of the group start at zero, so that their first increase is seen. */
export function startGroup(telemetry: Telemetry, group: string): void {
  telemetry.groupAnomalyRatio.set({ group }, 0);
  for (const task of TASKS) {
    telemetry.evaluations.inc({ group, task }, 0);
    telemetry.evaluationFailures.inc({ group, task }, 0);
    telemetry.evaluationsMissed.inc({ group, task }, 0);
    telemetry.evaluationDuration.zero({ group, task });
  }
}

export function removeGroup(telemetry: Telemetry, group: string): void {
  removeWhere(telemetry, 'group', group);
}

/** Whether the pipeline is healthy and when it was evaluated is not known yet and not claimed. */
export function startPipeline(
  telemetry: Telemetry,
  { name: pipeline, stream }: { readonly name: string; readonly stream: unknown },
): void {
  if (stream !== undefined) startStream(telemetry, pipeline);
  telemetry.samplesRead.inc({ pipeline }, 0);
  telemetry.samplesScored.inc({ pipeline }, 0);
  for (const direction of DIRECTIONS) telemetry.samplesFlagged.inc({ pipeline, direction }, 0);
  telemetry.anomaliesOpened.inc({ pipeline }, 0);
  telemetry.anomaliesOpen.set({ pipeline }, 0);
  telemetry.seriesEnded.inc({ pipeline }, 0);
  telemetry.histogramsSkipped.inc({ pipeline }, 0);
  telemetry.pipelineSeries.set({ pipeline }, 0);
  telemetry.pipelineWarmingUp.set({ pipeline }, 0);
  telemetry.pipelineLeftOut.set({ pipeline }, 0);
  telemetry.pipelineDuplicateSeries.set({ pipeline }, 0);
}

/** Counters of the proxy start at zero, so that their first increase is seen. */
export function startProxy(telemetry: Telemetry): void {
  for (const reason of PROXY_REJECTIONS) telemetry.proxyRejected.inc({ reason }, 0);
  for (const reason of PROXY_REQUEST_SKIPS) telemetry.proxyRequestsSkipped.inc({ reason }, 0);
  for (const version of ['1.0', '2.0']) telemetry.proxyDecoded.inc({ version }, 0);
}

/** Counters of a pipeline that looks at what passes through the proxy. */
function startStream(telemetry: Telemetry, pipeline: string): void {
  telemetry.proxySamplesMatched.inc({ pipeline }, 0);
  for (const reason of PROXY_SAMPLE_SKIPS) telemetry.proxySamplesSkipped.inc({ pipeline, reason }, 0);
}

export function removePipeline(telemetry: Telemetry, pipeline: string): void {
  removeWhere(telemetry, 'pipeline', pipeline);
}

/** What prom-client keeps of a metric: its children by a key of their labels. It offers no way to list them at once. */
interface Children {
  readonly labelNames?: readonly string[];
  readonly hashMap: Readonly<Record<string, { readonly labels: Record<string, string> }>>;
}

/** Removes every child of every metric whose label has the value, whatever its other labels are. */
function removeWhere(telemetry: Telemetry, label: string, value: string): void {
  const { registry, ...metrics } = telemetry;
  for (const metric of Object.values<Counter | Gauge | Histogram>(metrics)) {
    const { labelNames, hashMap } = metric as unknown as Children;
    if (labelNames?.includes(label) !== true) continue;
    for (const child of Object.values(hashMap)) if (child.labels[label] === value) metric.remove(child.labels);
  }
}
