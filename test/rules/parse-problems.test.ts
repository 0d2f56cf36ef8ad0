import { describe, expect, test } from 'vitest';
import { parseRules } from '../../src/rules/parse.ts';
import { FILE, problemsOf, problemsOfPipeline } from './problems.ts';

describe('all mistakes of a file are reported', () => {
  test('in the order of the text, with group, pipeline, key, and no group is answered', () => {
    const text = `groups:
  - name: node
    intervall: 1m
    pipelines:
      - name: cpu
        expr: up
        query: sum(up
        step: 60
      - query: up
        anomaly: {confidence_level: 99, direction: abov}
        output:
          horizons: 1h
  - interval: 1m
    pipelines: {}
`;
    expect(problemsOf(text)).toEqual([
      `${FILE}: 3:5: group "node": unknown key "intervall"; did you mean "interval"?`,
      `${FILE}: 6:9: group "node", pipeline 1, "cpu": unknown key "expr"; did you mean "query"?`,
      `${FILE}: 7:19: group "node", pipeline 1, "cpu": query: this "(" is never closed`,
      `${FILE}: 8:15: group "node", pipeline 1, "cpu": step: must be a duration such as 30s, 5m or 1h30m, not 60; a number needs a unit: 1m if seconds are meant`,
      `${FILE}: 9:9: group "node", pipeline 2: "name" is missing`,
      `${FILE}: 10:37: group "node", pipeline 2: anomaly.confidence_level: must be a number above 0 and below 1, not 99; a share, not a percentage: 0.99`,
      `${FILE}: 10:52: group "node", pipeline 2: anomaly.direction: must be one of both, above or below, not "abov"; did you mean "above"?`,
      `${FILE}: 12:21: group "node", pipeline 2: output.horizons: must be a list, not "1h"; write [1h]`,
      `${FILE}: 13:5: group 2: "name" is missing`,
      `${FILE}: 14:16: group 2: pipelines: must be a list, not a map`,
    ]);
    expect(parseRules(text, FILE).groups).toEqual([]);
  });

  test.each<[string, string, string[]]>([
    ['a key of the group', 'interval: 5m', ['6:9: unknown key "interval" here; it is a key of group']],
    [
      'a key of another section',
      'confidence_level: 0.9',
      ['6:9: unknown key "confidence_level" here; it is a key of anomaly'],
    ],
    ['a key of another product', 'model: {idd: ets}', ['6:17: model: unknown key "idd"; did you mean "id"?']],
    ['no value', 'step:', ['6:9: step: has no value; write one or remove the key']],
    ['a number for text', 'description: 5', ['6:22: description: must be text, not 5; put it in quotes: "5"']],
    ['text for a truth value', 'enabled: yes', ['6:18: enabled: must be true or false, not "yes"; write true']],
    [
      'a quoted number',
      'anomaly: {threshold: "2"}',
      ['6:30: anomaly.threshold: must be a number above 0, not "2"; remove the quotes'],
    ],
    ['an empty name', 'query: ""', ['5:16: query: must be text that is not empty, not ""']],
    [
      'a fraction of a unit',
      'step: 1.5h',
      [
        '6:15: step: must be a duration such as 30s, 5m or 1h30m, not "1.5h"; fractions are not allowed: 1h30m, not 1.5h',
      ],
    ],
    [
      'units in the wrong order',
      'step: 30m1h',
      [
        '6:15: step: must be a duration such as 30s, 5m or 1h30m, not "30m1h"; units are y w d h m s ms, in that order and without blanks',
      ],
    ],
    ['no time at all', 'step: 0s', ['6:15: step: must be a duration above 0']],
    [
      'a horizon shorter than a step',
      'step: 1h\nprediction_horizon: 30m',
      ['7:29: prediction_horizon: 30m is shorter than a step of 1h; make it one at least'],
    ],
    [
      'the default horizon shorter than a step',
      'step: 2h',
      ['4:9: prediction_horizon: 1h is shorter than a step of 2h; make it one at least'],
    ],
    [
      'a context shorter than two steps',
      'step: 5m\ncontext_window: 9m',
      ['7:25: context_window: 9m is shorter than two steps of 5m; some hundred are good'],
    ],
    [
      'a context of millions of steps',
      'step: 1s\ncontext_window: 1y',
      ['7:25: warning: context_window: 31536000 steps for every series; is a step of 1s meant?'],
    ],
    [
      'a horizon of very many steps',
      'step: 15s\nprediction_horizon: 30d',
      ['7:29: warning: prediction_horizon: 172800 steps for every series; is a step of 15s meant?'],
    ],
    ['a data range upside down', 'data_range: [1, 0]', ['6:21: data_range: is upside down; write [0, 1]']],
    ['an empty data range', 'data_range: [1, 1]', ['6:21: data_range: is empty: both ends are the same']],
    ['half a data range', 'data_range: [1]', ['6:21: data_range: must be a list of 2 values; it has 1']],
    ['no number in a data range', 'data_range: [0, .nan]', ['6:25: data_range[1]: must be a number, not null']],
    [
      'infinity where there is none',
      'anomaly: {threshold: .inf}',
      ['6:30: anomaly.threshold: must be a number above 0, not "Infinity"'],
    ],
    [
      'a look-ahead beyond the forecast',
      'output: {horizons: [1h, 2h]}',
      ['6:33: output.horizons[1]: 2h is beyond the prediction_horizon of 1h; shorten the one or lengthen the other'],
    ],
    ['a look-ahead twice', 'output: {horizons: [1h, 60m]}', ['6:33: output.horizons[1]: 60m is there twice']],
    [
      'a look-ahead shorter than a step',
      'output: {horizons: [30s]}',
      ['6:29: output.horizons[0]: 30s is shorter than a step of 1m'],
    ],
    [
      'quantiles that do not ascend',
      'output: {quantiles: [0.9, 0.1]}',
      ['6:29: output.quantiles: must ascend, each level once'],
    ],
    [
      'a quantile outside of its range',
      'output: {quantiles: [0, 0.5]}',
      ['6:30: output.quantiles[0]: must be a number above 0 and below 1, not 0'],
    ],
    [
      'one quantile',
      'output: {quantiles: [0.5]}',
      ['6:29: output.quantiles: must be a list of at least 2 values; it has 1'],
    ],
    [
      'a label name',
      'labels: {a-b: x}',
      ['6:23: labels.a-b: is no label name; use letters, digits and _, and no digit first'],
    ],
    [
      'labels of ours',
      'labels: {pipeline: x, horizon: y, __name__: z}',
      [
        '6:28: labels.pipeline: is set by OpenAnomaly itself; use another name',
        '6:40: labels.horizon: is set by OpenAnomaly itself; use another name',
        '6:53: labels.__name__: is set by OpenAnomaly itself; use another name',
      ],
    ],
    [
      'a reserved label',
      'labels: {__tmp: x}',
      ['6:25: labels.__tmp: names that start with __ are reserved by Prometheus; use another'],
    ],
    [
      'a cron field out of range',
      'forecast_schedule: "61 * * * *"',
      ['6:28: forecast_schedule: "61" is no minute (0-59)'],
    ],
    [
      'forecasts too rare for their reach',
      'forecast_schedule: "@daily"',
      [
        '6:28: warning: forecast_schedule: up to 1d pass between forecasts, and one reaches 1h; forecast more often, or make prediction_horizon longer',
      ],
    ],
    ['forecasts that are rare and reach far', 'forecast_schedule: "@daily"\nprediction_horizon: 1d', []],
    ['rare forecasts that no sample waits for', 'forecast_schedule: "@daily"\nmode: forecast_only', []],
    [
      'too few cron fields',
      'forecast_schedule: "* * *"',
      ['6:28: forecast_schedule: "* * *" is no cron expression; it has 5 or 6 fields, such as "*/15 * * * *"'],
    ],
    [
      'a cron name that does not exist',
      'anomaly_schedule: "@minutely"',
      [
        '6:27: anomaly_schedule: "@minutely" is not known; write 5 or 6 cron fields, or @hourly, @daily, @weekly, @monthly, @yearly',
      ],
    ],
    [
      'a time zone',
      'timezone: Mars/Olympus',
      ['6:19: timezone: there is no time zone "Mars/Olympus"; write UTC or one such as Europe/Berlin'],
    ],
    [
      'an engine',
      'model: {id: etc}',
      [
        '6:21: model.id: must be one of auto, seasonal_naive, climatology, ets, openanomaly-tiny or calendar, not "etc"; did you mean "ets"?',
      ],
    ],
  ])('%s', (_, keys, expected) => {
    expect(problemsOfPipeline(keys)).toEqual(expected);
  });

  test.each([
    [
      'series_type: covariate',
      '6:22: series_type: "covariate" is not available in this version; use univariate or multivariate',
    ],
    ['covariates: [{name: a, query: b}]', '6:9: covariates: not available in this version (covariates); remove it'],
    ['training: {window: 30d}', '6:9: training: not available in this version (training); remove it'],
    ['model: {type: remote}', '6:23: model.type: "remote" is not available in this version; use local'],
    ['model: {endpoint: "http://x"}', '6:17: model.endpoint: not available in this version (remote models); remove it'],
    [
      'model: {id: prophet}',
      '6:21: model.id: "prophet" is not available in this version; use auto, seasonal_naive, climatology, ets, openanomaly-tiny or calendar',
    ],
  ])('what is not there yet is not silently ignored: %s', (keys, expected) => {
    expect(problemsOfPipeline(keys)).toEqual([expected]);
  });

  test('data sources that are not configured', () => {
    const text =
      'groups:\n- name: g\n  datasource: mian\n  pipelines:\n  - {name: p, query: up}\n  - {name: q, query: up, datasource: x}\n';
    expect(problemsOf(text, { datasources: ['main', 'other'] })).toEqual([
      `${FILE}: 3:15: group "g": datasource: there is no data source "mian"; did you mean "main"?`,
      `${FILE}: 6:38: group "g", pipeline 2, "q": datasource: there is no data source "x"; the settings have "main", "other"`,
    ]);
    expect(problemsOf('pipelines: [{name: p, query: up}]', { datasources: ['a', 'b'] })).toEqual([
      `${FILE}: 1:13: pipeline 1, "p": "datasource" is missing, since none of "a", "b" is called "default"`,
    ]);
  });

  test('two groups of one name', () => {
    expect(problemsOf('groups:\n- name: g\n- name: g\n')).toEqual([
      `${FILE}: 3:9: group "g": name: another group of this file has the name too`,
    ]);
  });
});
