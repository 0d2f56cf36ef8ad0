import { OpenAnomalyError } from '../errors.ts';
import type { RangePiece, RangeQuery, TsdbClient } from '../ports/tsdb-client.ts';
import type { DatasourceSettings } from '../settings/settings.ts';

type OpenDatasource = (name: string, settings: DatasourceSettings) => TsdbClient;

/** What people may know of a data source: no credentials. */
export interface DatasourceSummary {
  readonly name: string;
  readonly kind: DatasourceSettings['type'];
  /** URL, path, or what makes the data. */
  readonly target: string;
}

interface Entry {
  readonly settings: string;
  readonly summary: DatasourceSummary;
  readonly client: TsdbClient;
}

/** The clients of the configured data sources by name; a reload replaces those whose settings changed. */
export class Datasources implements AsyncDisposable {
  readonly #open: OpenDatasource;
  #entries = new Map<string, Entry>();

  constructor(open: OpenDatasource) {
    this.#open = open;
  }

  /** Opens what is new or changed and closes what is gone or changed; reads on a closed one fail and come again. */
  async replace(datasources: Readonly<Record<string, DatasourceSettings>>): Promise<void> {
    const next = new Map<string, Entry>();
    for (const [name, settings] of Object.entries(datasources)) {
      const text = JSON.stringify(settings);
      const known = this.#entries.get(name);
      const opened = () => ({ settings: text, summary: summarize(name, settings), client: this.#open(name, settings) });
      next.set(name, known?.settings === text ? known : opened());
    }
    const closing = [...this.#entries.values()].filter((entry) => ![...next.values()].includes(entry));
    this.#entries = next;
    await Promise.all(closing.map(({ client }) => client[Symbol.asyncDispose]()));
  }

  summaries(): DatasourceSummary[] {
    return [...this.#entries.values()].map(({ summary }) => summary);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** A client that stands for whatever has this name at the time of each read. */
  named(name: string): TsdbClient {
    const current = () => {
      const entry = this.#entries.get(name);
      if (entry === undefined)
        throw new OpenAnomalyError('datasource_unavailable', `there is no data source "${name}"`);
      return entry.client;
    };
    return {
      narrows: (query) => current().narrows?.(query) ?? false,
      async *queryRange(query: RangeQuery, signal: AbortSignal): AsyncIterable<RangePiece> {
        yield* current().queryRange(query, signal);
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replace({});
  }
}

function summarize(name: string, settings: DatasourceSettings): DatasourceSummary {
  switch (settings.type) {
    case 'prometheus':
      return { name, kind: settings.type, target: withoutCredentials(settings.url) };
    case 'csv':
      return { name, kind: settings.type, target: settings.path };
    case 'simulated':
      return { name, kind: settings.type, target: `a small web shop, seed ${settings.seed}` };
  }
}

/** User, password and query parameters may be secrets. */
function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
