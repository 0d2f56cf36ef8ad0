import { OpenAnomalyError } from '../errors.ts';
import type { AnomalyEvent } from '../ports/event-log.ts';
import { labelsFromRecord, labelsToRecord } from '../series/labels.ts';

const VERSION = 1;
/** Anomalies in one chunk, so that a long list is not encoded in one go. */
const CHUNK_EVENTS = 200;

/** Anomalies as bytes: a line of JSON with the version, then a line for each. */
export function* encodeEvents(events: readonly AnomalyEvent[]): Iterable<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`${JSON.stringify({ version: VERSION })}\n`);
  for (let from = 0; from < events.length; from += CHUNK_EVENTS) {
    const lines = events.slice(from, from + CHUNK_EVENTS).map((event) => {
      const { labels, peak, ...rest } = event;
      const numbers = Object.entries(peak).map(([name, value]) => [name, wordOf(value)]);
      return `${JSON.stringify({ ...rest, labels: labelsToRecord(labels), peak: Object.fromEntries(numbers) })}\n`;
    });
    yield encoder.encode(lines.join(''));
  }
}

/** Throws `snapshot_broken` for bytes that are none of `encodeEvents`. */
export function decodeEvents(bytes: Uint8Array): AnomalyEvent[] {
  try {
    const [head = '', ...lines] = new TextDecoder('utf-8', { fatal: true }).decode(bytes).split('\n');
    if ((JSON.parse(head) as { version?: number }).version !== VERSION) return [];
    return lines.filter((line) => line !== '').map((line) => eventOf(JSON.parse(line)));
  } catch (cause) {
    throw new OpenAnomalyError('snapshot_broken', 'the snapshot of anomalies cannot be read', { cause });
  }
}

type Written = Omit<AnomalyEvent, 'labels' | 'peak' | 'ending'> & {
  readonly labels: Readonly<Record<string, string>>;
  readonly peak: Readonly<Record<keyof AnomalyEvent['peak'], number | string>>;
  readonly ending?: AnomalyEvent['ending'];
};

function eventOf({ labels, peak, ...rest }: Written): AnomalyEvent {
  const { view, ...numbers } = peak;
  const values = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));
  const restored = { ...values, view: String(view) } as unknown as AnomalyEvent['peak'];
  return { ...rest, ending: rest.ending, labels: labelsFromRecord(labels), peak: restored };
}

/** JSON has no word for infinities and NaN, and would make `null` of them. */
function wordOf(value: number | string): number | string {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
