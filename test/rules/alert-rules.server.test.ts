import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlertOptions, alertRules } from '../../src/rules/alert-rules.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { promtool } from '../support/servers.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openanomaly-alerts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CHECKOUT = `
groups:
  - name: shop
    labels: {team: web}
    pipelines:
      - {name: checkout_latency, description: Response time of the checkout, query: latency_seconds}
      - {name: disk, query: disk_used, mode: forecast_only}
`;

/** The same with a technique whose band one usual sample in a hundred leaves. */
const SHARES = CHECKOUT.replace('latency_seconds}', 'latency_seconds, anomaly: {technique: confidence_interval}}');

/** Names and texts that YAML, PromQL or Go's templates would each take for something of their own. */
const AWKWARD = `
groups:
  - name: awkward
    interval: 10s
    labels: {route: '{{ $labels.team }}', severity: none, number: '1', answer: 'yes'}
    pipelines:
      - {name: 'a "b" \\c {{ $labels.d }}', description: '{{ .Nothing }} }} "x"', query: up, step: 10s}
      - {name: "line\\nend: # no comment", query: up, step: 1h, context_window: 30d}
      - {name: 'yes', query: up, enabled: true}
      - {name: '1e3', query: up}
      - {name: a_name_that_is_longer_than_any_group_should_be_1, query: up}
      - {name: a_name_that_is_longer_than_any_group_should_be_2, query: up}
      - {name: off, query: up, enabled: false}
`;

async function writeAlerts(name: string, rules: string, options: AlertOptions = { prefix: 'openanomaly' }) {
  const { groups, problems } = parseRules(rules, 'shop.yaml');
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const text = alertRules({ groups }, options);
  const file = join(folder, `${name}.rules.yaml`);
  await writeFile(file, text);
  return { file, text };
}

/** Runs a unit test of promtool; fails with what promtool says. */
async function testAlerts(rulesFile: string, test: unknown) {
  const file = join(folder, 'test.yaml');
  await writeFile(file, JSON.stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests: [test] }));
  const { code, stdout, stderr } = await promtool(['test', 'rules', file]);
  expect(`${stdout}${stderr}`).not.toContain('FAILED');
  expect(code).toBe(0);
}

describe('generated alerts', () => {
  it('are accepted, without a finding of the linter', async () => {
    const { file } = await writeAlerts('plain', CHECKOUT);
    const { code, stdout } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', file]);
    expect(stdout).toContain('SUCCESS: 25 rules found');
    expect(code).toBe(0);
  });

  it('are accepted whatever the names are, and leave out what is disabled', async () => {
    const { file, text } = await writeAlerts('awkward', AWKWARD, {
      prefix: 'shop_anomaly',
      externalUrl: 'https://example.org/{{x}}',
    });
    const { code, stdout, stderr } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', file]);
    expect(stderr).toBe('');
    expect(stdout).toContain('SUCCESS: 72 rules found');
    expect(code).toBe(0);
    expect(text).not.toMatch(/\boff\b/);
  });

  it('fire for a share of a window, with value, expected and band', async () => {
    const { file } = await writeAlerts('fire', SHARES);
    const labels = 'instance="web-1",pipeline="checkout_latency",path="/a\\\\b\\"c"';
    const constants = { value: 2.5, expected: 0.5, lower: 0.25, upper: 0.75, score: 8 };
    const runbook_url = 'docs/runbooks/OpenAnomalySeriesAnomalous.md';
    const fired = (severity: string, share: string, window: string, further = '') => ({
      exp_labels: {
        severity,
        team: 'web',
        pipeline: 'checkout_latency',
        instance: 'web-1',
        path: '/a\\b"c',
      },
      exp_annotations: {
        summary: 'A series is not as expected.',
        description: `Pipeline checkout_latency (Response time of the checkout): ${share} of the last ${window} was anomalous${further}. Now the value is 2.5, expected 500m, band 250m to 750m, for instance="web-1",path="/a\\\\b\\"c",pipeline="checkout_latency".`,
        runbook_url,
      },
    });
    const alertname = 'OpenAnomalySeriesAnomalous';
    // Quiet for an hour, then two samples below, a pause, then above without end from 1h6m.
    await testAlerts(file, {
      interval: '1m',
      input_series: [
        { series: `openanomaly_anomaly{${labels}}`, values: '0x59 -1x1 0x3 1x60' },
        ...Object.entries(constants).map(([family, value]) => ({
          series: `openanomaly_${family}{${labels}}`,
          values: `${value}x130`,
        })),
      ],
      alert_rule_test: [
        { eval_time: '59m', alertname, exp_alerts: [] },
        { eval_time: '1h4m', alertname, exp_alerts: [] },
        {
          eval_time: '1h30m',
          alertname,
          exp_alerts: [
            fired('info', '100%', '10m'),
            fired('warning', '100%', '20m'),
            fired('critical', '100%', '20m', ' with a score above 1.2'),
          ],
        },
      ],
    });
  });

  it('fire for one flagged sample, two of ten, and two that are clear of the edge, where flags are rare', async () => {
    const { file } = await writeAlerts('rare', CHECKOUT);
    const labels = 'instance="web-1",pipeline="checkout_latency"';
    const alertname = 'OpenAnomalySeriesAnomalous';
    const constants = { value: 2.5, expected: 0.5, lower: 0.25, upper: 0.75 };
    const fired = (severity: string, samples: number, { further = '', lately = '' } = {}) => ({
      exp_labels: { severity, team: 'web', pipeline: 'checkout_latency', instance: 'web-1' },
      exp_annotations: {
        summary: 'A series is not as expected.',
        description: `Pipeline checkout_latency (Response time of the checkout): anomalous samples${further} in the last 10m: ${samples}. Now the value is 2.5, expected 500m, band 250m to 750m, for instance="web-1",pipeline="checkout_latency".${lately}`,
        runbook_url: 'docs/runbooks/OpenAnomalySeriesAnomalous.md',
      },
    });
    const rate = (level: string, value: number) => ({
      series: `openanomaly_pipeline_flags_per_series_day{pipeline="checkout_latency",level="${level}"}`,
      values: `_x60 ${value}x60`,
    });
    const lately = (rate: string) => ({
      lately: ` Short spells of it in the pipeline's past: ${rate} a series and day.`,
    });
    await testAlerts(file, {
      interval: '1m',
      input_series: [
        // One sample at 20m; two on the edge at 40m and 45m; two far out at 80m and 81m.
        { series: `openanomaly_anomaly{${labels}}`, values: '0x19 1 0x18 1 0x3 1 0x34 -1 -1 0x30' },
        { series: `openanomaly_score{${labels}}`, values: '0.2x19 1.1 0.2x18 1.1 0.2x3 1.1 0.2x34 1.5 1.5 0.2x30' },
        ...Object.entries(constants).map(([family, value]) => ({
          series: `openanomaly_${family}{${labels}}`,
          values: `${value}x130`,
        })),
        rate('flag', 0.5),
        rate('page', 0.0625),
      ],
      alert_rule_test: [
        { eval_time: '19m', alertname, exp_alerts: [] },
        { eval_time: '20m', alertname, exp_alerts: [fired('info', 1)] },
        { eval_time: '35m', alertname, exp_alerts: [] },
        { eval_time: '45m', alertname, exp_alerts: [fired('info', 2), fired('warning', 2)] },
        { eval_time: '65m', alertname, exp_alerts: [] },
        {
          eval_time: '84m',
          alertname,
          exp_alerts: [
            fired('info', 2, lately('500m')),
            fired('warning', 2, lately('500m')),
            fired('critical', 2, { further: ' with a score above 1.2', ...lately('62.5m') }),
          ],
        },
      ],
    });
  });

  it('do not fire for a sample flagged when a series has just begun', async () => {
    const { file } = await writeAlerts('young', SHARES);
    await testAlerts(file, {
      interval: '1m',
      input_series: [{ series: 'openanomaly_anomaly{pipeline="checkout_latency"}', values: '_x20 1 0x30' }],
      alert_rule_test: [20, 21, 22, 23, 24, 25, 30].map((minutes) => ({
        eval_time: `${minutes}m`,
        alertname: 'OpenAnomalySeriesAnomalous',
        exp_alerts: [],
      })),
    });
  });

  it('fire when a pipeline is silent, stalls or fails', async () => {
    const { file } = await writeAlerts('silent', CHECKOUT);
    const fired = (
      alert: string,
      pipeline: string,
      { description, summary }: Record<'description' | 'summary', string>,
      more: Record<string, string> = {},
    ) => ({
      exp_labels: { severity: 'warning', team: 'web', pipeline, ...more },
      exp_annotations: { summary, description, runbook_url: `docs/runbooks/${alert}.md` },
    });
    const ours = { instance: 'oa:9877', job: 'openanomaly' };
    const self = 'instance="oa:9877",job="openanomaly",pipeline="checkout_latency"';
    await testAlerts(file, {
      interval: '1m',
      input_series: [
        { series: 'openanomaly_score{pipeline="checkout_latency",instance="web-1"}', values: '0x30 stale' },
        { series: 'openanomaly_forecast{pipeline="disk",horizon="1h",instance="web-1"}', values: '0x120' },
        { series: `openanomaly_pipeline_healthy{${self}}`, values: '1x30 0x60' },
        // Whole minutes to 30m, then it stands still.
        {
          series: `openanomaly_pipeline_last_evaluation_timestamp_seconds{${self}}`,
          values: '0+60x30 1800x60',
        },
      ],
      alert_rule_test: [
        ...['OpenAnomalyNoData', 'OpenAnomalyEvaluationsStalled', 'OpenAnomalyPipelineUnhealthy'].map((alertname) => ({
          eval_time: '30m',
          alertname,
          exp_alerts: [],
        })),
        {
          eval_time: '60m',
          alertname: 'OpenAnomalyNoData',
          exp_alerts: [
            fired('OpenAnomalyNoData', 'checkout_latency', {
              description:
                'Pipeline checkout_latency has published no openanomaly_score for 10m: its query answers no series, it does not run, or its results do not arrive.',
              summary: 'A pipeline publishes nothing.',
            }),
          ],
        },
        {
          eval_time: '60m',
          alertname: 'OpenAnomalyEvaluationsStalled',
          exp_alerts: [
            fired(
              'OpenAnomalyEvaluationsStalled',
              'checkout_latency',
              {
                description: 'The last evaluation of pipeline checkout_latency that succeeded was 30m 0s ago.',
                summary: 'A pipeline is no longer evaluated.',
              },
              ours,
            ),
          ],
        },
        {
          eval_time: '60m',
          alertname: 'OpenAnomalyPipelineUnhealthy',
          exp_alerts: [
            fired(
              'OpenAnomalyPipelineUnhealthy',
              'checkout_latency',
              {
                description:
                  'Pipeline checkout_latency has lately failed to score its series, or to forecast them; the landing page and the log of oa:9877 say why.',
                summary: 'A pipeline fails to score or to forecast.',
              },
              ours,
            ),
          ],
        },
      ],
    });
  });

  it('fire when a reload fails and when remote write loses samples, but not for what was relabelled away', async () => {
    const { file } = await writeAlerts('process', CHECKOUT, {
      prefix: 'openanomaly',
      externalUrl: 'https://oa.example.org/',
    });
    const remote = (name: string) => `instance="oa:9877",remote_name="${name}",url="http://tsdb/write"`;
    const dropped = 'openanomaly_remote_storage_samples_dropped_total';
    await testAlerts(file, {
      interval: '1m',
      input_series: [
        { series: 'openanomaly_config_last_reload_successful{instance="oa:9877"}', values: '1x10 0x60' },
        { series: `${dropped}{${remote('full')},reason="queue_full"}`, values: '0+120x60' },
        { series: `${dropped}{${remote('full')},reason="relabelled"}`, values: '0+6000x60' },
        { series: `${dropped}{${remote('fine')},reason="relabelled"}`, values: '0+6000x60' },
      ],
      alert_rule_test: [
        { eval_time: '9m', alertname: 'OpenAnomalyConfigReloadFailed', exp_alerts: [] },
        {
          eval_time: '30m',
          alertname: 'OpenAnomalyConfigReloadFailed',
          exp_alerts: [
            {
              exp_labels: { severity: 'warning', instance: 'oa:9877' },
              exp_annotations: {
                summary: 'OpenAnomaly runs on an old configuration.',
                description:
                  'The last reload of oa:9877 failed; its log names file and line. The pipelines from before go on.',
                openanomaly_url: 'https://oa.example.org/',
                runbook_url: 'docs/runbooks/OpenAnomalyConfigReloadFailed.md',
              },
            },
          ],
        },
        {
          eval_time: '30m',
          alertname: 'OpenAnomalyRemoteWriteFailing',
          exp_alerts: [
            {
              exp_labels: {
                severity: 'warning',
                instance: 'oa:9877',
                remote_name: 'full',
                url: 'http://tsdb/write',
              },
              exp_annotations: {
                summary: 'Results are lost on their way to remote storage.',
                description: 'oa:9877 loses 2 samples per second for full at http://tsdb/write.',
                openanomaly_url: 'https://oa.example.org/',
                runbook_url: 'docs/runbooks/OpenAnomalyRemoteWriteFailing.md',
              },
            },
          ],
        },
      ],
    });
  });
});
