import { expect, test } from 'vitest';
import { DEFAULT_ALARM_RULE } from '../../src/rules/alarm-schema.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { formatProblem } from '../../src/rules/problem.ts';

function parse(anomaly: string, rest = '') {
  const text = `pipelines:\n- name: p\n  query: up\n${rest}  anomaly: ${anomaly}\n`;
  const { groups, problems } = parseRules(text, 'r.yaml');
  return { pipeline: groups[0]?.pipelines[0], problems: problems.map(formatProblem) };
}

test('a pipeline without an alarm block has the default rule and publishes no alarm', () => {
  expect(parse('{}').pipeline?.anomaly).toMatchObject({ alarm: DEFAULT_ALARM_RULE, publishesAlarm: false });
  expect(DEFAULT_ALARM_RULE).toEqual({
    open: undefined,
    close: undefined,
    confirm: { count: 1, of: 1 },
    recovery: { count: 10, of: 10 },
    cooldownMs: 0,
    openingFactor: 1.1,
    openingWindow: 120,
  });
});

test('what is written is what holds', () => {
  const written = '{alarm: {open: 1.2, close: 0.8, for: 3 of 5, recovery: 8 of 12, cooldown: 5m, opening_factor: 0}}';
  expect(parse(written)).toMatchObject({
    problems: [],
    pipeline: {
      anomaly: {
        publishesAlarm: true,
        alarm: {
          open: 1.2,
          close: 0.8,
          confirm: { count: 3, of: 5 },
          recovery: { count: 8, of: 12 },
          cooldownMs: 300_000,
          openingFactor: 0,
          openingWindow: 120,
        },
      },
    },
  });
});

test.each([
  ['{alarm: {open: 0.5}}', 'anomaly.alarm.open: 0.5 is below the threshold of 1'],
  ['{threshold: 2, alarm: {open: 1.5}}', '1.5 is below the threshold of 2'],
  ['{alarm: {close: 1.5}}', 'anomaly.alarm.close: 1.5 is above 1, where alarms open'],
  ['{alarm: {open: 2, close: 2.5}}', '2.5 is above 2'],
  ['{alarm: {for: 5 of 3}}', 'anomaly.alarm.for: "5 of 3" can never be'],
  ['{alarm: {recovery: 10 of 40}}', 'anomaly.alarm.recovery: "10 of 40" looks at more than the last 32'],
  ['{alarm: {for: "3"}}', 'must be a share of samples such as "3 of 5"'],
  ['{alarm: {opening_factor: -1}}', 'anomaly.alarm.opening_factor'],
])('%s is a problem', (anomaly, said) => {
  const { problems } = parse(anomaly);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(said);
  expect(problems[0]).toMatch(/^r\.yaml: 4:\d+: /);
});

test('windows of a group hold for its pipelines, and each is checked where it stands', () => {
  const text = [
    'groups:',
    '- name: g',
    '  exclude: ["Sat 02:00-04:00"]',
    '  pipelines:',
    '  - {name: p, query: up, exclude: ["2026-12-24/2026-12-26"]}',
  ].join('\n');
  expect(parseRules(text, 'r.yaml').groups[0]!.pipelines[0]!.exclude).toEqual([
    'Sat 02:00-04:00',
    '2026-12-24/2026-12-26',
  ]);
  const wrong = parseRules(text.replace('Sat', 'Caturday').replace('12-26', '12-20'), 'r.yaml');
  expect(wrong.problems.map(formatProblem)).toEqual([
    expect.stringMatching(/^r\.yaml: 3:13: .*exclude\[0\]: "Caturday" is no day of the week/),
    expect.stringMatching(/^r\.yaml: 5:\d+: .*exclude\[0\]: .* ends before it starts/),
  ]);
});

test.each([
  [
    'series_type: multivariate',
    '{}',
    'series_type: series are scored together by the technique isolation_forest alone, not by tail',
  ],
  [
    '',
    '{technique: isolation_forest, join: {on: [instance]}}',
    'joins series that are scored one by one; set series_type',
  ],
  ['', '{peers: {by: [job]}}', 'anomaly.peers: is for the technique peers, not for tail'],
])('%s with anomaly: %s is a problem', (type, anomaly, said) => {
  const { problems } = parse(anomaly, type === '' ? '' : `  ${type}\n`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(said);
});

test('techniques that join series have their labels', () => {
  expect(parse('{technique: peers, peers: {by: [job]}}').pipeline).toMatchObject({
    isMultivariate: false,
    anomaly: { by: ['job'] },
  });
  const joined = '{technique: isolation_forest, join: {on: [instance]}}';
  expect(parse(joined, '  series_type: multivariate\n').pipeline).toMatchObject({
    isMultivariate: true,
    anomaly: { by: ['instance'] },
  });
});
