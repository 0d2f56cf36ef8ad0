import { type Labels, labelsFromRecord } from '../series/labels.ts';

/** Longer label sets are rare, and keeping them would let a few fill the memory. */
const LONGEST_KEPT_BYTES = 16 * 1024;

/**
 * Label sets by the bytes of their JSON, so that a series that comes again costs no parsing and is the same object.
 * Keeps the `capacity` sets used last, and up to as many again.
 */
export class LabelCache {
  readonly #capacity: number;
  #recent = new Map<string, Labels>();
  #older = new Map<string, Labels>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The labels of a JSON object of strings, `__name__` among them; undefined when the bytes are something else. */
  read(bytes: Buffer, from: number, to: number): Labels | undefined {
    const raw = bytes.toString('latin1', from, to);
    const recent = this.#recent.get(raw);
    if (recent !== undefined) return recent;
    const labels = this.#older.get(raw) ?? parseLabels(bytes.toString('utf8', from, to));
    if (labels !== undefined && raw.length <= LONGEST_KEPT_BYTES) this.#keep(raw, labels);
    return labels;
  }

  #keep(raw: string, labels: Labels): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(raw, labels);
  }
}

function parseLabels(json: string): Labels | undefined {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  if (!Object.values(record).every((value) => typeof value === 'string')) return undefined;
  return labelsFromRecord(record as Record<string, string>);
}
