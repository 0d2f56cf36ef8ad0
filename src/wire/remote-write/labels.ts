import { isLabelName, isMetricName } from '../../series/labels.ts';
import { ByteBuffer } from './byte-buffer.ts';

const LABELS_FIELD = 0x0a;
const NAME_FIELD = 0x0a;
const VALUE_FIELD = 0x12;
const METRIC_NAME = '__name__';

/**
 * Label pairs (name, value, name, value …, in any order, `__name__` among them) as every receiver takes them: sorted,
 * no empty value, legacy names. An illegal character of a name becomes `_`, as Prometheus does when it must; names in
 * `__` other than `__name__` are internal and left out. Undefined when no such set exists: no metric name, or two
 * names that became the same one, which would merge different series.
 */
export function legalPairs(pairs: readonly string[]): string[] | undefined {
  const legal = legalSet(pairs, true);
  return legal?.some((text, i) => i % 2 === 0 && text === METRIC_NAME) ? legal : undefined;
}

/** The same without the metric name: it is left out, like the internal names. */
export function legalLabels(pairs: readonly string[]): string[] | undefined {
  return legalSet(pairs, false);
}

function legalSet(pairs: readonly string[], withMetricName: boolean): string[] | undefined {
  const legal: { readonly name: string; readonly value: string }[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const value = pairs[i + 1]!;
    if (value === '') continue;
    const name = legalName(pairs[i]!);
    if (name === '' || legal.some((label) => label.name === name)) return undefined;
    if (name === METRIC_NAME && withMetricName) legal.push({ name, value: legalMetricName(value) });
    else if (!name.startsWith('__')) legal.push({ name, value });
  }
  return legal.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ name, value }) => [name, value]);
}

function legalName(name: string): string {
  if (isLabelName(name) || name === '') return name;
  const replaced = name.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^[0-9]/.test(replaced) ? `_${replaced}` : replaced;
}

function legalMetricName(name: string): string {
  if (isMetricName(name)) return name;
  const replaced = name.replace(/[^a-zA-Z0-9_:]/g, '_');
  return /^[0-9]/.test(replaced) ? `_${replaced}` : replaced;
}

/** Writes label sets as the `labels` fields of a 1.0 TimeSeries. */
export class LabelEncoder {
  readonly #label = new ByteBuffer(256);
  readonly #fields = new ByteBuffer(1024);

  /** Pairs are written as they are, in their order. The answer is a copy of its own. */
  encode(pairs: readonly string[]): Uint8Array {
    const fields = this.#fields;
    fields.clear();
    for (let i = 0; i < pairs.length; i += 2) {
      const label = this.#label;
      label.clear();
      label.text(NAME_FIELD, pairs[i]!);
      label.text(VALUE_FIELD, pairs[i + 1]!);
      fields.reserve(6 + label.length);
      fields.byte(LABELS_FIELD);
      fields.varint32(label.length);
      fields.bytes(label.written());
    }
    const copy = Buffer.allocUnsafe(fields.length);
    copy.set(fields.written());
    return copy;
  }
}

/** The pairs that a `LabelEncoder` wrote. */
export function decodeLabels(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const pairs: string[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = text[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < text.length) {
    at++;
    varint();
    for (let field = 0; field < 2; field++) {
      at++;
      const length = varint();
      pairs.push(text.toString('utf8', at, at + length));
      at += length;
    }
  }
  return pairs;
}
