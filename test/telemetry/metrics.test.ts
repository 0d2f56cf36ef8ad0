import { beforeEach, describe, expect, it } from 'vitest';
import { removeGroup, removePipeline, startGroup, startPipeline } from '../../src/telemetry/lifecycle.ts';
import { createTelemetry, type Telemetry } from '../../src/telemetry/metrics.ts';
import { collectProcessMetrics, setBuildInfo } from '../../src/telemetry/process.ts';

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = createTelemetry();
});

async function lines(pattern: RegExp): Promise<string[]> {
  return (await telemetry.registry.metrics()).split('\n').filter((line) => !line.startsWith('#') && pattern.test(line));
}

describe('metrics of a pipeline', () => {
  it('start at zero, but claim nothing that is not known', async () => {
    startPipeline(telemetry, { name: 'cpu', stream: undefined });
    const started = await lines(/pipeline="cpu"/);
    expect(started).toContain('openanomaly_samples_flagged_total{pipeline="cpu",direction="above"} 0');
    expect(started).toContain('openanomaly_series_ended_total{pipeline="cpu"} 0');
    for (const line of started) expect(line).toMatch(/ 0$/);
    expect(await lines(/pipeline_healthy|timestamp_seconds\{/)).toEqual([]);
  });

  it('go with it, every label set of it, and no other', async () => {
    for (const pipeline of ['cpu', 'disk']) {
      startPipeline(telemetry, { name: pipeline, stream: undefined });
      telemetry.pipelineHealthy.set({ pipeline }, 1);
      for (const engine of ['ets', 'climatology']) telemetry.pipelineEngineSeries.set({ pipeline, engine }, 2);
      telemetry.samplesFlagged.inc({ pipeline, direction: 'below' });
    }
    const ofDisk = await lines(/pipeline="disk"/);
    removePipeline(telemetry, 'cpu');
    expect(await lines(/pipeline="cpu"/)).toEqual([]);
    expect(await lines(/pipeline="disk"/)).toEqual(ofDisk);
    expect(ofDisk.length).toBeGreaterThan(10);
  });
});

describe('metrics of a group', () => {
  it('start at zero, histograms included, and go with it', async () => {
    startGroup(telemetry, 'node');
    startGroup(telemetry, 'web');
    telemetry.evaluations.inc({ group: 'node', task: 'anomaly' });
    expect(await lines(/evaluations_missed_total\{group="node"/)).toHaveLength(2);
    expect(await lines(/evaluation_duration_seconds_count\{group="node",task="forecast"\} 0$/)).toHaveLength(1);
    const ofWeb = await lines(/group="web"/);
    removeGroup(telemetry, 'node');
    expect(await lines(/group="node"/)).toEqual([]);
    expect(await lines(/group="web"/)).toEqual(ofWeb);
  });
});

describe('the process', () => {
  it('tells memory, processor time and the build, in names that linters take', async () => {
    collectProcessMetrics(telemetry);
    setBuildInfo(telemetry, { version: '1.2.3', revision: 'abc' });
    expect(await lines(/^process_resident_memory_bytes \d+/)).toHaveLength(1);
    expect(await lines(/^nodejs_eventloop_lag_max_seconds /)).toHaveLength(1);
    expect(await lines(/^openanomaly_build_info/)).toEqual([
      `openanomaly_build_info{version="1.2.3",revision="abc",nodejs="${process.version}"} 1`,
    ]);
    for (const metric of telemetry.registry.getMetricsAsArray())
      expect(metric.name.endsWith('_total'), metric.name).toBe(String(metric.constructor.name) === 'Counter');
  });
});
