import {
  AdHocVariableBuilder,
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE } from './queries.ts';

export function datasource(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Data Source').type('prometheus');
}

/** Filters by any label at all; Grafana adds them to every query of the dashboard. */
export function filters(): AdHocVariableBuilder {
  return new AdHocVariableBuilder('filters').label('Filters').datasource(DATASOURCE);
}

interface Choice {
  readonly label: string;
  readonly query: string;
  /** What `All` stands for in a regular-expression matcher; without it one value is chosen. */
  readonly all?: string;
  /** Takes the value out of what the query answers: its first group. */
  readonly regex?: string;
  /** The order of the answer is kept: the query sorts. */
  readonly sorted?: boolean;
}

/** A variable that asks the data source, again whenever the time range changes. */
export function choice(name: string, { label, query, all, regex, sorted = false }: Choice): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: 'StandardVariableQuery' })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(sorted ? VariableSort.Disabled : VariableSort.NaturalAsc)
    .multi(all !== undefined)
    .includeAll(all !== undefined);
  if (regex !== undefined) variable.regex(regex);
  if (all === undefined) return variable;
  return variable.allValue(all).current({ selected: true, text: ['All'], value: ['$__all'] });
}

/** Pipeline, job and instance of what is published in `family`; the first is one choice or many. */
export function publishedChoices(family: string, pipelines: 'one' | 'many'): QueryVariableBuilder[] {
  const all = '.*';
  const chosen = pipelines === 'one' ? '{pipeline="$pipeline"}' : '{pipeline=~"$pipeline"}';
  return [
    choice('pipeline', {
      label: 'Pipeline',
      query: `label_values(${family}, pipeline)`,
      ...(pipelines === 'many' && { all }),
    }),
    choice('job', { label: 'Job', query: `label_values(${family}${chosen}, job)`, all }),
    choice('instance', {
      label: 'Instance',
      query: `label_values(${family}${chosen.replace('}', ', job=~"$job"}')}, instance)`,
      all,
    }),
  ];
}

/** Fixed values to choose from; the first is the default. */
export function fixedChoice(name: string, label: string, values: readonly string[]): CustomVariableBuilder {
  const [first = ''] = values;
  return new CustomVariableBuilder(name)
    .label(label)
    .values(values.join(','))
    .options(values.map((value) => ({ text: value, value, selected: value === first })))
    .current({ selected: true, text: first, value: first });
}

export function textInput(name: string, label: string, initial: string): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name)
    .label(label)
    .defaultValue(initial)
    .options([{ text: initial, value: initial, selected: true }])
    .current({ selected: true, text: initial, value: initial });
}
