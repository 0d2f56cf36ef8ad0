export interface Row {
  /** Line of the file the row begins on; the header is on 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Characters of a record over several lines, and of a line. Beyond, a quote was not closed, or this is no text. */
const LONGEST_QUOTED = 64 * 1024;
const LONGEST_LINE = 16 * 1024 * 1024;
const DELIMITERS = [',', ';', '\t'] as const;

/**
 * Cuts text that arrives in chunks into rows. Fields may be quoted as in RFC 4180, with delimiters, line ends and
 * doubled quotes inside. The delimiter is the one that occurs most in the first line. Empty lines are passed over.
 */
export class RowSplitter {
  #rest = '';
  #line = 1;
  #delimiter: string | undefined;

  /** The rows that are complete with this chunk, or where a record begins that has no end. */
  push(chunk: string): Row[] | EndlessRecord {
    return this.#take(this.#rest + chunk, false);
  }

  /** The rows that the end of the file completes. */
  end(): Row[] | EndlessRecord {
    return this.#take(this.#rest, true);
  }

  #take(text: string, isEnd: boolean): Row[] | EndlessRecord {
    const rows: Row[] = [];
    let start = 0;
    let searchFrom = 0;
    let lines = 0;
    while (start < text.length) {
      let end = text.indexOf('\n', searchFrom);
      if (end === -1) {
        if (!isEnd) break;
        end = text.length;
      }
      lines++;
      const record = text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
      this.#delimiter ??= mostUsedDelimiter(record);
      const fields = record.includes('"') ? splitQuoted(record, this.#delimiter) : record.split(this.#delimiter);
      if (fields === undefined) {
        if (end === text.length || record.length > LONGEST_QUOTED) return { endlessLine: this.#line };
        // The line end belongs to a quoted field: the record goes on.
        searchFrom = end + 1;
        continue;
      }
      if (record !== '') rows.push({ line: this.#line, fields });
      this.#line += lines;
      lines = 0;
      start = end + 1;
      searchFrom = start;
    }
    this.#rest = text.slice(start);
    return this.#rest.length > LONGEST_LINE ? { endlessLine: this.#line } : rows;
  }
}

/** Line on which a record begins that no line end closes. */
export interface EndlessRecord {
  readonly endlessLine: number;
}

function mostUsedDelimiter(header: string): string {
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/** Undefined while a quote is open. */
function splitQuoted(record: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; at <= record.length; ) {
    if (record[at] !== '"') {
      const end = record.indexOf(delimiter, at);
      fields.push(record.slice(at, end === -1 ? undefined : end));
      if (end === -1) break;
      at = end + 1;
      continue;
    }
    let close = record.indexOf('"', at + 1);
    while (close !== -1 && record[close + 1] === '"') close = record.indexOf('"', close + 2);
    if (close === -1) return undefined;
    const end = record.indexOf(delimiter, close + 1);
    const after = record.slice(close + 1, end === -1 ? undefined : end);
    fields.push(record.slice(at + 1, close).replaceAll('""', '"') + after);
    if (end === -1) break;
    at = end + 1;
  }
  return fields;
}
