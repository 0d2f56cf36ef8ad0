import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMetricsPage, type MetricsPage } from '../../../src/adapters/publisher/metrics-page.ts';
import { labelsFromRecord } from '../../../src/series/labels.ts';
import { createTelemetry, type Telemetry } from '../../../src/telemetry/metrics.ts';
import { collectingLogger, type LogLine } from '../../support/logger.ts';
import { evaluation, instances, lookAhead, scoredStep } from './evaluations.ts';

let telemetry: Telemetry;
let page: MetricsPage;
let logged: LogLine[];

beforeEach(() => {
  telemetry = createTelemetry();
  logged = [];
  page = createMetricsPage({ prefix: 'oa', telemetry, logger: collectingLogger(logged) });
});

async function text(format: 'text' | 'openmetrics' = 'text'): Promise<string> {
  return Buffer.concat(await page.page(format)).toString();
}

/** The sample lines of the published families, in order. */
async function samples(...families: string[]): Promise<string[]> {
  const lines = (await text()).split('\n').filter((line) => line.startsWith('oa_'));
  return families.length === 0 ? lines : lines.filter((line) => families.includes(line.slice(3, line.indexOf('{'))));
}

describe('the page of one pipeline', () => {
  it('shows each family once with its head, scored values of the newest step, look-ahead by horizon', async () => {
    await page.publish(
      evaluation({
        series: instances('a', 'b'),
        steps: [scoredStep([7, 8], 0), scoredStep([1, 2])],
        lookAhead: [lookAhead('15m', [1, 2]), lookAhead('1h', [3, 4])],
      }),
    );
    expect((await text()).split('\n').slice(0, 5)).toEqual([
      '# HELP oa_value Sample that was scored at the last evaluation of the pipeline.',
      '# TYPE oa_value gauge',
      'oa_value{instance="a",pipeline="cpu"} 1',
      'oa_value{instance="b",pipeline="cpu"} 2',
      expect.stringMatching(/^# HELP oa_expected /),
    ]);
    expect(await samples()).toEqual([
      'oa_value{instance="a",pipeline="cpu"} 1',
      'oa_value{instance="b",pipeline="cpu"} 2',
      'oa_expected{instance="a",pipeline="cpu"} 101',
      'oa_expected{instance="b",pipeline="cpu"} 102',
      'oa_lower{instance="a",pipeline="cpu"} 201',
      'oa_lower{instance="b",pipeline="cpu"} 202',
      'oa_upper{instance="a",pipeline="cpu"} 301',
      'oa_upper{instance="b",pipeline="cpu"} 302',
      'oa_score{instance="a",pipeline="cpu"} 401',
      'oa_score{instance="b",pipeline="cpu"} 402',
      'oa_anomaly{instance="a",pipeline="cpu"} 501',
      'oa_anomaly{instance="b",pipeline="cpu"} 502',
      'oa_view{instance="a",pipeline="cpu",view="forecast"} 1',
      'oa_view{instance="b",pipeline="cpu",view="forecast"} 1',
      'oa_forecast{instance="a",pipeline="cpu",horizon="15m"} 1001',
      'oa_forecast{instance="b",pipeline="cpu",horizon="15m"} 1002',
      'oa_forecast{instance="a",pipeline="cpu",horizon="1h"} 1003',
      'oa_forecast{instance="b",pipeline="cpu",horizon="1h"} 1004',
      'oa_forecast_lower{instance="a",pipeline="cpu",horizon="15m"} 2001',
      'oa_forecast_lower{instance="b",pipeline="cpu",horizon="15m"} 2002',
      'oa_forecast_lower{instance="a",pipeline="cpu",horizon="1h"} 2003',
      'oa_forecast_lower{instance="b",pipeline="cpu",horizon="1h"} 2004',
      'oa_forecast_upper{instance="a",pipeline="cpu",horizon="15m"} 3001',
      'oa_forecast_upper{instance="b",pipeline="cpu",horizon="15m"} 3002',
      'oa_forecast_upper{instance="a",pipeline="cpu",horizon="1h"} 3003',
      'oa_forecast_upper{instance="b",pipeline="cpu",horizon="1h"} 3004',
    ]);
  });

  it('leaves a family out that has no sample, head included', async () => {
    await page.publish(evaluation({ series: instances('a'), lookAhead: [lookAhead('1h', [1])] }));
    expect(await text()).not.toContain('oa_value');
    expect(await text()).toContain('# TYPE oa_forecast gauge');
  });

  it('keeps the scored part when only look-ahead comes, and the other way round', async () => {
    await page.publish(evaluation({ series: instances('a'), steps: [scoredStep([1])] }));
    await page.publish(evaluation({ series: instances('a', 'b'), lookAhead: [lookAhead('1h', [5, 6])] }));
    await page.publish(evaluation({ series: instances('a', 'b'), steps: [scoredStep([3, 4])] }));
    expect(await samples('value', 'forecast')).toEqual([
      'oa_value{instance="a",pipeline="cpu"} 3',
      'oa_value{instance="b",pipeline="cpu"} 4',
      'oa_forecast{instance="a",pipeline="cpu",horizon="1h"} 1005',
      'oa_forecast{instance="b",pipeline="cpu",horizon="1h"} 1006',
    ]);
  });

  it('ends a series that has no current sample, whatever its band says', async () => {
    await page.publish(evaluation({ series: instances('a', 'b'), steps: [scoredStep([1, 2])] }));
    const step = scoredStep([Number.NaN, 2]);
    step.expected[0] = 7;
    await page.publish(evaluation({ series: instances('a', 'b'), steps: [step] }));
    expect((await samples()).filter((line) => line.includes('instance="a"'))).toEqual([]);
    expect(await samples('expected')).toEqual(['oa_expected{instance="b",pipeline="cpu"} 102']);
  });

  it('shows the value of a series that has no band yet', async () => {
    const step = scoredStep([1]);
    for (const column of [step.expected, step.lower, step.upper, step.score, step.anomaly]) column[0] = Number.NaN;
    await page.publish(evaluation({ series: instances('a'), steps: [step] }));
    expect(await samples()).toEqual(['oa_value{instance="a",pipeline="cpu"} 1']);
  });

  it('shows nothing of the steps before series left', async () => {
    const farewell = { series: instances('a', 'gone'), steps: [scoredStep([5, 6])] };
    const [, gone] = farewell.series;
    await page.publish(
      evaluation({ series: instances('a'), steps: [scoredStep([1], 120_000)], farewell, ended: [gone!] }),
    );
    expect(await samples('value')).toEqual(['oa_value{instance="a",pipeline="cpu"} 1']);
  });

  it('cuts a series that ended out of the part that is kept', async () => {
    const series = instances('a', 'b', 'c');
    await page.publish(
      evaluation({
        series,
        steps: [scoredStep([1, 2, 3])],
        lookAhead: [lookAhead('15m', [1, 2, 3]), lookAhead('1h', [1, 2, 3])],
      }),
    );
    const [, b] = series;
    await page.publish(evaluation({ series: instances('a', 'c'), steps: [scoredStep([1, 3])], ended: [b!] }));
    expect(await samples('value', 'forecast')).toEqual([
      'oa_value{instance="a",pipeline="cpu"} 1',
      'oa_value{instance="c",pipeline="cpu"} 3',
      'oa_forecast{instance="a",pipeline="cpu",horizon="15m"} 1001',
      'oa_forecast{instance="c",pipeline="cpu",horizon="15m"} 1003',
      'oa_forecast{instance="a",pipeline="cpu",horizon="1h"} 1001',
      'oa_forecast{instance="c",pipeline="cpu",horizon="1h"} 1003',
    ]);
    await page.publish(evaluation({ ended: instances('a', 'c') }));
    expect(await samples()).toEqual([]);
  });

  it('tells the view that spoke of flagged series only; a label of that name from the source gives way', async () => {
    const series = [...instances('a', 'b', 'c'), labelsFromRecord({ instance: 'd', pipeline: 'cpu', view: 'mine' })];
    const step = scoredStep([1, 2, 3, 4]);
    step.anomaly.set([1, 0, Number.NaN, -1]);
    step.view.set([1, 0, 1, 0]);
    await page.publish(evaluation({ series, steps: [step], views: ['spike', 'shift'] }));
    expect(await samples('view')).toEqual([
      'oa_view{exported_view="mine",instance="d",pipeline="cpu",view="spike"} 1',
      'oa_view{instance="a",pipeline="cpu",view="shift"} 1',
    ]);
    await page.publish(evaluation({ series: series.slice(0, 3), ended: series.slice(3) }));
    expect(await samples('view')).toEqual(['oa_view{instance="a",pipeline="cpu",view="shift"} 1']);
  });

  it('spells infinities', async () => {
    const step = scoredStep([Number.POSITIVE_INFINITY]);
    step.lower[0] = Number.NEGATIVE_INFINITY;
    await page.publish(evaluation({ series: instances('a'), steps: [step] }));
    expect(await samples('value', 'lower')).toEqual([
      'oa_value{instance="a",pipeline="cpu"} +Inf',
      'oa_lower{instance="a",pipeline="cpu"} -Inf',
    ]);
  });
});

describe('several pipelines', () => {
  it('stand behind each other inside each family', async () => {
    await page.publish(
      evaluation({ pipeline: 'one', series: [labelsFromRecord({ pipeline: 'one' })], steps: [scoredStep([1])] }),
    );
    await page.publish(
      evaluation({ pipeline: 'two', series: [labelsFromRecord({ pipeline: 'two' })], steps: [scoredStep([2])] }),
    );
    expect((await samples()).slice(0, 4)).toEqual([
      'oa_value{pipeline="one"} 1',
      'oa_value{pipeline="two"} 2',
      'oa_expected{pipeline="one"} 101',
      'oa_expected{pipeline="two"} 102',
    ]);
    expect((await text()).match(/# TYPE oa_value gauge/g)).toHaveLength(1);
  });

  it('leave the page when they are removed, an evaluation that was still being rendered included', async () => {
    await page.publish(
      evaluation({ pipeline: 'one', series: [labelsFromRecord({ pipeline: 'one' })], steps: [scoredStep([1])] }),
    );
    const publishing = page.publish(evaluation({ series: instances('a'), steps: [scoredStep([2])] }));
    page.remove('cpu', [], 0);
    await publishing;
    expect(await samples('value')).toEqual(['oa_value{pipeline="one"} 1']);
    page.remove('one', [], 0);
    expect(await samples()).toEqual([]);
  });
});

describe('labels that do not fit the format', () => {
  it('keep the first of two series that become equal; the rest is counted and told once', async () => {
    const series = [
      labelsFromRecord({ 'host.name': 'a', pipeline: 'cpu' }),
      labelsFromRecord({ host_name: 'a', pipeline: 'cpu' }),
      labelsFromRecord({ host_name: 'b', pipeline: 'cpu' }),
    ];
    await page.publish(evaluation({ series, steps: [scoredStep([1, 2, 3])], lookAhead: [lookAhead('1h', [1, 2, 3])] }));
    await page.publish(evaluation({ series: [...series], steps: [scoredStep([4, 5, 6])] }));
    expect(await samples('value', 'forecast')).toEqual([
      'oa_value{host_name="a",pipeline="cpu"} 4',
      'oa_value{host_name="b",pipeline="cpu"} 6',
      'oa_forecast{host_name="a",pipeline="cpu",horizon="1h"} 1001',
      'oa_forecast{host_name="b",pipeline="cpu",horizon="1h"} 1003',
    ]);
    expect(await text()).toContain('openanomaly_pipeline_duplicate_series{pipeline="cpu"} 1\n');
    expect(logged).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('series left off the page'),
        fields: { pipeline: 'cpu', series: 1, example: '{host_name="a",pipeline="cpu"}' },
      },
    ]);
  });

  it('move a label of the source that is called horizon aside, on look-ahead lines only', async () => {
    const series = [
      labelsFromRecord({ horizon: 'x', pipeline: 'cpu' }),
      labelsFromRecord({ horizon: 'y', pipeline: 'cpu' }),
    ];
    await page.publish(evaluation({ series, steps: [scoredStep([1, 2])], lookAhead: [lookAhead('1h', [1, 2])] }));
    expect(await samples('value', 'forecast')).toEqual([
      'oa_value{horizon="x",pipeline="cpu"} 1',
      'oa_value{horizon="y",pipeline="cpu"} 2',
      'oa_forecast{exported_horizon="x",pipeline="cpu",horizon="1h"} 1001',
      'oa_forecast{exported_horizon="y",pipeline="cpu",horizon="1h"} 1002',
    ]);
    await page.publish(evaluation({ series: [series[1]!], ended: [series[0]!] }));
    expect(await samples('value', 'forecast')).toEqual([
      'oa_value{horizon="y",pipeline="cpu"} 2',
      'oa_forecast{exported_horizon="y",pipeline="cpu",horizon="1h"} 1002',
    ]);
  });
});

describe('the body', () => {
  it('ends with # EOF in OpenMetrics, where counters have a family without _total', async () => {
    telemetry.samplesRead.inc({ pipeline: 'cpu' }, 3);
    const body = await text('openmetrics');
    expect(body).toMatch(/\n# EOF\n$/);
    expect(body).toContain(
      '# TYPE openanomaly_samples_read counter\nopenanomaly_samples_read_total{pipeline="cpu"} 3\n',
    );
    expect(await text('text')).not.toContain('# EOF');
  });

  it('is the same with and without gzip, before and after pieces are kept compressed', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `host-${i}`);
    for (let round = 0; round < 3; round++) {
      const values = names.map((_, i) => i * (round + 0.1));
      await page.publish(evaluation({ series: instances(...names), steps: [scoredStep(values)] }));
      for (const format of ['text', 'openmetrics'] as const) {
        const gzipped = gunzipSync(Buffer.concat(await page.page(format, 'gzip')));
        expect(gzipped.toString()).toBe(await text(format));
      }
    }
    expect(await samples('value')).toHaveLength(3000);
  });

  it('keeps the bands when a self-metric cannot be collected', async () => {
    telemetry.registry.registerMetric(
      Object.assign(Object.create(telemetry.modelWorkers), {
        name: 'broken',
        get: () => Promise.reject(new Error('no such file')),
      }),
    );
    await page.publish(evaluation({ series: instances('a'), steps: [scoredStep([1])] }));
    expect(await samples('value')).toEqual(['oa_value{instance="a",pipeline="cpu"} 1']);
    expect(logged.map((line) => [line.level, line.fields['err']])).toEqual([['error', 'no such file']]);
  });
});
