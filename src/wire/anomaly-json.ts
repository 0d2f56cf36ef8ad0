import type { AnomalyEvent } from '../ports/event-log.ts';
import { labelsToRecord } from '../series/labels.ts';

/** A number as JSON can say it; what it has no word for is text, as in answers of the Prometheus API. */
export type JsonNumber = number | 'NaN' | '+Inf' | '-Inf';

/** An anomaly in the API and in the event log. Times are RFC 3339. */
export interface AnomalyJson {
  readonly id: string;
  readonly pipeline: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly technique: string;
  readonly direction: 'above' | 'below';
  readonly state: 'open' | 'closed';
  readonly start: string;
  /** Its last anomalous sample; null while it is open. */
  readonly end: string | null;
  /** Why it is over; null while it is open. */
  readonly ending: string | null;
  readonly last: string;
  readonly peak: {
    readonly time: string;
    readonly score: JsonNumber;
    readonly value: JsonNumber;
    readonly expected: JsonNumber;
    readonly lower: JsonNumber;
    readonly upper: JsonNumber;
    readonly view: string;
  };
}

export function anomalyJson(event: AnomalyEvent): AnomalyJson {
  const { peak, ending } = event;
  const last = timeText(event.lastMs);
  return {
    id: event.id,
    pipeline: event.pipeline,
    group: event.group,
    labels: labelsToRecord(event.labels),
    technique: event.technique,
    direction: event.direction,
    state: ending === undefined ? 'open' : 'closed',
    start: timeText(event.startMs),
    end: ending === undefined ? null : last,
    ending: ending ?? null,
    last,
    peak: {
      time: timeText(peak.timestampMs),
      score: jsonNumber(peak.score),
      value: jsonNumber(peak.value),
      expected: jsonNumber(peak.expected),
      lower: jsonNumber(peak.lower),
      upper: jsonNumber(peak.upper),
      view: peak.view,
    },
  };
}

export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

export function jsonNumber(value: number): JsonNumber {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
