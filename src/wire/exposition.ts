import { isLabelName, type Labels } from '../series/labels.ts';

/** `text`: text/plain 0.0.4; `openmetrics`: OpenMetrics 1.0. Gauge lines are the same bytes in both. */
export type PageFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<PageFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export const OPENMETRICS_END = '# EOF\n';

/** Lines are gathered in strings of this many before they are encoded: large enough to be cheap, small enough to stay in cache. */
const LINES_PER_WRITE = 256;

/** The most bytes UTF-8 needs for one UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/** HELP and TYPE lines of a family. `name` is legal already; `type` is a word of the format. */
export function familyHead(name: string, help: string, type: string, format: PageFormat): string {
  const text = escapeBackslash(help).replaceAll('\n', '\\n');
  return `# HELP ${name} ${format === 'text' ? text : text.replaceAll('"', '\\"')}\n# TYPE ${name} ${type}\n`;
}

/**
 * The labels of a series as they stand between the braces, `a="b",c="d"`. Servers of the legacy scheme lose the whole
 * page over one label name they do not know, so names that are not legal are made legal here, and a name that a set
 * then holds twice gets underscores until it is free. `__name__` is left out: the family is the name.
 */
export function labelText(labels: Labels): string {
  const { pairs } = labels;
  const parts: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i]!;
    if (name === '__name__' || !isLabelName(name)) return repairedLabelText(pairs);
    parts.push(`${name}="${escapeValue(pairs[i + 1]!)}"`);
  }
  // Joined, not added up: the text is kept and read for hours, and a rope of pieces is large and slow to read.
  return parts.join(',');
}

function repairedLabelText(pairs: readonly string[]): string {
  // Legal names are taken first, so that a repaired one never displaces what the user wrote.
  const taken = new Set<string>(['__name__']);
  for (let i = 0; i < pairs.length; i += 2) if (isLabelName(pairs[i]!)) taken.add(pairs[i]!);
  const parts: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i]!;
    if (name === '__name__') continue;
    parts.push(`${isLabelName(name) ? name : repairedName(name, taken)}="${escapeValue(pairs[i + 1]!)}"`);
  }
  return parts.join(',');
}

function repairedName(name: string, taken: Set<string>): string {
  let legal = name.replace(/[^a-zA-Z0-9_]/gu, '_');
  if (!/^[a-zA-Z_]/.test(legal)) legal = `_${legal}`;
  while (taken.has(legal)) legal += '_';
  taken.add(legal);
  return legal;
}

export function escapeValue(value: string): string {
  // The test comes first since nearly no value needs escaping and the page has as many values as labels.
  if (!/["\\\n\0]/.test(value)) return value;
  // Prometheus' scanner takes a zero byte for the end of the page.
  return escapeBackslash(value).replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\0', '\u{FFFD}');
}

function escapeBackslash(text: string): string {
  return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
}

/** A sample value, exact: reading it back gives the same double. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}

export interface GaugeColumn {
  /** Full family name. */
  readonly name: string;
  /** Label text of each series; undefined leaves the series out. */
  readonly series: readonly (string | undefined)[];
  /** Label text added to every line, such as `horizon="1h"`; empty: none. */
  readonly extra: string;
  /** One value a series; NaN is not written. */
  readonly values: Float64Array;
  /** Where this is NaN the series is left out as a whole; undefined: nothing is. */
  readonly present: Float64Array | undefined;
}

/**
 * Encodes the lines of gauge columns into buffers. It keeps one scratch buffer that grows to the largest part, so
 * that a part costs one allocation of exactly its size.
 */
export class LineWriter {
  #scratch = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  /** Appends the lines of the series with index from ≤ s < to. */
  write(column: GaugeColumn, from = 0, to = Number.POSITIVE_INFINITY): void {
    const { name, series, values, present } = column;
    const end = Math.min(to, series.length);
    let text = '';
    let lines = 0;
    for (let s = from; s < end; s++) {
      const labels = series[s];
      const value = values[s]!;
      if (labels === undefined || Number.isNaN(value)) continue;
      if (present !== undefined && Number.isNaN(present[s])) continue;
      text += `${name}{${joinLabels(labels, column.extra)}} ${formatValue(value)}\n`;
      if (++lines < LINES_PER_WRITE) continue;
      this.#append(text);
      text = '';
      lines = 0;
    }
    this.#append(text);
  }

  /** What was written since the last take, as a buffer of its own. */
  take(): Buffer {
    const part = Buffer.allocUnsafeSlow(this.#length);
    this.#scratch.copy(part, 0, 0, this.#length);
    this.#length = 0;
    return part;
  }

  #append(text: string): void {
    const needed = this.#length + text.length * BYTES_PER_UNIT;
    if (needed > this.#scratch.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#scratch.length * 2));
      this.#scratch.copy(larger, 0, 0, this.#length);
      this.#scratch = larger;
    }
    this.#length += this.#scratch.write(text, this.#length, 'utf8');
  }
}

export function joinLabels(labels: string, extra: string): string {
  return labels === '' || extra === '' ? labels + extra : `${labels},${extra}`;
}

/**
 * A part without the lines of some series.
 * @param name the family all lines of the part belong to
 * @param gone label texts, as they stand between the braces
 */
export function withoutSeries(part: Buffer, name: string, gone: ReadonlySet<string>): Buffer {
  const kept: Buffer[] = [];
  let keptFrom = 0;
  for (let start = 0; start < part.length; ) {
    const end = part.indexOf(0x0a, start) + 1;
    const line = part.toString('utf8', start, end);
    // A value holds no blank, so the last `} ` of the line closes the labels.
    if (gone.has(line.slice(name.length + 1, line.lastIndexOf('} ')))) {
      kept.push(part.subarray(keptFrom, start));
      keptFrom = end;
    }
    start = end;
  }
  return keptFrom === 0 ? part : Buffer.concat([...kept, part.subarray(keptFrom)]);
}
