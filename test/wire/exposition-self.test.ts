import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { PageFormat } from '../../src/wire/exposition.ts';
import { renderSelfMetrics, type SelfMetric } from '../../src/wire/exposition-self.ts';

async function render(registry: Registry, format: PageFormat): Promise<string> {
  return renderSelfMetrics((await registry.getMetricsAsJSON()) as readonly unknown[] as readonly SelfMetric[], format);
}

describe('renderSelfMetrics', () => {
  it('writes a counter under its own name, in OpenMetrics below a family without _total', async () => {
    const registry = new Registry();
    new Counter({ name: 'x_things_total', help: 'Things.', labelNames: ['kind'], registers: [registry] }).inc(
      { kind: 'a"b' },
      3,
    );
    const sample = 'x_things_total{kind="a\\"b"} 3\n';
    expect(await render(registry, 'text')).toBe(
      `# HELP x_things_total Things.\n# TYPE x_things_total counter\n${sample}`,
    );
    expect(await render(registry, 'openmetrics')).toBe(`# HELP x_things Things.\n# TYPE x_things counter\n${sample}`);
  });

  it('calls a counter without _total unknown in OpenMetrics', async () => {
    const registry = new Registry();
    new Counter({ name: 'x_things', help: 'Things.', registers: [registry] }).inc(2);
    expect(await render(registry, 'openmetrics')).toBe(
      '# HELP x_things Things.\n# TYPE x_things unknown\nx_things 2\n',
    );
  });

  it('spells NaN and the infinities as the formats want them', async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: 'x', help: 'X.', labelNames: ['v'], registers: [registry] });
    gauge.set({ v: 'nan' }, Number.NaN);
    gauge.set({ v: 'up' }, Number.POSITIVE_INFINITY);
    gauge.set({ v: 'down' }, Number.NEGATIVE_INFINITY);
    const text = await render(registry, 'text');
    expect(text).toContain('x{v="nan"} NaN\nx{v="up"} +Inf\nx{v="down"} -Inf\n');
  });

  it.each(['text', 'openmetrics'] as const)('writes histogram bounds as floats in %s', async (format) => {
    const registry = new Registry();
    const histogram = new Histogram({
      name: 'x_seconds',
      help: 'X.',
      labelNames: ['t'],
      buckets: [0.5, 1],
      registers: [registry],
    });
    histogram.observe({ t: 'a' }, 0.7);
    const samples = [
      'x_seconds_bucket{le="0.5",t="a"} 0',
      'x_seconds_bucket{le="1.0",t="a"} 1',
      'x_seconds_bucket{le="+Inf",t="a"} 1',
      'x_seconds_sum{t="a"} 0.7',
      'x_seconds_count{t="a"} 1',
    ];
    expect(await render(registry, format)).toBe(
      `# HELP x_seconds X.\n# TYPE x_seconds histogram\n${samples.map((line) => `${line}\n`).join('')}`,
    );
  });

  it('writes summaries', async () => {
    const registry = new Registry();
    new Summary({ name: 'x_bytes', help: 'X.', percentiles: [0.5], registers: [registry] }).observe(4);
    const text = await render(registry, 'text');
    expect(text).toContain('# TYPE x_bytes summary\nx_bytes{quantile="0.5"} 4\nx_bytes_sum 4\nx_bytes_count 1\n');
  });

  it('leaves out metrics that have no sample yet', async () => {
    const registry = new Registry();
    new Gauge({ name: 'x', help: 'X.', labelNames: ['a'], registers: [registry] });
    expect(await render(registry, 'text')).toBe('');
  });
});
