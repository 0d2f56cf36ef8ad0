import type { AnomalyEnding, AnomalyEvent, AnomalyPeak, EventLog } from '../ports/event-log.ts';
import { hash32, type Labels } from '../series/labels.ts';
import type { Telemetry } from '../telemetry/metrics.ts';
import { type Incident, incidentsOf } from './incidents.ts';

/** Anomalies that are over and still known: some hundred bytes each. */
const MOST_CLOSED = 10_000;

export interface EventFilter {
  readonly pipeline?: string;
  readonly group?: string;
  readonly matches?: (labels: Labels) => boolean;
  /** Anomalies that have a moment in [sinceMs, untilMs]. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly openOnly?: boolean;
}

/** What alarms tell of themselves; the tasks see this much of the book. */
export interface AnomalyEvents {
  opened(event: Omit<AnomalyEvent, 'id' | 'lastMs' | 'ending'>): void;
  /** Another anomalous sample of an open anomaly; the way back, on the other side, makes it longer and no peak. */
  continued(id: string, peak: AnomalyPeak, direction: AnomalyEvent['direction']): void;
  closed(id: string, lastMs: number, ending: AnomalyEnding): void;
  isOpen(id: string): boolean;
  openOf(pipeline: string): number;
}

export interface EventBookOptions {
  readonly log?: EventLog | undefined;
  readonly telemetry?: Pick<Telemetry, 'anomaliesOpened'>;
  readonly mostClosed?: number;
}

/** Name of an anomaly, the same whenever the same samples are scored again. 64 bits, hexadecimal. */
export function anomalyId(pipeline: string, labels: Labels, startMs: number): string {
  const text = `${pipeline}\n${startMs}\n${labels.key}`;
  const word = (seed: string) => hash32(`${seed}${text}`).toString(16).padStart(8, '0');
  return `${word('')}${word('anomaly\n')}`;
}

/**
 * The anomalies of all pipelines: those that are open, and the last ones that are over. An anomaly that comes again
 * under its id, since samples are scored a second time after a crash, takes its own place.
 */
export class EventBook implements AnomalyEvents {
  readonly #log: EventLog | undefined;
  readonly #mostClosed: number;
  readonly #telemetry: Pick<Telemetry, 'anomaliesOpened'> | undefined;
  readonly #open = new Map<string, AnomalyEvent>();
  readonly #closed = new Map<string, AnomalyEvent>();

  constructor(options: EventBookOptions = {}) {
    this.#log = options.log;
    this.#telemetry = options.telemetry;
    this.#mostClosed = options.mostClosed ?? MOST_CLOSED;
  }

  opened(fresh: Omit<AnomalyEvent, 'id' | 'lastMs' | 'ending'>): void {
    const id = anomalyId(fresh.pipeline, fresh.labels, fresh.startMs);
    const event = { ...fresh, id, lastMs: fresh.peak.timestampMs, ending: undefined };
    const isNew = !this.#open.has(id) && !this.#closed.delete(id);
    this.#open.set(id, event);
    if (!isNew) return;
    this.#telemetry?.anomaliesOpened.inc({ pipeline: event.pipeline });
    this.#log?.write('opened', event);
  }

  continued(id: string, peak: AnomalyPeak, direction: AnomalyEvent['direction']): void {
    const event = this.#open.get(id);
    if (event === undefined) return;
    const isHigher = direction === event.direction && peak.score > event.peak.score;
    this.#open.set(id, { ...event, lastMs: peak.timestampMs, peak: isHigher ? peak : event.peak });
  }

  closed(id: string, lastMs: number, ending: AnomalyEnding): void {
    const event = this.#open.get(id);
    if (event === undefined) return;
    this.#open.delete(id);
    const over = { ...event, lastMs, ending };
    this.#closed.set(id, over);
    this.#forgetOldest();
    this.#log?.write('closed', over);
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  /** Ends what is open of a pipeline, but for those that `stays` knows. */
  closeAll(pipeline: string, ending: AnomalyEnding, stays: (id: string) => boolean = () => false): void {
    for (const event of [...this.#open.values()])
      if (event.pipeline === pipeline && !stays(event.id)) this.closed(event.id, event.lastMs, ending);
  }

  /** Pipelines that have an open anomaly. */
  pipelines(): ReadonlySet<string> {
    return new Set([...this.#open.values()].map(({ pipeline }) => pipeline));
  }

  openOf(pipeline: string): number {
    let count = 0;
    for (const event of this.#open.values()) if (event.pipeline === pipeline) count++;
    return count;
  }

  /** Newest first by their start. */
  list(filter: EventFilter = {}): AnomalyEvent[] {
    const found: AnomalyEvent[] = [];
    const sources = filter.openOnly === true ? [this.#open] : [this.#closed, this.#open];
    for (const source of sources) for (const event of source.values()) if (isIn(event, filter)) found.push(event);
    return found.sort((a, b) => b.startMs - a.startMs || (a.id < b.id ? -1 : 1));
  }

  /** Incidents that have an anomaly which the filter takes, whole: with what else of their group fell into them. */
  incidents(filter: EventFilter = {}): Incident[] {
    const { group, openOnly, ...ofAnomaly } = filter;
    const all = incidentsOf(this.list(group === undefined ? {} : { group }));
    return all.filter(
      (incident) =>
        (openOnly !== true || incident.isOpen) && incident.anomalies.some((event) => isIn(event, ofAnomaly)),
    );
  }

  /** Everything that is known, for a snapshot. */
  all(): AnomalyEvent[] {
    return [...this.#closed.values(), ...this.#open.values()];
  }

  /** Takes back what `all` gave, without writing it to the log again. */
  restore(events: Iterable<AnomalyEvent>): void {
    for (const event of events) (event.ending === undefined ? this.#open : this.#closed).set(event.id, event);
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const id of this.#closed.keys()) {
      if (this.#closed.size <= this.#mostClosed) return;
      this.#closed.delete(id);
    }
  }
}

function isIn(event: AnomalyEvent, filter: EventFilter): boolean {
  if (filter.pipeline !== undefined && event.pipeline !== filter.pipeline) return false;
  if (filter.group !== undefined && event.group !== filter.group) return false;
  if (filter.untilMs !== undefined && event.startMs > filter.untilMs) return false;
  // One that is open may go on at any moment: it is not over before `since`.
  if (filter.sinceMs !== undefined && event.ending !== undefined && event.lastMs < filter.sinceMs) return false;
  return filter.matches?.(event.labels) ?? true;
}
