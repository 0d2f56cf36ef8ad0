import { OpenAnomalyError } from '../../../errors.ts';
import type { RangePiece, RangeQuery, TsdbClient } from '../../../ports/tsdb-client.ts';
import { gridBetween } from '../../../series/grid.ts';
import { type Labels, labelsFromRecord, withoutLabel } from '../../../series/labels.ts';
import type { Begun, StreamBlock } from './messages.ts';

/** Values of one piece: some megabytes. */
const VALUES_PER_PIECE = 1_000_000;

export interface StreamReader {
  begin(startMs: number, endMs: number): Promise<Begun>;
  block(startMs: number, steps: number): Promise<StreamBlock>;
}

export interface StreamSourceOptions {
  /** The stream at the time, or nothing while there is none; `within` bounds each wait. */
  readonly open: (within: { readonly timeoutMs: number; readonly signal: AbortSignal }) => StreamReader | undefined;
  /** Labels by slot, as far as they were told. */
  readonly labels: () => Labels[];
  readonly past: () => TsdbClient | undefined;
  /** Whether values are rates, which have no metric name. */
  readonly isRate: () => boolean;
  /** Label that scored series are without; undefined: no pairs. */
  readonly replica: () => string | undefined;
}

/** A stream as a data source: from where it knows everything it answers itself, what is before is read from the past. */
export class StreamSource implements TsdbClient {
  readonly #options: StreamSourceOptions;

  constructor(options: StreamSourceOptions) {
    this.#options = options;
  }

  /** Label sets of pairs are not those of the data source. */
  narrows(query: string): boolean {
    return this.#options.replica() === undefined && this.#options.past()?.narrows?.(query) === true;
  }

  async *queryRange(query: RangeQuery, signal: AbortSignal): AsyncGenerator<RangePiece, void, void> {
    const wanted = query.only && new Set(query.only.map(({ key }) => key));
    for await (const piece of this.#pieces(query, signal)) yield wanted === undefined ? piece : narrowed(piece, wanted);
  }

  async *#pieces(query: RangeQuery, signal: AbortSignal): AsyncGenerator<RangePiece, void, void> {
    signal.throwIfAborted();
    const { startMs, endMs, stepMs, limit } = query;
    const reader = this.#options.open({ timeoutMs: query.timeoutMs, signal });
    const begun = await reader?.begin(startMs, endMs);
    if (limit > 0 && begun !== undefined && begun.series > limit) throw overLimit(limit);
    const past = this.#options.past();
    const fromMs = (past === undefined ? begun?.oldestMs : begun?.knownFromMs) ?? Number.POSITIVE_INFINITY;
    const splitMs = Math.min(Math.max(fromMs, startMs), endMs + stepMs);
    if (splitMs > startMs) {
      const before = { ...query, endMs: splitMs - stepMs };
      if (past === undefined) yield nothing(before);
      else yield* this.#readPast(past, before, signal);
    }
    const most = Math.max(1, Math.floor(VALUES_PER_PIECE / Math.max(1, begun?.series ?? 1)));
    const rest = gridBetween(splitMs, endMs, stepMs);
    for (let from = 0; from < rest.steps; from += most) {
      const grid = { startMs: splitMs + from * stepMs, stepMs, steps: Math.min(most, rest.steps - from) };
      const block = await reader!.block(grid.startMs, grid.steps);
      signal.throwIfAborted();
      yield this.#pieceOf(block, grid);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #pieceOf(block: StreamBlock, grid: Block['grid']): RangePiece {
    const known = this.#options.labels();
    for (const { slot, pairs } of block.told) known[slot] = labelsOf(pairs);
    const labels = Array.from(block.slots, (slot) => known[slot]!);
    const { values, samples } = block;
    const piece = { block: { labels, grid, values }, samples, bytes: 0, histograms: 0, warnings: [] };
    return this.#options.isRate() ? withoutName(piece) : piece;
  }

  async *#readPast(past: TsdbClient, query: RangeQuery, signal: AbortSignal): AsyncGenerator<RangePiece, void, void> {
    const replica = this.#options.replica();
    if (replica === undefined) {
      yield* past.queryRange(query, signal);
      return;
    }
    const { only: _, ...all } = query;
    for await (const piece of past.queryRange(all, signal))
      yield { ...piece, block: withoutReplica(piece.block, replica) };
  }
}

type Block = RangePiece['block'];

/** Rates have no metric name, as in a data source. Of series that are alike without it the first one counts. */
function withoutName(piece: RangePiece): RangePiece {
  const { labels, grid, values } = piece.block;
  const rowByKey = new Map<string, number>();
  const nameless = labels.map((input) => withoutLabel(input, '__name__'));
  nameless.forEach(({ key }, row) => {
    if (!rowByKey.has(key)) rowByKey.set(key, row);
  });
  return pickRows({ ...piece, block: { labels: nameless, grid, values } }, [...rowByKey.values()]);
}

/** Series that differ in their replica only are one: the first one's samples, and the others' where it has none. */
function withoutReplica({ labels, grid, values }: Block, replica: string): Block {
  const rowByKey = new Map<string, number>();
  const kept: Labels[] = [];
  const rows = new Float64Array(values.length);
  labels.forEach((input, from) => {
    const scored = withoutLabel(input, replica);
    const row = rowByKey.get(scored.key) ?? kept.push(scored) - 1;
    const isNew = !rowByKey.has(scored.key);
    rowByKey.set(scored.key, row);
    for (let i = 0; i < grid.steps; i++) {
      const at = row * grid.steps + i;
      if (isNew || Number.isNaN(rows[at]!)) rows[at] = values[from * grid.steps + i]!;
    }
  });
  return { labels: kept, grid, values: rows.subarray(0, kept.length * grid.steps) };
}

/** The rows of wanted series: whoever asks for some must not get parts of others. */
function narrowed(piece: RangePiece, wanted: ReadonlySet<string>): RangePiece {
  return pickRows(
    piece,
    piece.block.labels.flatMap(({ key }, row) => (wanted.has(key) ? [row] : [])),
  );
}

function pickRows(piece: RangePiece, rows: readonly number[]): RangePiece {
  const { labels, grid, values } = piece.block;
  if (rows.length === labels.length) return piece;
  const kept = new Float64Array(rows.length * grid.steps);
  rows.forEach((row, i) => {
    kept.set(values.subarray(row * grid.steps, (row + 1) * grid.steps), i * grid.steps);
  });
  const block = { labels: rows.map((row) => labels[row]!), grid, values: kept };
  return { ...piece, block, samples: kept.filter(Number.isFinite).length };
}

function nothing({ startMs, endMs, stepMs }: RangeQuery): RangePiece {
  const grid = gridBetween(startMs, endMs, stepMs);
  return {
    block: { labels: [], grid, values: new Float64Array(0) },
    samples: 0,
    bytes: 0,
    histograms: 0,
    warnings: [],
  };
}

function labelsOf(pairs: readonly string[]): Labels {
  const record: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) record[pairs[i]!] = pairs[i + 1]!;
  return labelsFromRecord(record);
}

function overLimit(limit: number): OpenAnomalyError {
  return new OpenAnomalyError(
    'series_limit',
    `more than ${limit} series pass, which is the limit: narrow the selector or raise \`limit\``,
  );
}
