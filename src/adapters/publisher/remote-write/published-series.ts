import { type Labels, withLabels } from '../../../series/labels.ts';
import type { Relabel } from '../../../series/relabel.ts';
import { legalPairs } from '../../../wire/remote-write/labels.ts';
import type { RemoteSeries, SeriesRegistry } from './remote-series.ts';

/** A family as a pipeline publishes it: one series per series of the pipeline. */
export interface Column {
  /** Complete name. */
  readonly metric: string;
  readonly help: string;
  /** Value of the label `horizon`. */
  readonly horizon: string | undefined;
  /** Place among the columns of the pipeline. */
  readonly index: number;
}

/** Why a series has no counterpart at the endpoint. */
export type Exclusion = 'relabelled' | 'invalid_labels';

type Counterparts = (RemoteSeries | Exclusion | undefined)[];

/** Which series of the endpoint a pipeline writes to. Labels are worked on once per series and family. */
export class PublishedSeries {
  readonly #registry: SeriesRegistry;
  readonly #relabel: Relabel | undefined;
  readonly #columns = new Map<string, Column>();
  readonly #byKey = new Map<string, Counterparts>();
  /** The same by identity: a label set is the same object from evaluation to evaluation. */
  #byLabels = new WeakMap<Labels, Counterparts>();
  /** When the pipeline last published. */
  usedMs = 0;

  constructor(registry: SeriesRegistry, relabel: Relabel | undefined) {
    this.#registry = registry;
    this.#relabel = relabel;
  }

  column(metric: string, about: { readonly help: string; readonly horizon?: string }): Column {
    const key = `${metric} ${about.horizon ?? ''}`;
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = { metric, help: about.help, horizon: about.horizon, index: this.#columns.size };
      this.#columns.set(key, column);
    }
    return column;
  }

  /** The endpoint's series for a series of the pipeline. */
  series(labels: Labels, column: Column): RemoteSeries | Exclusion {
    const counterparts = this.#counterparts(labels);
    let counterpart = counterparts[column.index];
    if (counterpart === undefined) {
      counterpart = this.#make(labels, column);
      counterparts[column.index] = counterpart;
    }
    return counterpart;
  }

  /** Forgets a series; answers its counterparts that something was written to. */
  end(labels: Labels): RemoteSeries[] {
    const counterparts = this.#byKey.get(labels.key) ?? [];
    this.#byKey.delete(labels.key);
    this.#byLabels.delete(labels);
    const written = new Set<RemoteSeries>();
    for (const counterpart of counterparts) {
      if (typeof counterpart !== 'object') continue;
      this.#registry.forget(counterpart);
      if (counterpart.lastTimestampMs !== Number.NEGATIVE_INFINITY) written.add(counterpart);
    }
    return [...written];
  }

  /** Forgets everything. */
  clear(): void {
    for (const counterparts of this.#byKey.values())
      for (const counterpart of counterparts) if (typeof counterpart === 'object') this.#registry.forget(counterpart);
    this.#byKey.clear();
    this.#byLabels = new WeakMap();
  }

  #counterparts(labels: Labels): Counterparts {
    let counterparts = this.#byLabels.get(labels);
    if (counterparts === undefined) {
      counterparts = this.#byKey.get(labels.key) ?? [];
      this.#byKey.set(labels.key, counterparts);
      this.#byLabels.set(labels, counterparts);
    }
    return counterparts;
  }

  #make(labels: Labels, column: Column): RemoteSeries | Exclusion {
    const all = withLabels(labels, {
      __name__: column.metric,
      ...(column.horizon !== undefined && { horizon: column.horizon }),
    });
    const relabelled = this.#relabel === undefined ? all.pairs : applyRelabel(all, this.#relabel);
    if (relabelled === undefined) return 'relabelled';
    const legal = legalPairs(relabelled);
    return legal === undefined ? 'invalid_labels' : this.#registry.fromPairs(legal, column.help);
  }
}

function applyRelabel(labels: Labels, relabel: Relabel): string[] | undefined {
  const byName = new Map<string, string>();
  for (let i = 0; i < labels.pairs.length; i += 2) byName.set(labels.pairs[i]!, labels.pairs[i + 1]!);
  return relabel(byName) ? [...byName].flat() : undefined;
}
