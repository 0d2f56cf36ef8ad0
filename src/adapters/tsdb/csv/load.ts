import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { OpenAnomalyError } from '../../../errors.ts';
import { labelsFromRecord } from '../../../series/labels.ts';
import type { CsvDatasourceSettings } from '../../../settings/settings.ts';
import { Column } from './column.ts';
import type { CsvFile } from './files.ts';
import { type Layout, layoutOf, malformed } from './layout.ts';
import { type Row, RowSplitter } from './rows.ts';
import { detectTimestamps, type TimestampFormat } from './timestamps.ts';

/** Texts that stand for a sample that is not there. */
const MISSING = new Set(['', 'nan', 'null', 'none', 'na', 'n/a', '-']);
const INFINITIES: Readonly<Record<string, number>> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity };

export interface LoadSummary {
  readonly rows: number;
  readonly timestamps: string;
}

/**
 * Adds the samples of one file to `columns`, which is keyed by label key. Streams: neither the file nor its text is ever
 * held whole. Rejects with `csv_malformed` at the first row that cannot be understood, or `file_unreadable`.
 */
export async function loadFile(
  file: CsvFile,
  columns: Map<string, Column>,
  options: {
    readonly settings: CsvDatasourceSettings;
    readonly signal: AbortSignal;
    readonly read: (bytes: number) => void;
  },
): Promise<LoadSummary> {
  const splitter = new RowSplitter();
  let reader: FileReader | undefined;
  const take = (rows: ReturnType<RowSplitter['push']>): void => {
    if ('endlessLine' in rows) throw malformed(file, rows.endlessLine, 'the row does not end: a quote is not closed');
    for (const row of rows) {
      if (reader === undefined) reader = new FileReader(file, layoutOf(file, row.fields, options.settings), columns);
      else reader.add(row);
    }
  };
  for await (const text of textOf(file, options)) take(splitter.push(text));
  take(splitter.end());
  if (reader === undefined) throw malformed(file, 1, 'the file is empty: the first line must name the columns');
  return reader.summary();
}

/** Turns the rows of one file into samples. */
class FileReader {
  readonly #file: CsvFile;
  readonly #layout: Layout;
  readonly #columns: Map<string, Column>;
  /** The columns of each combination of labels met so far, one per value column. */
  readonly #byLabels = new Map<string, readonly Column[]>();
  #format: TimestampFormat | undefined;
  #rows = 0;

  constructor(file: CsvFile, layout: Layout, columns: Map<string, Column>) {
    this.#file = file;
    this.#layout = layout;
    this.#columns = columns;
  }

  summary(): LoadSummary {
    return { rows: this.#rows, timestamps: this.#format?.description ?? 'no rows' };
  }

  add({ line, fields }: Row): void {
    const layout = this.#layout;
    if (fields.length !== layout.columns) {
      throw malformed(
        this.#file,
        line,
        `the row has ${fields.length} fields where the header has ${layout.columns}: quote fields that hold the delimiter`,
      );
    }
    const timeMs = this.#readTime(fields[layout.timestamp]!, line);
    const columns = this.#columnsOf(fields);
    for (let v = 0; v < layout.values.length; v++) {
      const value = this.#readValue(fields[layout.values[v]!.index]!, v, line);
      if (!Number.isNaN(value)) columns[v]!.append(timeMs, value);
    }
    this.#rows++;
  }

  #readTime(text: string, line: number): number {
    this.#format ??= detectTimestamps(text);
    const timeMs = this.#format?.read(text) ?? Number.NaN;
    if (!Number.isNaN(timeMs)) return timeMs;
    const shown = JSON.stringify(text);
    throw malformed(
      this.#file,
      line,
      this.#format === undefined
        ? `${shown} is no timestamp: write seconds or milliseconds since 1970, or 2026-11-20 18:00:00`
        : `the timestamp ${shown} is not written like the ones before it (${this.#format.description})`,
    );
  }

  #readValue(text: string, v: number, line: number): number {
    const value = text === '' ? Number.NaN : Number(text);
    if (!Number.isNaN(value) && text.trim() !== '') return value;
    const word = text.trim().toLowerCase();
    if (MISSING.has(word)) return Number.NaN;
    const infinity = INFINITIES[word];
    if (infinity !== undefined) return infinity;
    const { column } = this.#layout.values[v]!;
    throw malformed(
      this.#file,
      line,
      `${JSON.stringify(text)} in column ${JSON.stringify(column)} is no number: leave it empty, or name the column in label_columns, or leave it out of value_columns`,
    );
  }

  #columnsOf(fields: readonly string[]): readonly Column[] {
    const key = this.#layout.labels.map(({ index }) => fields[index]).join('\u0000');
    let columns = this.#byLabels.get(key);
    if (columns === undefined) {
      columns = this.#layout.values.map(({ metric }) => this.#columnOf(metric, fields));
      this.#byLabels.set(key, columns);
    }
    return columns;
  }

  #columnOf(metric: string, fields: readonly string[]): Column {
    const record: Record<string, string> = { __name__: metric, file: this.#file.name };
    for (const { index, label } of this.#layout.labels) record[label] = fields[index]!;
    const labels = labelsFromRecord(record);
    let column = this.#columns.get(labels.key);
    if (column === undefined) {
      column = new Column(labels);
      this.#columns.set(labels.key, column);
    }
    return column;
  }
}

async function* textOf(
  file: CsvFile,
  options: { readonly signal: AbortSignal; readonly read: (bytes: number) => void },
): AsyncIterable<string> {
  const source = createReadStream(file.path);
  // The iteration below meets every error of both streams; the callback has nothing to add.
  const body = file.path.toLowerCase().endsWith('.gz') ? pipeline(source, createGunzip(), () => {}) : source;
  const decoder = new TextDecoder();
  let seen = 0;
  try {
    for await (const chunk of body) {
      options.signal.throwIfAborted();
      options.read(source.bytesRead - seen);
      seen = source.bytesRead;
      yield decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw describeReadError(file, error);
  } finally {
    source.destroy();
  }
  yield decoder.decode();
}

function describeReadError(file: CsvFile, error: unknown): unknown {
  if (error instanceof OpenAnomalyError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!code.startsWith('Z_')) {
    return new OpenAnomalyError('file_unreadable', `${file.path} cannot be read (${code})`, { cause: error });
  }
  return new OpenAnomalyError(
    'csv_malformed',
    `${file.path}: the compressed data is damaged or cut off: compress the file again`,
    { cause: error },
  );
}
