import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetricsPage, type MetricsPage } from '../../../src/adapters/publisher/metrics-page.ts';
import type { HttpServer } from '../../../src/http/server.ts';
import { type Labels, labelsFromRecord, labelValue } from '../../../src/series/labels.ts';
import { startGroup, startPipeline } from '../../../src/telemetry/lifecycle.ts';
import { createTelemetry, type Telemetry } from '../../../src/telemetry/metrics.ts';
import { collectProcessMetrics, setBuildInfo } from '../../../src/telemetry/process.ts';
import { openServer } from '../../http/serve.ts';
import { collectingLogger } from '../../support/logger.ts';
import { isModern } from '../../support/programs.ts';
import { createDataDir } from '../../support/run-dir.ts';
import { promtool, startPrometheus, startVictoriaMetrics, type TestServer } from '../../support/servers.ts';
import { evaluation, lookAhead, scoredStep } from './evaluations.ts';

const logger = collectingLogger();
let telemetry: Telemetry;
let page: MetricsPage;
let server: HttpServer;
let scraper: TestServer | undefined;

beforeEach(async () => {
  logger.lines.splice(0);
  telemetry = createTelemetry();
  collectProcessMetrics(telemetry);
  setBuildInfo(telemetry, { version: '1.2.3', revision: 'abc' });
  page = createMetricsPage({ prefix: 'openanomaly', telemetry, logger });
  server = await openServer({ page });
});

afterEach(async () => {
  await scraper?.stop();
  scraper = undefined;
  await server[Symbol.asyncDispose]();
});

/** Series as they come from servers, the unpleasant ones included. */
const SERIES = [
  { instance: 'db:9100', job: 'node', pipeline: 'cpu' },
  { instance: 'web:9100', job: 'node', pipeline: 'cpu' },
  { instance: 'c', path: 'C:\\temp\\"x"\nend', pipeline: 'cpu' },
  { instance: 'd', 'service.name': 'shop', 'service-name': 'shop2', pipeline: 'cpu' },
  { instance: 'e', größe: 'groß', '2xx': 'ja', pipeline: 'cpu' },
  { instance: 'f', control: 'a\0b\rc\td\u2028e\u{1F600}', pipeline: 'cpu' },
  { instance: 'g', horizon: '1h', exported_horizon: 'x', le: '1', quantile: '0.5', pipeline: 'cpu' },
  { instance: 'h', __name__: 'up', __reserved__: 'x', pipeline: 'cpu' },
  { instance: 'i', lone: 'a\ud800b', pipeline: 'cpu' },
  { pipeline: 'cpu' },
].map((labels) => labelsFromRecord(labels));

/** One evaluation of the pipeline with everything that its page can hold, and self-metrics of every kind. */
async function publishAll(series: readonly Labels[] = SERIES): Promise<void> {
  startGroup(telemetry, 'node');
  startPipeline(telemetry, { name: 'cpu', stream: undefined });
  telemetry.evaluationDuration.observe({ group: 'node', task: 'anomaly' }, 0.03);
  telemetry.pipelineHealthy.set({ pipeline: 'cpu' }, 1);
  telemetry.bandCoverage.set({ pipeline: 'cpu' }, Number.NaN);
  const values = series.map((_, i) => i + 0.25);
  const step = scoredStep(values);
  step.upper[0] = Number.POSITIVE_INFINITY;
  step.lower[0] = Number.NEGATIVE_INFINITY;
  await page.publish(
    evaluation({ series, steps: [step], lookAhead: [lookAhead('15m', values), lookAhead('1h', values)] }),
  );
}

describe('promtool', () => {
  it('finds nothing to say about a full page', async () => {
    // Labels `le` and `quantile` are the source's and stay, though linters want them on histograms only.
    await publishAll(SERIES.filter((labels) => labelValue(labels, 'le') === undefined));
    const text = await (await fetch(`http://${server.addresses[0]}/metrics`)).text();
    expect(text.match(/^# TYPE openanomaly_/gm)!.length).toBeGreaterThan(20);
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
    expect(new Set(families).size).toBe(families.length);
    expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('finds nothing to say about names and help of metrics that have no sample yet', async () => {
    const text = await telemetry.registry.metrics();
    expect(text.match(/^# TYPE openanomaly_/gm)!.length).toBeGreaterThan(40);
    expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(expression: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${scraper!.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await answer.json()) as { data: { result: readonly Sample[] } };
  return data.result;
}

/** The labels after the name, and the value, of each sample of an answer. */
async function rows(expression: string): Promise<string[]> {
  const samples = await query(expression);
  return samples.map(({ metric, value }) => `${JSON.stringify({ ...metric, __name__: undefined })} ${value[1]}`).sort();
}

function scrapeConfig(more = ''): string {
  return `- job_name: openanomaly\n  honor_labels: true\n${more}  static_configs: [{targets: ["${server.addresses[0]}"]}]\n`;
}

describe('Prometheus', () => {
  // OpenMetrics is what it asks for by itself; older versions cannot be told otherwise.
  const protocols = isModern() ? ['OpenMetricsText1.0.0', 'PrometheusText0.0.4'] : [undefined];
  it.each(protocols)('takes every series as it is, and no page is lost (%s)', async (protocol) => {
    await publishAll();
    const wanted = protocol === undefined ? '' : `  scrape_protocols: [${protocol}]\n`;
    scraper = await startPrometheus({ scrapeConfigs: scrapeConfig(wanted) });
    await expect
      .poll(() => rows('openanomaly_value{instance="db:9100"}'), POLL)
      .toEqual(['{"instance":"db:9100","job":"node","pipeline":"cpu"} 0.25']);
    expect(await rows('up')).toEqual([expect.stringMatching(/ 1$/)]);
    expect(await query('openanomaly_value')).toHaveLength(SERIES.length);
    expect(await query('openanomaly_forecast_lower')).toHaveLength(2 * SERIES.length);
    expect(await rows('openanomaly_upper{instance="db:9100"}')).toEqual([expect.stringMatching(/ \+Inf$/)]);
    expect(await rows('openanomaly_forecast{instance="web:9100",horizon="1h"}')).toEqual([
      '{"horizon":"1h","instance":"web:9100","job":"node","pipeline":"cpu"} 1001.25',
    ]);
    const [backslashes] = await query('openanomaly_score{instance="c"}');
    expect(backslashes?.metric['path']).toBe('C:\\temp\\"x"\nend');
    expect(await rows('openanomaly_score{instance="g"}')).toEqual([
      '{"exported_horizon":"x","horizon":"1h","instance":"g","job":"openanomaly","le":"1","pipeline":"cpu","quantile":"0.5"} 406.25',
    ]);
    const [evaluations] = await query('openanomaly_evaluation_duration_seconds_bucket{task="anomaly",le="1.0"}');
    expect(evaluations?.value[1]).toBe('1');
    expect(await rows('openanomaly_pipeline_band_coverage_ratio')).toEqual([expect.stringMatching(/ NaN$/)]);
    expect(logger.lines).toEqual([]);
  });

  it('ends a series that leaves the page at the next scrape', async () => {
    const [a, b] = [SERIES[0]!, SERIES[1]!];
    await publishAll([a, b]);
    scraper = await startPrometheus({ scrapeConfigs: scrapeConfig() });
    await expect.poll(() => query('openanomaly_score'), POLL).toHaveLength(2);
    await page.publish(evaluation({ series: [b], steps: [scoredStep([3])], ended: [a] }));
    // Without a stale marker it would be seen for five minutes more.
    await expect
      .poll(() => rows('openanomaly_score'), POLL)
      .toEqual(['{"instance":"web:9100","job":"node","pipeline":"cpu"} 403']);
    expect(await query('openanomaly_forecast{instance="db:9100"}')).toEqual([]);
    page.remove('cpu', [], 0);
    await expect.poll(() => query('{__name__=~"openanomaly_(score|value|forecast)"}'), POLL).toEqual([]);
  });

  it('ends a series that has no current sample', async () => {
    await publishAll([SERIES[0]!]);
    scraper = await startPrometheus({ scrapeConfigs: scrapeConfig() });
    await expect.poll(() => query('openanomaly_expected'), POLL).toHaveLength(1);
    await page.publish(evaluation({ series: [SERIES[0]!], steps: [scoredStep([Number.NaN])] }));
    await expect.poll(() => query('openanomaly_expected'), POLL).toEqual([]);
  });
});

describe('VictoriaMetrics', () => {
  it('takes the page, compressed or not', async () => {
    await publishAll();
    const promscrape = `${scrapeConfig()}${scrapeConfig('  disable_compression: true\n').replace('openanomaly', 'plain')}`;
    const file = join(createDataDir('promscrape'), 'promscrape.yml');
    writeFileSync(file, `global: {scrape_interval: 1s}\nscrape_configs:\n${promscrape}`);
    scraper = await startVictoriaMetrics({ args: [`-promscrape.config=${file}`] });
    await expect
      .poll(async () => {
        await fetch(`${scraper!.url}/internal/force_flush`);
        return rows('up');
      }, POLL)
      .toEqual([expect.stringMatching(/"openanomaly".* 1$/), expect.stringMatching(/"plain".* 1$/)]);
    await expect
      .poll(() => rows('openanomaly_score{instance="web:9100"}'), POLL)
      .toEqual(['{"instance":"web:9100","job":"node","pipeline":"cpu"} 401.25']);
  });
});

/** Scrapes come every second; a machine that is busy gets more time than it should need. */
const POLL = { timeout: 30_000, interval: 200 };
