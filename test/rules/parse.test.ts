import { describe, expect, test } from 'vitest';
import { DEFAULT_ALARM_RULE } from '../../src/rules/alarm-schema.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { FILE } from './problems.ts';

describe('a rule file becomes groups', () => {
  test('with every default filled in', () => {
    const { groups, problems } = parseRules('groups: [{name: g, pipelines: [{name: p, query: up}]}]', FILE);
    expect(problems).toEqual([]);
    expect(groups).toEqual([
      {
        name: 'g',
        file: FILE,
        intervalMs: 60_000,
        pipelines: [
          {
            name: 'p',
            group: 'g',
            description: '',
            enabled: true,
            datasource: 'default',
            query: 'up',
            stepMs: 60_000,
            contextWindowMs: 604_800_000,
            predictionHorizonMs: 3_600_000,
            mode: 'forecast_and_anomaly',
            forecastSchedule: '*/15 * * * *',
            anomalySchedule: undefined,
            timezone: 'UTC',
            holidays: { days: [], like: 'sunday' },
            intervalMs: 60_000,
            queryOffsetMs: 30_000,
            limit: 0,
            labels: {},
            model: { type: 'local', id: 'auto', parameters: {} },
            isMultivariate: false,
            anomaly: {
              technique: 'tail',
              confidenceLevel: 0.99,
              direction: 'both',
              threshold: 1,
              pagingThreshold: 1.2,
              adaptAfterMs: 3_600_000,
              minDeviation: { absolute: 0, relative: 0 },
              by: [],
              alarm: DEFAULT_ALARM_RULE,
              publishesAlarm: false,
            },
            exclude: [],
            dataRange: undefined,
            output: { horizons: [{ text: '1h', ms: 3_600_000 }], quantiles: [0.05, 0.5, 0.95], futureSamples: false },
          },
        ],
      },
    ]);
  });

  test('with every key that works today', () => {
    const { groups, problems } = parseRules(
      `
groups:
  - name: node
    interval: 30s
    query_offset: 0
    limit: 100
    labels: {team: infra, tier: a}
    datasource: main
    pipelines:
      - name: cpu
        description: CPU busy share
        enabled: false
        datasource: other
        query: |
          1 - avg by (instance) (
            rate(node_cpu_seconds_total{mode="idle"}[5m])
          )
        step: 15s
        context_window: 1d12h
        prediction_horizon: 90m
        mode: anomaly_only
        forecast_schedule: "@hourly"
        anomaly_schedule: "*/30 * * * * *"
        timezone: Europe/Berlin
        series_type: univariate
        covariates: []
        limit: 5
        labels: {tier: b}
        model: {type: local, id: ets, parameters: {damping: 0.5, periods: [1d, 1w]}}
        training: {}
        anomaly:
          technique: confidence_interval
          confidence_level: 0.9
          direction: above
          threshold: 1.5
          paging_threshold: 2
          adapt_after: 3h
          min_deviation: {absolute: 0.02, relative: 0.1}
        data_range: [0, .inf]
        output: {horizons: [15m, 1h30m], quantiles: [0.1, 0.9], future_samples: true}
`,
      FILE,
      { datasources: ['main', 'other'] },
    );
    expect(problems).toEqual([]);
    expect(groups[0]!.pipelines[0]).toEqual({
      name: 'cpu',
      group: 'node',
      description: 'CPU busy share',
      enabled: false,
      datasource: 'other',
      query: '1 - avg by (instance) (\n  rate(node_cpu_seconds_total{mode="idle"}[5m])\n)',
      stepMs: 15_000,
      contextWindowMs: 129_600_000,
      predictionHorizonMs: 5_400_000,
      mode: 'anomaly_only',
      forecastSchedule: '@hourly',
      anomalySchedule: '*/30 * * * * *',
      timezone: 'Europe/Berlin',
      holidays: { days: [], like: 'sunday' },
      intervalMs: 30_000,
      queryOffsetMs: 0,
      limit: 5,
      labels: { team: 'infra', tier: 'b' },
      model: { type: 'local', id: 'ets', parameters: { damping: 0.5, periods: ['1d', '1w'] } },
      isMultivariate: false,
      anomaly: {
        technique: 'confidence_interval',
        confidenceLevel: 0.9,
        direction: 'above',
        threshold: 1.5,
        pagingThreshold: 2,
        adaptAfterMs: 10_800_000,
        minDeviation: { absolute: 0.02, relative: 0.1 },
        by: [],
        alarm: DEFAULT_ALARM_RULE,
        publishesAlarm: false,
      },
      exclude: [],
      dataRange: [0, Number.POSITIVE_INFINITY],
      output: {
        horizons: [
          { text: '15m', ms: 900_000 },
          { text: '1h30m', ms: 5_400_000 },
        ],
        quantiles: [0.1, 0.9],
        futureSamples: true,
      },
    });
  });

  test('a bare list of pipelines is a group named after the file', () => {
    const { groups, problems } = parseRules('pipelines: [{name: p, query: up}]', '/etc/rules/web.shop.yaml');
    expect(problems).toEqual([]);
    expect(groups).toMatchObject([
      { name: 'web.shop', intervalMs: 60_000, pipelines: [{ group: 'web.shop', queryOffsetMs: 30_000 }] },
    ]);
  });

  test('anchors, aliases and merge keys work, what is written beside a merge wins', () => {
    const { groups, problems } = parseRules(
      `
groups:
  - name: a
    pipelines:
      - &base {name: p, query: up, step: 5m, labels: &labels {team: x}}
      - {<<: *base, name: q, step: 1m}
      - {name: r, query: up, labels: *labels}
`,
      FILE,
    );
    expect(problems).toEqual([]);
    expect(groups[0]!.pipelines.map(({ name, stepMs, labels }) => [name, stepMs, labels])).toEqual([
      ['p', 300_000, { team: 'x' }],
      ['q', 60_000, { team: 'x' }],
      ['r', 60_000, { team: 'x' }],
    ]);
  });

  test.each([
    [undefined, 'default'],
    [['default', 'b'], 'default'],
    [['only'], 'only'],
  ])('with the data sources %j a pipeline that names none reads from %s', (datasources, name) => {
    const { groups } = parseRules('pipelines: [{name: p, query: up}]', FILE, { datasources });
    expect(groups[0]!.pipelines[0]!.datasource).toBe(name);
  });

  test('an empty list of groups is no mistake', () => {
    expect(parseRules('groups: []', FILE)).toEqual({ groups: [], problems: [], places: [] });
  });
});
