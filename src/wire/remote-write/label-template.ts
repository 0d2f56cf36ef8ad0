import type { LabelEncoder } from './labels.ts';

/** One label, encoded. */
export interface LabelField {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Encodes pairs one by one. */
export function labelFields(pairs: readonly string[], encoder: LabelEncoder): LabelField[] {
  const fields: LabelField[] = [];
  for (let i = 0; i < pairs.length; i += 2)
    fields.push({ name: pairs[i]!, bytes: encoder.encode([pairs[i]!, pairs[i + 1]!]) });
  return fields;
}

/** Labels that several families of a series share: encoded once, then only put together with what sets them apart. */
export class LabelTemplate {
  readonly #pairs: readonly string[];
  readonly #bytes: Uint8Array;

  /** `pairs` are legal and sorted, without a metric name. */
  constructor(pairs: readonly string[], encoder: LabelEncoder) {
    this.#pairs = pairs;
    this.#bytes = encoder.encode(pairs);
  }

  /** The bytes that a LabelEncoder would write for both label sets together; where both have a name, `extra` wins. */
  with(extra: readonly LabelField[]): Uint8Array {
    // Small buffers come out of a pool; tens of thousands of them are little work for the collector.
    const out = Buffer.allocUnsafe(this.#sizeWith(extra));
    let at = 0;
    let next = 0;
    let from = 0;
    for (let i = 0; i < this.#pairs.length; i += 2) {
      const name = this.#pairs[i]!;
      const to = from + fieldSize(this.#bytes, from);
      for (; next < extra.length && extra[next]!.name < name; next++) at = put(out, at, extra[next]!.bytes);
      if (extra[next]?.name !== name) at = put(out, at, this.#bytes, from, to);
      from = to;
    }
    for (; next < extra.length; next++) at = put(out, at, extra[next]!.bytes);
    return out;
  }

  #sizeWith(extra: readonly LabelField[]): number {
    let size = this.#bytes.length;
    for (const { bytes } of extra) size += bytes.length;
    let from = 0;
    for (let i = 0; i < this.#pairs.length; i += 2) {
      const fieldBytes = fieldSize(this.#bytes, from);
      if (extra.some(({ name }) => name === this.#pairs[i])) size -= fieldBytes;
      from += fieldBytes;
    }
    return size;
  }
}

/** Bytes of the label that starts there: tag, length, content. */
function fieldSize(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let i = at + 1, shift = 0; ; i++, shift += 7) {
    length |= (bytes[i]! & 127) << shift;
    if (bytes[i]! < 128) return i + 1 - at + length;
  }
}

/** Copies a stretch; labels are too short for a call into native code to pay. */
function put(out: Uint8Array, at: number, bytes: Uint8Array, from = 0, to = bytes.length): number {
  let end = at;
  for (let i = from; i < to; i++) out[end++] = bytes[i]!;
  return end;
}
