import { mix, NATIVE_STEP_MS, noiseKey, uniform } from './noise.ts';
import { CPU, ERRORS, LATENCY, MEMORY, ORDERING_SERVICE, ORDERS, QUEUE, REQUESTS, SERVICES } from './shop.ts';

export type IncidentKind =
  | 'traffic_drop'
  | 'latency_surge'
  | 'error_burst'
  | 'cpu_saturation'
  | 'queue_backlog'
  | 'instance_vanishes';

/** Something that goes wrong in one service, from `startMs` to just before `endMs`. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly service: string;
  /** Undefined when the whole service is hit. */
  readonly instance: string | undefined;
  /** Names of the metrics that show it. */
  readonly metrics: readonly string[];
  /** 0–1: how bad it is, among incidents of its kind. */
  readonly severity: number;
}

const KINDS: readonly IncidentKind[] = [
  'traffic_drop',
  'latency_surge',
  'error_burst',
  'cpu_saturation',
  'queue_backlog',
  'instance_vanishes',
];
/** Closer together than this they would leave no normal times between them. */
const CLOSEST_MS = 30_000;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 180_000;
const QUEUEING = SERVICES.filter((service) => service.queue !== undefined);

/**
 * Every incident that has a part in [startMs, endMs), in time order. `everyMs` is the mean distance between them; 0 for
 * a shop where nothing ever happens.
 */
export function incidentsBetween(seed: number, startMs: number, endMs: number, everyMs: number): Incident[] {
  if (everyMs <= 0 || endMs <= startMs) return [];
  const slotMs = Math.max(everyMs, CLOSEST_MS);
  const incidents: Incident[] = [];
  for (let slot = Math.floor(startMs / slotMs); slot * slotMs < endMs; slot++) {
    const incident = incidentOfSlot(seed, slot, slotMs);
    if (incident.startMs < endMs && incident.endMs > startMs) incidents.push(incident);
  }
  return incidents;
}

/** Time is cut into slots, and each has one incident that begins and ends inside it. */
function incidentOfSlot(seed: number, slot: number, slotMs: number): Incident {
  const key = mix(noiseKey(seed, 'incidents'), slot);
  const wantedMs = SHORTEST_MS + uniform(key, 1) * (LONGEST_MS - SHORTEST_MS);
  const durationMs = Math.max(NATIVE_STEP_MS, snap(Math.min(wantedMs, 0.6 * slotMs)));
  const spareMs = slotMs - durationMs - NATIVE_STEP_MS;
  const startMs = snap(slot * slotMs + NATIVE_STEP_MS + uniform(key, 2) * spareMs);
  const kind = KINDS[Math.floor(uniform(key, 3) * KINDS.length)]!;
  const services = kind === 'queue_backlog' ? QUEUEING : SERVICES;
  const service = services[Math.floor(uniform(key, 4) * services.length)]!;
  const alone = kind === 'cpu_saturation' || kind === 'instance_vanishes';
  return {
    kind,
    startMs,
    endMs: startMs + durationMs,
    service: service.name,
    instance: alone ? service.instances[Math.floor(uniform(key, 5) * service.instances.length)] : undefined,
    metrics: metricsOf(kind, service.name),
    severity: uniform(key, 6),
  };
}

/** The part of full strength an incident has at an instant inside it: two steep flanks. */
export function strengthAt(incident: Incident, timeMs: number): number {
  const rising = (timeMs - incident.startMs + NATIVE_STEP_MS) / 15_000;
  const falling = (incident.endMs - timeMs) / 15_000;
  return Math.min(1, rising, falling);
}

function metricsOf(kind: IncidentKind, service: string): readonly string[] {
  switch (kind) {
    case 'traffic_drop':
      return [REQUESTS, CPU, ...(service === ORDERING_SERVICE ? [ORDERS] : [])];
    case 'latency_surge':
      return [LATENCY];
    case 'error_burst':
      return [ERRORS];
    case 'cpu_saturation':
      return [CPU, LATENCY];
    case 'queue_backlog':
      return [QUEUE];
    case 'instance_vanishes':
      return [REQUESTS, LATENCY, CPU, MEMORY];
  }
}

function snap(timeMs: number): number {
  return Math.floor(timeMs / NATIVE_STEP_MS) * NATIVE_STEP_MS;
}
