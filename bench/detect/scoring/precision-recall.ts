import { eventsOf } from './alarms.ts';

/** Rows of tolerance around an event over which the volume is averaged. */
const BUFFERS = [0, 20, 40, 60, 80, 100];

/** Rows by falling score, and where a new score begins. */
interface Order {
  readonly rows: Uint32Array;
  /** Ends of the stretches of equal scores in `rows`. */
  readonly ends: readonly number[];
}

const ROW_BITS = 2 ** 21;

/** Scores are not negative, so their float32 bits are in their order; a double holds them with the row. */
export function byFallingScore(scores: Float32Array): Order {
  if (scores.length >= ROW_BITS) throw new Error(`${scores.length} rows are more than can be sorted`);
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const keys = Float64Array.from(bits, (own, row) => own * ROW_BITS + row).sort();
  const rows = new Uint32Array(scores.length);
  const ends: number[] = [];
  for (let k = 0; k < keys.length; k++) {
    const key = keys[keys.length - 1 - k]!;
    rows[k] = key % ROW_BITS;
    if (k > 0 && scores[rows[k]!] !== scores[rows[k - 1]!]) ends.push(k);
  }
  ends.push(keys.length);
  return { rows, ends };
}

/** Average precision over the rows. NaN where nothing is labelled. */
export function aucPr({ rows, ends }: Order, labels: Uint8Array): number {
  let labelled = 0;
  for (const label of labels) labelled += label;
  let found = 0;
  let area = 0;
  let from = 0;
  for (const end of ends) {
    const before = found;
    for (let k = from; k < end; k++) found += labels[rows[k]!]!;
    area += ((found - before) / labelled) * (found / end);
    from = end;
  }
  return area;
}

/**
 * Volume under the surface of precision and recall (Paparrizos et al.: Volume Under the Surface, 2022): labels reach
 * beyond their events by a buffer, fading with the root of the distance; recall counts what was found of them, times the
 * share of events with anything found; the mean over buffers up to 100 rows.
 */
export function vusPr(order: Order, labels: Uint8Array): number {
  const events = eventsOf(labels);
  if (events.length === 0) return Number.NaN;
  return BUFFERS.reduce((sum, buffer) => sum + rangeArea(order, labels, events, buffer), 0) / BUFFERS.length;
}

function rangeArea(
  { rows, ends }: Order,
  labels: Uint8Array,
  events: readonly (readonly [number, number])[],
  buffer: number,
): number {
  const soft = Float64Array.from(labels);
  const segmentOf = new Int32Array(labels.length).fill(-1);
  const reach = buffer / 2;
  let segments = 0;
  let covered = -1;
  let labelled = 0;
  for (const [first, last] of events) {
    labelled += last - first + 1;
    const from = Math.max(0, first - reach);
    const to = Math.min(labels.length - 1, last + reach);
    for (let row = from; row < first; row++) soft[row] = Math.max(soft[row]!, Math.sqrt(1 - (first - row) / buffer));
    for (let row = last + 1; row <= to; row++) soft[row] = Math.max(soft[row]!, Math.sqrt(1 - (row - last) / buffer));
    if (from > covered) segments++;
    segmentOf.fill(segments - 1, from, to + 1);
    covered = to;
  }
  const isFound = new Uint8Array(segments);
  let found = 0;
  let hits = 0;
  let around = 0;
  let recall = 0;
  let area = 0;
  let from = 0;
  for (const end of ends) {
    for (let k = from; k < end; k++) {
      const row = rows[k]!;
      const weight = soft[row]!;
      if (weight === 0) continue;
      hits += weight;
      if (labels[row] === 0) around += weight;
      const segment = segmentOf[row]!;
      if (isFound[segment] === 1) continue;
      isFound[segment] = 1;
      found++;
    }
    const before = recall;
    recall = Math.min(1, hits / (labelled + around / 2)) * (found / segments);
    area += (recall - before) * (hits / end);
    from = end;
  }
  return area;
}
