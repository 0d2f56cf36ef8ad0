import type { AnomalyEvent } from '../ports/event-log.ts';

/** Anomalies of a group that are at most this far apart belong together: causes and effects are minutes apart. */
const GAP_MS = 300_000;

/** Anomalies of one group that overlap in time, seen as one event. */
export interface Incident {
  /** That of its first anomaly. */
  readonly id: string;
  readonly group: string;
  readonly startMs: number;
  readonly lastMs: number;
  readonly isOpen: boolean;
  /** In the order in which they began. */
  readonly pipelines: readonly string[];
  readonly series: number;
  /** In the order in which they began: the first is where to look first. */
  readonly anomalies: readonly AnomalyEvent[];
  readonly highest: AnomalyEvent;
}

/** Merges anomalies of the same group that overlap, or nearly so. Newest first by their start. */
export function incidentsOf(events: readonly AnomalyEvent[], gapMs = GAP_MS): Incident[] {
  const running = new Map<string, AnomalyEvent[]>();
  const reach = new Map<string, number>();
  const done: AnomalyEvent[][] = [];
  const byStart = [...events].sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1));
  for (const event of byStart) {
    const together = running.get(event.group);
    const untilMs = event.ending === undefined ? Number.POSITIVE_INFINITY : event.lastMs;
    if (together !== undefined && event.startMs <= reach.get(event.group)! + gapMs) {
      together.push(event);
      reach.set(event.group, Math.max(reach.get(event.group)!, untilMs));
      continue;
    }
    const fresh = [event];
    running.set(event.group, fresh);
    reach.set(event.group, untilMs);
    done.push(fresh);
  }
  return done.map(incidentOf).reverse();
}

function incidentOf(anomalies: readonly AnomalyEvent[]): Incident {
  const first = anomalies[0]!;
  return {
    id: first.id,
    group: first.group,
    startMs: first.startMs,
    lastMs: anomalies.reduce((latest, { lastMs }) => Math.max(latest, lastMs), first.lastMs),
    isOpen: anomalies.some(({ ending }) => ending === undefined),
    pipelines: [...new Set(anomalies.map(({ pipeline }) => pipeline))],
    series: new Set(anomalies.map(({ labels }) => labels.key)).size,
    anomalies,
    highest: anomalies.reduce((most, event) => (event.peak.score > most.peak.score ? event : most), first),
  };
}
