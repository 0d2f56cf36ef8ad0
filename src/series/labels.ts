/**
 * A sorted label set. `pairs` holds name, value, name, value …, sorted by name, without empty values (Prometheus
 * treats an empty value as no label). `key` identifies the set: two sets are equal exactly when their keys are.
 */
export interface Labels {
  readonly pairs: readonly string[];
  readonly key: string;
}

/** Separates names and values in `key`; it cannot occur in valid UTF-8 label text that came from a server. */
const SEPARATOR = '\u{10FFFF}';

export const EMPTY_LABELS: Labels = { pairs: [], key: '' };

export function labelsFromRecord(record: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(record).sort(byCodePoint);
  const pairs: string[] = [];
  for (const name of names) {
    const value = record[name];
    if (value !== undefined && value !== '') pairs.push(name, value);
  }
  return { pairs, key: pairs.join(SEPARATOR) };
}

export function labelsToRecord(labels: Labels): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i < labels.pairs.length; i += 2) record[labels.pairs[i]!] = labels.pairs[i + 1]!;
  return record;
}

export function labelValue(labels: Labels, name: string): string | undefined {
  for (let i = 0; i < labels.pairs.length; i += 2) if (labels.pairs[i] === name) return labels.pairs[i + 1];
  return undefined;
}

/** `labels` with `extra` added; where both have a name, `extra` wins. An empty value in `extra` removes the label. */
export function withLabels(labels: Labels, extra: Readonly<Record<string, string>>): Labels {
  return labelsFromRecord({ ...labelsToRecord(labels), ...extra });
}

export function withoutLabel(labels: Labels, name: string): Labels {
  if (labelValue(labels, name) === undefined) return labels;
  const record = labelsToRecord(labels);
  delete record[name];
  return labelsFromRecord(record);
}

/** Legacy label name, the only kind every receiver takes. */
export function isLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

export function isMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
}

/** `{a="b",c="d"}` as people write it in PromQL; for messages. */
export function formatLabels(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.pairs.length; i += 2)
    parts.push(`${labels.pairs[i]}=${JSON.stringify(labels.pairs[i + 1])}`);
  return `{${parts.join(',')}}`;
}

/** FNV-1a over UTF-16 units, 32 bits: shards and phases, not identity. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** UTF-16 order equals byte order for legacy names; receivers only compare names. */
function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
