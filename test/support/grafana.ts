import { readdirSync, readFileSync } from 'node:fs';

/** The part of Grafana's dashboard JSON that the tests look at. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly editable: boolean;
  readonly schemaVersion: number;
  readonly refresh: string;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list?: readonly { readonly name: string; readonly expr: string }[] };
}

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly targets?: readonly Target[];
  readonly transformations?: readonly { readonly id: string; readonly options: Record<string, unknown> }[];
}

export interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly refId: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly datasource: DataSource;
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly query?: string | { readonly query: string };
  readonly regex?: string;
  readonly datasource?: DataSource;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
  readonly current?: { readonly value: string | readonly string[] };
}

const FOLDER = new URL('../../grafana/dashboards/', import.meta.url);

/** The committed dashboards by the name of their file, without its ending. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return new Map(
    files.map((name) => [
      name.replace('.json', ''),
      JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Dashboard,
    ]),
  );
}

export function queryOf(variable: Variable): string {
  return typeof variable.query === 'object' ? variable.query.query : (variable.query ?? '');
}

/** Puts values where `$name`, `${name}` and `${name:format}` stand, as Grafana does before it asks the data source. */
export function interpolate(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    return values.get(braced ?? bare ?? '') ?? whole;
  });
}

/**
 * What a query variable offers, asked of a Prometheus as Grafana asks: `label_values` by the label API, `query_result`
 * by an instant query whose answers are written as text; then its regular expression takes the value out.
 */
export async function optionsOf(
  variable: Variable,
  url: string,
  values: ReadonlyMap<string, string>,
): Promise<string[]> {
  const query = interpolate(queryOf(variable), values);
  const labels = /^label_values\((.+),\s*(\w+)\)$/s.exec(query);
  const result = /^query_result\((.+)\)$/s.exec(query);
  let texts: string[] = [];
  if (labels !== null) {
    texts = await get<string[]>(
      `${url}/api/v1/label/${labels[2]}/values?${new URLSearchParams({ 'match[]': labels[1]! })}`,
    );
  } else if (result !== null) {
    const { result: vector } = await get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `${url}/api/v1/query?${new URLSearchParams({ query: result[1]! })}`,
    );
    texts = vector.map(({ metric: { __name__ = '', ...metric }, value: [time, text] }) => {
      const pairs = Object.entries(metric).map(([name, label]) => `${name}="${label}"`);
      return `${__name__}{${pairs.join(',')}} ${text} ${time * 1000}`;
    });
  } else {
    throw new Error(`variable ${variable.name} has a query that is neither label_values nor query_result: ${query}`);
  }
  if (variable.regex === undefined || variable.regex === '') return texts;
  const regex = new RegExp(variable.regex.replace(/^\/|\/$/g, ''));
  return texts.flatMap((text) => {
    const match = regex.exec(text);
    return match === null ? [] : [match[1] ?? match[0]];
  });
}

/** The answer's `data`; rejects with the server's words where it has none. */
export async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  const body = (await answer.json()) as { data?: T; error?: string };
  if (body.data === undefined) throw new Error(`${url}: ${body.error ?? answer.status}`);
  return body.data;
}
