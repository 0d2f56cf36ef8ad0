import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Columns of a CSV file. Cells of number columns are numbers, NaN where they are empty or `nan`. */
export interface CsvFile {
  readonly path: string;
  readonly header: readonly string[];
  /** The cells of each line after the header, as text. */
  readonly rows: readonly (readonly string[])[];
}

const BOM = 0xfeff;

/** Text of a file, unpacked where its name ends in `.gz`. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/**
 * Reads a CSV file with a header, plain or gzipped, cells without quotes. Throws at `file:line` where a line has another
 * number of cells than the header.
 */
export function readCsv(path: string): CsvFile {
  const text = readText(path);
  const lines = (text.charCodeAt(0) === BOM ? text.slice(1) : text).split(/\r?\n/);
  const header = lines[0]!.split(',');
  const rows: string[][] = [];
  for (let i = 1; i < lines.length; i++) {
    if (lines[i] === '' && header.length > 1) continue;
    // In a file of one column an empty line is a missing value, but not the one that ends the file.
    if (lines[i] === '' && i === lines.length - 1) continue;
    const cells = lines[i]!.split(',');
    if (cells.length !== header.length) {
      throw new Error(`${path}:${i + 1}: ${cells.length} cells where the header has ${header.length}`);
    }
    rows.push(cells);
  }
  return { path, header, rows };
}

/** Position of a column. Throws when the file has none of that name. */
export function columnIndex(file: CsvFile, name: string): number {
  const index = file.header.indexOf(name);
  if (index < 0) throw new Error(`${file.path}: no column "${name}"; there are ${file.header.join(', ')}`);
  return index;
}

/** A column of numbers; NaN where a cell is empty, `nan` or infinite. Throws at `file:line` for other text. */
export function numberColumn(file: CsvFile, column: number): Float64Array {
  return Float64Array.from(file.rows, (cells, row) => {
    const text = cells[column]!.trim();
    if (text === '' || /^nan$/i.test(text)) return Number.NaN;
    const value = Number(text);
    if (Number.isNaN(value)) throw new Error(`${file.path}:${row + 2}: "${text}" is no number`);
    return Number.isFinite(value) ? value : Number.NaN;
  });
}

/**
 * A column of instants in milliseconds: Unix seconds, or a date and time, UTC where it names no zone. Throws at
 * `file:line` for anything else.
 */
export function timeColumn(file: CsvFile, column: number): Float64Array {
  return Float64Array.from(file.rows, (cells, row) => {
    const timeMs = parseTime(cells[column]!.trim());
    if (Number.isNaN(timeMs)) throw new Error(`${file.path}:${row + 2}: "${cells[column]}" is no timestamp`);
    return timeMs;
  });
}

/** NaN where the text is no instant. */
export function parseTime(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (match === null) return Number.NaN;
  const [, date, time, zone = 'Z'] = match;
  return Date.parse(`${date}T${time}${zone}`);
}
