import { OpenAnomalyError } from '../../../errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Logger } from '../../../ports/logger.ts';
import type { RangePiece, RangeQuery, TsdbClient } from '../../../ports/tsdb-client.ts';
import { parseSelector } from '../../../rules/selector.ts';
import type { SeriesBlock } from '../../../series/block.ts';
import type { Grid } from '../../../series/grid.ts';
import type { CsvDatasourceSettings } from '../../../settings/settings.ts';
import { answerInPieces, checkLimit, cutGrid, seriesTest } from '../pieces.ts';
import type { Column } from './column.ts';
import { type CsvFile, findFiles } from './files.ts';
import { loadFile } from './load.ts';

const EXAMPLE = 'cpu_usage{file="server-1"}';

export interface CsvOptions {
  readonly settings: CsvDatasourceSettings;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told while files are read: bytes on disk so far and in all. */
  readonly progress?: (readBytes: number, totalBytes: number) => void;
}

/**
 * CSV files as a data source. They are read at the first query and again when one of them changed, and are held in
 * memory. A series is named after its column, or after its file when the column is called `value`; the label `file`
 * tells files apart.
 */
export function openCsv(options: CsvOptions): TsdbClient {
  return new CsvClient(options);
}

class CsvClient implements TsdbClient {
  readonly #options: CsvOptions;
  readonly #closed = new AbortController();
  #version: string | undefined;
  #columns: Promise<readonly Column[]> | undefined;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  narrows(query: string): boolean {
    return parseSelector(query) !== undefined;
  }

  async *queryRange(query: RangeQuery, signal: AbortSignal): AsyncIterable<RangePiece> {
    signal.throwIfAborted();
    const matches = seriesTest(query, 'the CSV source', EXAMPLE);
    const all = await withDeadline(this.#load(), query.timeoutMs, signal);
    const columns = all.filter(
      (column) => matches(column.labels) && column.hasBetween(query.startMs - query.stepMs, query.endMs),
    );
    checkLimit(query, columns.length);
    yield* answerInPieces(cutGrid(query, columns.length), (grid) => blockOf(columns, grid), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new OpenAnomalyError('shutting_down', 'the CSV source is closed'));
    await this.#columns?.catch(() => {});
  }

  async #load(): Promise<readonly Column[]> {
    const files = await findFiles(this.#options.settings.path);
    const version = files.map(({ path, bytes, modifiedMs }) => `${path}:${bytes}:${modifiedMs}`).join('\n');
    if (this.#columns === undefined || version !== this.#version) {
      this.#version = version;
      this.#columns = this.#read(files);
      // A failure is told to those who wait; the next query tries again.
      this.#columns.catch(() => {
        if (this.#version === version) this.#columns = undefined;
      });
    }
    return this.#columns;
  }

  async #read(files: readonly CsvFile[]): Promise<readonly Column[]> {
    const { settings, logger, clock, progress } = this.#options;
    const startedMs = clock.nowMs();
    const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
    let readBytes = 0;
    let rows = 0;
    const formats = new Set<string>();
    const columns = new Map<string, Column>();
    for (const file of files) {
      const summary = await loadFile(file, columns, {
        settings,
        signal: this.#closed.signal,
        read: (bytes) => {
          readBytes += bytes;
          progress?.(readBytes, totalBytes);
        },
      });
      rows += summary.rows;
      formats.add(summary.timestamps);
      logger.log('debug', 'CSV file read', { file: file.path, ...summary });
    }
    this.#settle(columns);
    logger.log('info', 'CSV files read', {
      path: settings.path,
      files: files.length,
      series: columns.size,
      rows,
      timestamps: [...formats].join('; '),
      seconds: (clock.nowMs() - startedMs) / 1000,
    });
    return [...columns.values()];
  }

  #settle(columns: ReadonlyMap<string, Column>): void {
    let backward = 0;
    let replaced = 0;
    let series = 0;
    for (const column of columns.values()) {
      const summary = column.settle();
      backward += summary.backward;
      replaced += summary.replaced;
      if (summary.backward > 0 || summary.replaced > 0) series++;
    }
    if (series === 0) return;
    const message = 'CSV samples were out of order or repeated: sorted by time, the last of each timestamp kept';
    this.#options.logger.log('warn', message, { path: this.#options.settings.path, series, backward, replaced });
  }
}

function blockOf(columns: readonly Column[], grid: Grid): SeriesBlock {
  const values = new Float64Array(columns.length * grid.steps).fill(Number.NaN);
  columns.forEach((column, s) => {
    column.writeOnto(grid, values.subarray(s * grid.steps, (s + 1) * grid.steps));
  });
  return { labels: columns.map(({ labels }) => labels), grid, values };
}

/** Waits for work that goes on by itself when the wait is given up. */
async function withDeadline<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  let giveUp: (reason: unknown) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const late = () =>
    giveUp(
      new OpenAnomalyError('datasource_timeout', `the CSV files are still being read after ${timeoutMs / 1000} s`),
    );
  const timer = setTimeout(late, timeoutMs);
  const aborted = () => giveUp(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
  }
}
