import { describe, expect, it } from 'vitest';
import { UIDS } from '../../grafana/src/dashboard.ts';
import { type Dashboard, type Panel, readDashboards } from '../support/grafana.ts';
import { RULES } from './dashboard-rules.ts';

const dashboards = readDashboards();

const NO_TARGET_LABELS =
  'what pipelines publish keeps the labels of the series that was read, which may have neither job nor instance: All must take those too';
const ONE_SERIES = 'the variable series holds every label of the chosen series, job and instance among them';

/** Rules that a dashboard may break, and why. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  overview: { 'template-job': NO_TARGET_LABELS, 'template-instance': NO_TARGET_LABELS },
  pipeline: {
    'template-job': NO_TARGET_LABELS,
    'template-instance': NO_TARGET_LABELS,
    'target-job': ONE_SERIES,
    'target-instance': ONE_SERIES,
  },
  forecast: {
    'template-job': NO_TARGET_LABELS,
    'template-instance': NO_TARGET_LABELS,
    'target-job': `${ONE_SERIES}; the limit is a number`,
    'target-instance': `${ONE_SERIES}; the limit is a number`,
  },
};

describe.each([...dashboards])('dashboard %s', (name, dashboard) => {
  it.each(Object.entries(RULES))('keeps the rule %s, or breaks it for a reason', (rule, findings) => {
    const found = findings(dashboard);
    if (EXCEPTIONS[name]?.[rule] === undefined) expect(found).toEqual([]);
    else expect(found).not.toEqual([]);
  });

  it('loads in Grafana 11 and newer', () => {
    // 39 is what Grafana 11.0 writes; from 40 on refresh is a text, which it is here already.
    expect(dashboard.schemaVersion).toBe(39);
    expect(dashboard.refresh).toBe('30s');
    expect(Object.keys(dashboard)).not.toContain('rows');
    const types = new Set(dashboard.panels.map(({ type }) => type));
    expect([...types].filter((type) => !['row', 'stat', 'timeseries', 'table'].includes(type))).toEqual([]);
  });

  it('has its uid for good and is found by the links of the others', () => {
    expect(dashboard.uid).toBe(UIDS[name as keyof typeof UIDS]);
    expect(dashboard.tags).toEqual(['openanomaly']);
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names every series in its legend', () => {
    const nameless = dashboard.panels.flatMap((panel) =>
      (panel.targets ?? []).filter(({ legendFormat }) => !legendFormat).map(({ expr }) => `${panel.title}: ${expr}`),
    );
    expect(nameless).toEqual([]);
  });

  it('lays its panels side by side, none over another', () => {
    expect(overlaps(dashboard)).toEqual([]);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('fills bands between legends that are there', () => {
    for (const panel of dashboard.panels) {
      const legends = (panel.targets ?? []).map(({ legendFormat }) => legendFormat);
      for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
        const below = properties.find(({ id }) => id === 'custom.fillBelowTo')?.value;
        if (below === undefined) continue;
        expect(legends).toContain(below);
        expect(legends).toContain(matcher.options);
      }
    }
  });

  it('asks for nothing by a regular expression over names', () => {
    expect(JSON.stringify(dashboard)).not.toContain('__name__=~');
  });

  it('links only to dashboards that exist', () => {
    const known = Object.values(UIDS) as string[];
    const linked = [...JSON.stringify(dashboard).matchAll(/\/d\/([a-z-]+)/g)].map((match) => match[1]!);
    expect(linked.filter((uid) => !known.includes(uid))).toEqual([]);
  });
});

it('has the dashboards and looked at all their panels', () => {
  expect([...dashboards.keys()].sort()).toEqual(Object.keys(UIDS).sort());
  expect([...dashboards.values()].flatMap(({ panels }) => panels).length).toBeGreaterThan(40);
});

describe('the rules themselves', () => {
  const base = dashboards.get('health')!;
  const panel = base.panels.find(({ targets }) => targets !== undefined)!;
  const target = panel.targets![0]!;
  const withTarget = (expr: string): Dashboard => ({
    ...base,
    panels: [{ ...panel, targets: [{ ...target, expr }] }],
  });
  const withPanel = (change: Partial<Panel>): Dashboard => ({ ...base, panels: [{ ...panel, ...change }] });
  const matchers = 'job=~"$job", instance=~"$instance"';

  it.each([
    ['target-promql', withTarget(`sum((x{${matchers}})`)],
    ['target-rate-interval', withTarget(`rate(x_total{${matchers}}[5m])`)],
    ['target-counter-agg', withTarget(`sum(x_total{${matchers}})`)],
    ['target-job', withTarget('x{instance=~"$instance"}')],
    ['target-job', withTarget('vector(1)')],
    ['target-instance', withTarget(`x{${matchers}} + y{job=~"$job"}`)],
    ['panel-units', withPanel({ fieldConfig: { defaults: { unit: 'seconds' }, overrides: [] } })],
    ['panel-title-description', withPanel({ description: 'no sentence' })],
    ['panel-no-targets', withPanel({ targets: [] })],
    ['panel-datasource', withPanel({ datasource: { type: 'prometheus', uid: 'abc' } })],
    ['uneditable-dashboard', { ...base, editable: true }],
    ['template-job', { ...base, templating: { list: [] } }],
    ['template-datasource', { ...base, templating: { list: [] } }],
    ['dashboard-title-uid', { ...base, uid: '' }],
  ] as const)('%s finds a breach', (rule, broken) => {
    expect(RULES[rule]!(broken)).toHaveLength(1);
  });
});

function overlaps({ panels }: Dashboard): string[] {
  return panels.flatMap((one, index) =>
    panels
      .slice(index + 1)
      .filter(
        ({ gridPos: b }) =>
          one.gridPos.x < b.x + b.w &&
          b.x < one.gridPos.x + one.gridPos.w &&
          one.gridPos.y < b.y + b.h &&
          b.y < one.gridPos.y + one.gridPos.h,
      )
      .map((other) => `"${one.title}" lies over "${other.title}"`),
  );
}
