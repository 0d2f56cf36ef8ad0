import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertRules } from '../../src/rules/alert-rules.ts';
import { parseRules } from '../../src/rules/parse.ts';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const repository = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8');
const shipped = parse(read('rules/alerts/openanomaly.rules.yaml')) as RuleFile;
const generated = parse(
  alertRules(
    {
      groups: ['rules/node.yaml', 'rules/demo.yaml'].flatMap((path) => parseRules(read(path), path).groups),
    },
    { prefix: 'openanomaly' },
  ),
) as RuleFile;

const alertsOf = ({ groups }: RuleFile) =>
  groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
const alerts = [...alertsOf(shipped), ...alertsOf(generated)];
const names = [...new Set(alerts.map(({ alert }) => alert!))].sort();
const pages = readdirSync(new URL('docs/runbooks/', repository)).sort();

describe('runbooks', () => {
  it('are there for every alert, and for nothing else', () => {
    expect(names.length).toBeGreaterThan(12);
    expect(pages).toEqual(names.map((name) => `${name}.md`));
  });

  it('are all named on the page about alerting', () => {
    const text = read('docs/alerting.md');
    for (const name of names) expect(text).toContain(`[${name}](runbooks/${name}.md)`);
  });

  it('are linked by every alert', () => {
    for (const { alert, annotations } of alerts) {
      expect(annotations?.['runbook_url']).toBe(`docs/runbooks/${alert}.md`);
    }
  });

  it.each(pages)('%s says what it means, where to look and what to do', (page) => {
    const text = read(`docs/runbooks/${page}`);
    expect(text.startsWith(`# ${page.replace('.md', '')}\n`)).toBe(true);
    for (const heading of ['\n## Look\n', '\n## Do\n']) expect(text).toContain(heading);
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(() => read(`docs/runbooks/${link}`)).not.toThrow();
    }
  });
});

describe('shipped alerts', () => {
  it('keep the manners of mixins', () => {
    for (const { name, rules } of shipped.groups) {
      expect(name.length).toBeLessThanOrEqual(40);
      expect(rules.length).toBeLessThanOrEqual(20);
      for (const { alert, record, labels, annotations } of rules) {
        if (alert === undefined) {
          expect(record).toMatch(/^pipeline:openanomaly_[a-z]+:[a-z]+$/);
          continue;
        }
        expect(alert).toMatch(/^[A-Z][A-Za-z]{1,39}$/);
        expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
        expect(annotations?.['summary']).toMatch(/^[A-Z][^{}]*\.$/);
        expect(annotations?.['description']).toMatch(/\{\{.*\}\}/);
      }
    }
  });

  it('are all tried by the unit tests of promtool', () => {
    const tests = readdirSync(new URL('rules/alerts/tests/', repository));
    const text = tests.map((name) => read(`rules/alerts/tests/${name}`)).join('\n');
    for (const { alert } of alertsOf(shipped)) expect(text).toContain(`alertname: ${alert}\n        exp_alerts:\n`);
  });
});
