import { checkQuery } from '../../src/rules/promql.ts';
import { type Dashboard, interpolate, type Panel, queryOf, type Target } from '../support/grafana.ts';

/** A breach of a rule: where, and in what way. */
export type Finding = string;
type Rule = (dashboard: Dashboard) => Finding[];

const DATASOURCE = `\${datasource}`;
/** Ids of Grafana's units that the dashboards use; `none` is one. */
const UNITS = ['none', 'short', 'percentunit', 's', 'bytes', 'Bps', 'cps', 'ops', 'bool_yes_no', 'dateTimeFromNow'];
/** Example values, to see whether a query is PromQL once Grafana has filled it in. */
const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['__rate_interval', '1m'],
  ['__range', '1h'],
  ['__interval', '15s'],
  ['series', 'pipeline="p",instance="i"'],
  ['horizon', '1h'],
  ['limit', '0.9'],
  ['group', 'pipeline'],
  ['within', '15m'],
]);
const COUNTER_OUTSIDE_RATE = /(?<!(?:rate|irate|increase)\()\b\w+_total\b/;
const RATE_WITH_FIXED_RANGE = /\b(?:rate|irate|increase)\([^[]*\[(?!\$__rate_interval\])/;
const SELECTOR = /\{([^{}]*)\}/g;

function queryProblems(query: string): string[] {
  return checkQuery(interpolate(query, EXAMPLES)).map(({ message }) => message);
}

function shown({ panels }: Dashboard): Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

function eachTarget(dashboard: Dashboard, check: (target: Target) => string | undefined): Finding[] {
  return shown(dashboard).flatMap((panel) =>
    (panel.targets ?? []).flatMap((target) => {
      const finding = check(target);
      return finding === undefined ? [] : [`"${panel.title}" ${target.refId}: ${finding}`];
    }),
  );
}

function choiceOf(name: string, label: string): Rule {
  return ({ templating }) => {
    const variable = templating.list.find((one) => one.name === name);
    if (variable === undefined) return [`no variable ${name}`];
    const wrong = [];
    if (variable.label !== label) wrong.push(`label is ${variable.label}`);
    if (variable.datasource?.uid !== DATASOURCE) wrong.push('does not ask the data source of the dashboard');
    if (variable.multi !== true) wrong.push('takes one value only');
    if (variable.allValue !== '.+') wrong.push(`allValue is ${variable.allValue}`);
    return wrong.map((text) => `variable ${name}: ${text}`);
  };
}

function matcherOf(name: string): Rule {
  return (dashboard) =>
    eachTarget(dashboard, ({ expr }) => {
      const without = [...expr.matchAll(SELECTOR)].filter(([, matchers]) => !matchers!.includes(`${name}=~"$${name}"`));
      if (!expr.includes('{')) return `no selector with ${name}`;
      return without.length === 0 ? undefined : `a selector without ${name}=~"$${name}"`;
    });
}

/** The rules of Grafana's dashboard linter (those on logs aside: every query is PromQL), and mixtool's two. */
export const RULES: Readonly<Record<string, Rule>> = {
  'template-datasource': ({ templating }) => {
    const sources = templating.list.filter(({ type }) => type === 'datasource');
    const [source] = sources;
    if (sources.length !== 1 || source === undefined) return [`${sources.length} data source variables`];
    return source.name === 'datasource' && source.label === 'Data Source' && queryOf(source) === 'prometheus'
      ? []
      : ['the data source variable is called or labelled otherwise'];
  },
  'template-job': choiceOf('job', 'Job'),
  'template-instance': choiceOf('instance', 'Instance'),
  'template-label-promql': ({ templating }) =>
    templating.list
      .filter(({ type }) => type === 'query')
      .flatMap((variable) => {
        const selector = /^(?:label_values|query_result)\((.+?)(?:,\s*\w+)?\)$/s.exec(queryOf(variable))?.[1];
        if (selector === undefined) return [`variable ${variable.name}: neither label_values nor query_result`];
        return queryProblems(selector).map((text) => `variable ${variable.name}: ${text}`);
      }),
  'template-on-time-change-reload': ({ templating }) =>
    templating.list
      .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
      .map(({ name }) => `variable ${name} is not asked again when the time range changes`),
  'panel-datasource': (dashboard) =>
    shown(dashboard)
      .filter(({ datasource }) => datasource?.type !== 'prometheus' || datasource.uid !== DATASOURCE)
      .map(({ title }) => `"${title}" has a data source of its own`),
  'panel-title-description': (dashboard) =>
    shown(dashboard)
      .filter(({ title, description }) => title === '' || !/^[A-Z0-9].*\.$/s.test(description ?? ''))
      .map(({ id, title }) => `panel ${id} "${title}" lacks a title or a sentence that describes it`),
  'panel-units': (dashboard) =>
    shown(dashboard)
      .filter(({ fieldConfig }) => !UNITS.includes(fieldConfig?.defaults.unit ?? ''))
      .map(({ title, fieldConfig }) => `"${title}" has unit ${fieldConfig?.defaults.unit}`),
  'panel-no-targets': (dashboard) =>
    shown(dashboard)
      .filter(({ targets }) => (targets ?? []).length === 0)
      .map(({ title }) => `"${title}" asks nothing`),
  'target-datasource': (dashboard) =>
    eachTarget(dashboard, ({ datasource }) =>
      datasource.type === 'prometheus' && datasource.uid === DATASOURCE ? undefined : 'a data source of its own',
    ),
  'target-promql': (dashboard) => eachTarget(dashboard, ({ expr }) => queryProblems(expr)[0]),
  'target-rate-interval': (dashboard) =>
    eachTarget(dashboard, ({ expr }) => (RATE_WITH_FIXED_RANGE.test(expr) ? 'a rate over a fixed range' : undefined)),
  'target-job': matcherOf('job'),
  'target-instance': matcherOf('instance'),
  'target-counter-agg': (dashboard) =>
    eachTarget(dashboard, ({ expr }) => (COUNTER_OUTSIDE_RATE.test(expr) ? 'a counter outside of a rate' : undefined)),
  'uneditable-dashboard': ({ editable }) => (editable ? ['can be edited in place'] : []),
  'dashboard-title-uid': ({ title, uid }) =>
    title !== '' && /^[a-z0-9-]{8,40}$/.test(uid) ? [] : [`title "${title}", uid "${uid}"`],
};
