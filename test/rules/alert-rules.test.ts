import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertRules, genericAlertRules } from '../../src/rules/alert-rules.ts';
import { parseRules } from '../../src/rules/parse.ts';

interface Rule {
  /** Undefined for a recording rule, which has `record` then. */
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

function generate(rules: string) {
  const { groups } = parseRules(rules, 'rules.yaml');
  const text = alertRules({ groups }, { prefix: 'openanomaly' });
  return { text, groups: (parse(text) as { groups: { name: string; interval?: string; rules: Rule[] }[] }).groups };
}

const RULES = `
groups:
  - name: fast
    interval: 10s
    pipelines: [{name: every_step, query: up, step: 10s}, {name: coarse, query: up, step: 5m}]
  - name: slow
    interval: 1h
    pipelines: [{name: hourly, query: up, step: 1m, anomaly: {technique: z_score}}, {name: ahead, query: up, mode: forecast_only}]
`;

describe('alert rules', () => {
  const { groups, text } = generate(RULES);
  const rule = (pipeline: string, alert: string, severity?: string) =>
    groups
      .flatMap(({ rules }) => rules)
      .find(
        (one) =>
          one.alert === alert &&
          one.labels?.['pipeline'] === pipeline &&
          (severity === undefined || one.labels['severity'] === severity),
      );

  it.each([
    ['every_step', '10s', '[1m40s:10s]', undefined, '[10m]'],
    ['coarse', '1m', '[50m:5m]', undefined, '[25m]'],
    ['hourly', '1m', '[10h:1h]', '2h', '[5h]'],
  ])('of %s follow the distance of its samples', (pipeline, interval, window, wait, silence) => {
    expect(groups.find(({ name }) => name === `openanomaly-${pipeline}`)?.interval).toBe(interval);
    const flagged = rule(pipeline, 'OpenAnomalySeriesAnomalous', 'info')!;
    expect(flagged.expr).toContain(window);
    expect(flagged.for).toBe(wait);
    expect(rule(pipeline, 'OpenAnomalyNoData')?.expr).toContain(silence);
  });

  it('count flags where these are rare, and look at their share where they are not', () => {
    const levels = ['info', 'warning', 'critical'].map((severity) => ({
      tail: rule('coarse', 'OpenAnomalySeriesAnomalous', severity)!.expr,
      zScore: rule('hourly', 'OpenAnomalySeriesAnomalous', severity)!.expr,
    }));
    for (const { tail, zScore } of levels) {
      expect(tail).toMatch(/^sum_over_time\(.* >= [12]$/s);
      expect(zScore).toMatch(/^avg_over_time\(.* >= 0\.[468]$/s);
    }
    expect(genericAlertRules()).toContain('sum_over_time((openanomaly_anomaly != bool 0)[10m:1m]) >= 1');
  });

  it('page above the paging threshold of the pipeline', () => {
    const of = (anomaly: string) =>
      generate(`pipelines: [{name: p, query: up, anomaly: ${anomaly}}]`)
        .groups.flatMap(({ rules }) => rules)
        .find(({ labels }) => labels?.['severity'] === 'critical')?.expr;
    expect(of('{paging_threshold: 2.5}')).toContain('openanomaly_score{pipeline="p"} > bool 2.5');
    // The alerts for any pipelines take the default.
    expect(of('{}')).toContain('openanomaly_score{pipeline="p"} > bool 1.2');
    expect(genericAlertRules()).toContain('openanomaly_score > bool 1.2');
  });

  it('watch the forecast of a pipeline that scores nothing', () => {
    expect(rule('ahead', 'OpenAnomalySeriesAnomalous')).toBeUndefined();
    expect(rule('ahead', 'OpenAnomalyNoData')?.expr).toContain('openanomaly_forecast{pipeline="ahead"}');
  });

  it('keep the manners of mixins', () => {
    const names = groups.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, rules } of groups) {
      expect(name.length).toBeLessThanOrEqual(40);
      expect(rules.length).toBeLessThanOrEqual(20);
      for (const { alert, record, labels, annotations } of rules) {
        if (alert === undefined) {
          expect(record).toMatch(/^(group|pipeline):openanomaly_[a-z_]+:(ratio|max|avg|count)$/);
          continue;
        }
        expect(alert).toMatch(/^[A-Z][A-Za-z]{1,39}$/);
        expect(['critical', 'warning', 'info']).toContain(labels['severity']);
        expect(annotations['summary']).toMatch(/^[A-Z][^{}]*\.$/);
        expect(annotations['description']).toMatch(/\{\{.*\}\}/);
      }
    }
  });

  it('come out the same for the same pipelines', () => {
    expect(generate(RULES).text).toBe(text);
  });
});
