import { type Release, ROLLOUT_STEP_MS, releaseAt } from './deploys.ts';
import { type Incident, type IncidentKind, incidentsBetween } from './incidents.ts';
import { noiseKey } from './noise.ts';
import type { Service } from './shop.ts';

/** An incident and the places of the piece it covers: from `from` to just before `to`. */
export interface IncidentSpan {
  readonly incident: Incident;
  readonly from: number;
  readonly to: number;
}

export interface ReleaseSpan {
  readonly release: Release;
  /** When the instance in question was replaced. */
  readonly restartMs: number;
  readonly from: number;
  readonly to: number;
}

export interface ShopOptions {
  readonly seed: number;
  readonly incidentEveryMs: number;
  /** Incidents that begin earlier do not happen. */
  readonly incidentsFromMs: number;
}

/**
 * A stretch of time as the shop computes it: the instants asked for, what happened in them, and the columns that
 * several series are made of, each computed once.
 */
export class Piece {
  /** Ascending, each a multiple of the native step. */
  readonly instants: Float64Array;
  readonly #options: ShopOptions;
  readonly #incidents: Map<string, IncidentSpan[]>;
  readonly #columns = new Map<string, Float64Array>();

  constructor(instants: Float64Array, options: ShopOptions) {
    this.instants = instants;
    this.#options = options;
    this.#incidents = spansByService(instants, options);
  }

  key(name: string): number {
    return noiseKey(this.#options.seed, name);
  }

  /** The column of that name, made on first use. The caller must not change what it gets. */
  column(name: string, make: () => Float64Array): Float64Array {
    let column = this.#columns.get(name);
    if (column === undefined) {
      column = make();
      this.#columns.set(name, column);
    }
    return column;
  }

  incidentsOf(service: Service, kind: IncidentKind): readonly IncidentSpan[] {
    return this.#incidents.get(service.name)?.filter((span) => span.incident.kind === kind) ?? [];
  }

  /** The releases an instance runs; a service's instances are replaced one after the other. */
  *releasesOf(service: Service, instance: number): Iterable<ReleaseSpan> {
    const key = this.key(`deploys/${service.name}`);
    const delayMs = instance * ROLLOUT_STEP_MS;
    for (let from = 0; from < this.instants.length; ) {
      const release = releaseAt(key, this.instants[from]! - delayMs);
      const to = lowerBound(this.instants, release.endMs + delayMs, from);
      yield { release, restartMs: release.startMs + delayMs, from, to };
      from = to;
    }
  }
}

function spansByService(instants: Float64Array, options: ShopOptions): Map<string, IncidentSpan[]> {
  const spans = new Map<string, IncidentSpan[]>();
  const first = instants[0];
  if (first === undefined) return spans;
  const last = instants[instants.length - 1]!;
  for (const incident of incidentsBetween(options.seed, first, last + 1, options.incidentEveryMs)) {
    if (incident.startMs < options.incidentsFromMs) continue;
    const from = lowerBound(instants, incident.startMs, 0);
    const to = lowerBound(instants, incident.endMs, from);
    // With long steps most incidents fall between two instants.
    if (from === to) continue;
    const list = spans.get(incident.service);
    if (list === undefined) spans.set(incident.service, [{ incident, from, to }]);
    else list.push({ incident, from, to });
  }
  return spans;
}

/** Place of the first instant at or after `timeMs`, not before `from`. */
function lowerBound(instants: Float64Array, timeMs: number, from: number): number {
  let low = from;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (instants[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
