import { type Labels, withLabels } from '../../../series/labels.ts';
import type { Relabel } from '../../../series/relabel.ts';
import { type LabelField, LabelTemplate, labelFields } from '../../../wire/remote-write/label-template.ts';
import { LabelEncoder, legalLabels, legalPairs } from '../../../wire/remote-write/labels.ts';
import { type RemoteSeries, type SeriesRegistry, shardHash } from './remote-series.ts';

/** A family as a pipeline publishes it: one series per series of the pipeline. */
export interface Column {
  /** Metric name and labels of ours: `horizon` for look-ahead, `view` for what a flagged series was conspicuous by. */
  readonly labels: Readonly<Record<string, string>>;
  /** The same, legal, sorted and encoded. */
  readonly fields: readonly LabelField[];
  readonly help: string;
  /** Place among the columns of the pipeline. */
  readonly index: number;
}

/** Why a series has no counterpart at the endpoint. */
export type Exclusion = 'relabelled' | 'invalid_labels';

/** A series of the pipeline and what the endpoint has for it: entry i belongs to the column of that index. */
export interface Row {
  readonly labels: Labels;
  readonly counterparts: (RemoteSeries | Exclusion | undefined)[];
}

interface Shared {
  readonly labels: Labels;
  readonly template: LabelTemplate;
  readonly shardHash: number;
}

/** Which series of the endpoint a pipeline writes to. Labels are worked on once per series and family. */
export class PublishedSeries {
  readonly #registry: SeriesRegistry;
  readonly #relabel: Relabel | undefined;
  readonly #encoder = new LabelEncoder();
  /** Of the series that was worked on last: its families come one after the other. */
  #shared: Shared | undefined;
  readonly #columns = new Map<string, Column>();
  readonly #byKey = new Map<string, Row>();
  /** The same by identity: a label set is the same object from evaluation to evaluation. */
  #byLabels = new WeakMap<Labels, Row>();
  /** Counterparts that come and go with what is said, and are there now, and where they are kept. */
  #transient = new Map<RemoteSeries, { readonly row: Row; readonly column: Column }>();
  /** When the pipeline last published. */
  usedMs = 0;

  constructor(registry: SeriesRegistry, relabel: Relabel | undefined) {
    this.#registry = registry;
    this.#relabel = relabel;
  }

  column(metric: string, about: { readonly help: string; readonly horizon?: string; readonly view?: string }): Column {
    const key = `${metric} ${about.horizon ?? ''} ${about.view ?? ''}`;
    let column = this.#columns.get(key);
    if (column === undefined) {
      const { help, ...own } = about;
      const labels = { __name__: metric, ...own };
      const fields = labelFields(legalPairs(Object.entries(labels).flat()) ?? [], this.#encoder);
      column = { labels, fields, help, index: this.#columns.size };
      this.#columns.set(key, column);
    }
    return column;
  }

  row(labels: Labels): Row {
    return this.#byLabels.get(labels) ?? this.#meet(labels);
  }

  /** The endpoint's series for a series of the pipeline. */
  series(row: Row, column: Column): RemoteSeries | Exclusion {
    let counterpart = row.counterparts[column.index];
    if (counterpart === undefined) {
      // Relabelling may look at the metric name, so it has to see each family.
      const make = this.#relabel === undefined ? this.#compose : this.#relabelled;
      counterpart = make.call(this, row.labels, column);
      row.counterparts[column.index] = counterpart;
    }
    return counterpart;
  }

  /** Makes `now` the counterparts that come and go; answers, and forgets, those that are not there any more. */
  replaceTransient(now: ReadonlyMap<RemoteSeries, { readonly row: Row; readonly column: Column }>): RemoteSeries[] {
    const gone: RemoteSeries[] = [];
    for (const [series, { row, column }] of this.#transient) {
      if (now.has(series)) continue;
      row.counterparts[column.index] = undefined;
      this.#registry.forget(series);
      gone.push(series);
    }
    this.#transient = new Map(now);
    return gone;
  }

  /** Forgets a series; answers its counterparts that something was written to. */
  end(labels: Labels): RemoteSeries[] {
    const counterparts = this.#byKey.get(labels.key)?.counterparts ?? [];
    this.#byKey.delete(labels.key);
    this.#byLabels.delete(labels);
    const known = new Set(counterparts.filter((counterpart) => typeof counterpart === 'object'));
    for (const series of known) {
      this.#registry.forget(series);
      this.#transient.delete(series);
    }
    return [...known].filter(({ lastTimestampMs }) => lastTimestampMs !== Number.NEGATIVE_INFINITY);
  }

  /** Forgets everything. */
  clear(): void {
    for (const { counterparts } of this.#byKey.values())
      for (const counterpart of counterparts) if (typeof counterpart === 'object') this.#registry.forget(counterpart);
    this.#byKey.clear();
    this.#transient.clear();
    this.#byLabels = new WeakMap();
  }

  #meet(labels: Labels): Row {
    let row = this.#byKey.get(labels.key);
    if (row === undefined) {
      row = { labels, counterparts: [] };
      this.#byKey.set(labels.key, row);
    }
    this.#byLabels.set(labels, row);
    return row;
  }

  #compose(labels: Labels, column: Column): RemoteSeries | Exclusion {
    if (this.#shared?.labels !== labels) {
      const legal = legalLabels(labels.pairs);
      if (legal === undefined) return 'invalid_labels';
      const template = new LabelTemplate(legal, this.#encoder);
      this.#shared = { labels, template, shardHash: shardHash(legal) };
    }
    const { template, shardHash: hash } = this.#shared;
    return this.#registry.series(template.with(column.fields), { help: column.help, shardHash: hash });
  }

  #relabelled(labels: Labels, column: Column): RemoteSeries | Exclusion {
    const byName = new Map<string, string>();
    const { pairs } = withLabels(labels, column.labels);
    for (let i = 0; i < pairs.length; i += 2) byName.set(pairs[i]!, pairs[i + 1]!);
    if (this.#relabel?.(byName) === false) return 'relabelled';
    const legal = legalPairs([...byName].flat());
    if (legal === undefined) return 'invalid_labels';
    return this.#registry.series(this.#encoder.encode(legal), { help: column.help, shardHash: shardHash(legal) });
  }
}
