import { setImmediate as breathe } from 'node:timers/promises';
import { describeError } from '../../errors.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Evaluation, FAMILIES, type Family, type Publisher, type ScoredStep } from '../../ports/publisher.ts';
import { formatLabels } from '../../series/labels.ts';
import type { Telemetry } from '../../telemetry/metrics.ts';
import {
  escapeValue,
  familyHead,
  type GaugeColumn,
  joinLabels,
  LineWriter,
  labelText,
  OPENMETRICS_END,
  type PageFormat,
  withoutSeries,
} from '../../wire/exposition.ts';
import { gzipPieces, PagePiece } from '../../wire/exposition-gzip.ts';
import { renderSelfMetrics, type SelfMetric } from '../../wire/exposition-self.ts';
import { AHEAD_COLUMNS, AHEAD_FAMILIES, FAMILY_HELP, SCORED_COLUMNS } from './page-families.ts';
import {
  aheadText,
  besideOwn,
  HORIZON_LABEL,
  NO_SERIES_TEXTS,
  type SeriesTexts,
  seriesTexts,
  VIEW_LABEL,
} from './series-texts.ts';

/** Lines rendered before the event loop gets a turn: two or three milliseconds of work. */
const LINES_PER_TURN = 4_000;

/** The page that servers scrape: what pipelines published last, then the self-metrics. */
export interface MetricsPage extends Publisher {
  /** The body in pieces, in order. Rendering was done in `publish`; this only puts together. */
  page(format: PageFormat, encoding?: 'identity' | 'gzip'): Promise<readonly Buffer[]>;
}

export interface MetricsPageOptions {
  /** Families are `<prefix>_score` and so on; a legal metric name. */
  readonly prefix: string;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

export function createMetricsPage(options: MetricsPageOptions): MetricsPage {
  return new RenderedPage(options);
}

/** What stands on the page of one pipeline: a piece of text a family, and nothing else but the texts of its labels. */
interface PipelineEntry {
  pieces: ReadonlyMap<Family, PagePiece>;
  texts: SeriesTexts;
  horizons: readonly string[];
  views: readonly string[];
}

class RenderedPage implements MetricsPage {
  readonly #options: MetricsPageOptions;
  readonly #entries = new Map<string, PipelineEntry>();
  readonly #heads: Readonly<Record<PageFormat, ReadonlyMap<Family, PagePiece>>>;
  readonly #writer = new LineWriter();
  /** Evaluations are rendered one after the other: they share the writer, and order within a pipeline matters. */
  #rendering: Promise<unknown> = Promise.resolve();
  #gzipWasAsked = false;
  /** Counted over families and pipelines: many small evaluations in a row must not hold the loop either. */
  #linesThisTurn = 0;

  constructor(options: MetricsPageOptions) {
    this.#options = options;
    this.#heads = { text: this.#headsIn('text'), openmetrics: this.#headsIn('openmetrics') };
  }

  publish(evaluation: Evaluation): Promise<void> {
    const entry = this.#entries.get(evaluation.pipeline) ?? {
      pieces: new Map(),
      texts: NO_SERIES_TEXTS,
      horizons: [],
      views: [],
    };
    this.#entries.set(evaluation.pipeline, entry);
    const rendered = this.#rendering.then(() => this.#render(evaluation, entry));
    // The caller gets the failure; the evaluations behind it are rendered all the same.
    this.#rendering = rendered.catch(() => undefined);
    return rendered;
  }

  remove(pipeline: string): void {
    this.#entries.delete(pipeline);
  }

  async page(format: PageFormat, encoding: 'identity' | 'gzip' = 'identity'): Promise<readonly Buffer[]> {
    const pieces: PagePiece[] = [];
    for (const family of FAMILIES) {
      const parts: PagePiece[] = [];
      for (const entry of this.#entries.values()) {
        const piece = entry.pieces.get(family);
        if (piece !== undefined) parts.push(piece);
      }
      if (parts.length > 0) pieces.push(this.#heads[format].get(family)!, ...parts);
    }
    const rest = (await this.#selfMetrics(format)) + (format === 'openmetrics' ? OPENMETRICS_END : '');
    pieces.push(new PagePiece(Buffer.from(rest)));
    if (encoding === 'identity') return pieces.map((piece) => piece.text);
    this.#gzipWasAsked = true;
    return gzipPieces(pieces);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rendering;
    this.#entries.clear();
  }

  async #render(evaluation: Evaluation, entry: PipelineEntry): Promise<void> {
    const texts = seriesTexts(evaluation.series, entry.texts);
    if (texts.duplicates !== entry.texts.duplicates) this.#tellDuplicates(evaluation.pipeline, texts);
    const pieces = new Map(entry.pieces);
    const step = evaluation.steps.at(-1);
    if (step !== undefined) {
      pieces.set('view', await this.#renderFamily('view', viewColumns(evaluation, step, texts)));
      for (const family of SCORED_COLUMNS) {
        // A series that has no current sample is not shown at all: its band alone would look like a live series.
        const values = step[family];
        if (values === undefined) continue;
        const column = { series: texts.scored, extra: '', values, present: step.value };
        pieces.set(family, await this.#renderFamily(family, [column]));
      }
    }
    const { lookAhead } = evaluation;
    if (lookAhead.length > 0)
      for (const family of AHEAD_FAMILIES) {
        const columns = lookAhead.map((ahead) => ({
          series: texts.ahead,
          extra: horizonText(ahead.horizon),
          values: ahead[AHEAD_COLUMNS[family]],
          present: undefined,
        }));
        pieces.set(family, await this.#renderFamily(family, columns));
      }

    this.#cutEnded(evaluation, entry, pieces);
    if (this.#gzipWasAsked)
      await Promise.all([...pieces.values()].filter((piece) => piece.isKept).map((piece) => piece.deflated()));
    for (const [family, piece] of pieces) if (piece.text.length === 0) pieces.delete(family);
    // Swapped in one go, so that no scrape sees half of an evaluation. An entry that was removed stays unseen.
    entry.pieces = pieces;
    entry.texts = texts;
    entry.views = evaluation.views;
    if (lookAhead.length > 0) entry.horizons = lookAhead.map((ahead) => ahead.horizon);
  }

  async #renderFamily(family: Family, columns: readonly Omit<GaugeColumn, 'name'>[]): Promise<PagePiece> {
    const name = this.#nameOf(family);
    for (const column of columns)
      for (let from = 0; from < column.series.length; from += LINES_PER_TURN) {
        const to = Math.min(from + LINES_PER_TURN, column.series.length);
        this.#linesThisTurn += to - from;
        this.#writer.write({ name, ...column }, from, to);
        if (this.#linesThisTurn < LINES_PER_TURN) continue;
        await breathe();
        this.#linesThisTurn = 0;
      }
    return new PagePiece(this.#writer.take());
  }

  /** Cuts the series that ended out of the pieces that this evaluation did not make anew. */
  #cutEnded({ ended }: Evaluation, entry: PipelineEntry, pieces: Map<Family, PagePiece>): void {
    if (ended.length === 0) return;
    const scored = new Set<string>();
    const ahead = new Set<string>();
    const flagged = new Set<string>();
    for (const labels of ended) {
      const text = labelText(labels);
      scored.add(text);
      for (const horizon of entry.horizons) ahead.add(joinLabels(aheadText(labels, text), horizonText(horizon)));
      for (const view of entry.views) flagged.add(joinLabels(besideOwn(VIEW_LABEL, labels, text), viewText(view)));
    }
    for (const [family, piece] of entry.pieces) {
      if (pieces.get(family) !== piece) continue;
      const gone = family === 'view' ? flagged : family in AHEAD_COLUMNS ? ahead : scored;
      pieces.set(family, new PagePiece(withoutSeries(piece.text, this.#nameOf(family), gone)));
    }
  }

  #tellDuplicates(pipeline: string, { series, duplicates }: SeriesTexts): void {
    const { telemetry, logger } = this.#options;
    telemetry.pipelineDuplicateSeries.set({ pipeline }, duplicates.length);
    const example = series[duplicates[0] ?? -1];
    if (example === undefined) return;
    logger.log('warn', 'series left off the page: their labels equal those of another series of the pipeline', {
      pipeline,
      series: duplicates.length,
      example: formatLabels(example),
    });
  }

  /** Never rejects: the bands of every pipeline shall not be lost over a self-metric. */
  async #selfMetrics(format: PageFormat): Promise<string> {
    try {
      // prom-client declares the type of a metric as a numeric enum; it is the word of the format.
      const metrics: readonly unknown[] = await this.#options.telemetry.registry.getMetricsAsJSON();
      return renderSelfMetrics(metrics as readonly SelfMetric[], format);
    } catch (error) {
      this.#options.logger.log('error', 'self-metrics could not be collected', { err: describeError(error) });
      return '';
    }
  }

  #nameOf(family: Family): string {
    return `${this.#options.prefix}_${family}`;
  }

  #headsIn(format: PageFormat): ReadonlyMap<Family, PagePiece> {
    const head = (family: Family) => familyHead(this.#nameOf(family), FAMILY_HELP[family], 'gauge', format);
    return new Map(FAMILIES.map((family) => [family, new PagePiece(Buffer.from(head(family)))]));
  }
}

/** A column a view, of the flagged series it spoke of: few, so their texts are picked out. */
function viewColumns(
  { views, series }: Evaluation,
  { anomaly, view }: ScoredStep,
  { scored }: SeriesTexts,
): Omit<GaugeColumn, 'name'>[] {
  return views.map((name, v) => {
    const texts: string[] = [];
    for (let s = 0; s < series.length; s++) {
      const text = scored[s];
      const isFlagged = anomaly[s]! !== 0 && !Number.isNaN(anomaly[s]!);
      if (isFlagged && view[s] === v && text !== undefined) texts.push(besideOwn(VIEW_LABEL, series[s]!, text));
    }
    const values = new Float64Array(texts.length).fill(1);
    return { series: texts, extra: viewText(name), values, present: undefined };
  });
}

function viewText(view: string): string {
  return `${VIEW_LABEL}="${escapeValue(view)}"`;
}

function horizonText(horizon: string): string {
  return `${HORIZON_LABEL}="${escapeValue(horizon)}"`;
}
