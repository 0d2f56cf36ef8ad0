import { OpenAnomalyError } from '../../../errors.ts';
import type { Logger } from '../../../ports/logger.ts';
import type { RangePiece, RangeQuery, TsdbClient } from '../../../ports/tsdb-client.ts';
import { parseSelector } from '../../../rules/selector.ts';
import { type Grid, gridBetween } from '../../../series/grid.ts';
import type { PrometheusDatasourceSettings } from '../../../settings/settings.ts';
import { decodeAnswer } from '../../../wire/prometheus-api.ts';
import type { ApiAnswer } from '../../../wire/prometheus-api-answer.ts';
import { LabelCache } from '../../../wire/prometheus-api-labels.ts';
import { type HttpAnswer, type HttpClient, openHttpClient } from '../../http.ts';
import { errorOfStatus, errorOfType } from './answer-errors.ts';
import { GridCollector, TooWide } from './grid-collector.ts';
import { Limiter } from './limiter.ts';
import { MOST_VALUES, PiecePlan } from './piece-plan.ts';
import { planRead, type ReadPlan } from './requests.ts';
import { Deadline, untilAvailable } from './retry.ts';

export interface PrometheusOptions {
  /** Of the data source, for messages. */
  readonly name: string;
  readonly settings: PrometheusDatasourceSettings;
  readonly userAgent: string;
  /** For `proxy_from_environment`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/** Label sets kept so that a series that comes again is not parsed again. */
const KEPT_LABEL_SETS = 100_000;

/** Beginning of a failed answer's body that is looked at. */
const MESSAGE_BYTES = 16 * 1024;

/** Reads Prometheus, VictoriaMetrics and whatever else speaks that HTTP API. */
export function openPrometheus(options: PrometheusOptions): TsdbClient {
  return new PrometheusClient(options);
}

class PrometheusClient implements TsdbClient {
  readonly #name: string;
  readonly #settings: PrometheusDatasourceSettings;
  readonly #baseUrl: string;
  readonly #logger: Logger;
  readonly #http: HttpClient;
  readonly #limiter: Limiter;
  readonly #labels = new LabelCache(KEPT_LABEL_SETS);

  constructor({ name, settings, userAgent, environment, logger }: PrometheusOptions) {
    this.#name = name;
    this.#settings = settings;
    this.#baseUrl = settings.url.replace(/\/+$/, '');
    this.#logger = logger;
    this.#http = openHttpClient(settings.http, environment === undefined ? { userAgent } : { userAgent, environment });
    this.#limiter = new Limiter(settings.maxConcurrentQueries);
  }

  narrows(query: string): boolean {
    return parseSelector(query) !== undefined;
  }

  async *queryRange(query: RangeQuery, signal: AbortSignal): AsyncGenerator<RangePiece, void, void> {
    signal.throwIfAborted();
    const read = planRead(query);
    const plan = new PiecePlan(gridBetween(query.startMs, query.endMs, query.stepMs), read.mostSteps);
    for (let grid = plan.next(); grid !== undefined; grid = plan.next()) {
      try {
        const { piece, samples } = await this.#readPiece({ query, read, grid }, signal);
        plan.finished(grid, piece.block.labels.length, samples);
        yield piece;
      } catch (error) {
        if (!(error instanceof TooWide)) throw error;
        plan.tooWide(grid, error.series);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  /** The timeout holds for each piece, from when its turn has come. */
  #readPiece(what: PieceRead, signal: AbortSignal): Promise<{ piece: RangePiece; samples: number }> {
    const deadline = new Deadline(Math.min(what.query.timeoutMs, this.#settings.timeoutMs));
    const attempt = () => {
      deadline.start();
      return this.#attempt(what, deadline, signal);
    };
    return untilAvailable(() => this.#limiter.run(attempt, signal), {
      deadline,
      signal,
      failed: (error, pauseMs) =>
        this.#logger.log('debug', 'a read failed and is tried again', {
          code: error.code,
          pauseMs,
          err: error.message,
        }),
    });
  }

  async #attempt(
    { query, read, grid }: PieceRead,
    deadline: Deadline,
    signal: AbortSignal,
  ): Promise<{ piece: RangePiece; samples: number }> {
    const answer = await this.#post(read, grid, deadline, signal);
    const collector = new GridCollector(grid, query, MOST_VALUES);
    const said = await decodeAnswer(answer.body, { labels: this.#labels, take: collector.take });
    this.#checkAnswer(said);
    return { piece: collector.piece(said), samples: said.samples };
  }

  async #post(read: ReadPlan, grid: Grid, deadline: Deadline, signal: AbortSignal): Promise<HttpAnswer> {
    const timeoutMs = Math.max(1, Math.ceil(deadline.leftMs));
    const { path, form } = read.requestFor(grid);
    const answer = await this.#http.request(
      {
        method: 'POST',
        url: this.#baseUrl + path,
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        // Servers that obey `timeout` stop working for nobody; ours holds for those that do not.
        body: new URLSearchParams({ ...form, timeout: `${timeoutMs}ms`, ...this.#settings.params }).toString(),
        timeoutMs,
      },
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw errorOfStatus({
      name: this.#name,
      status: answer.status,
      text: await answer.text(MESSAGE_BYTES),
      retryAfter: answer.headers['retry-after'],
    });
  }

  #checkAnswer(said: ApiAnswer): void {
    if (said.status === 'error') throw errorOfType(this.#name, said.errorType, said.error);
    if (said.resultType === 'matrix' || said.resultType === 'vector') return;
    throw new OpenAnomalyError(
      'query_wrong_type',
      `the query answers a ${said.resultType ?? 'result without a type'}, not series of samples; write one that answers series`,
    );
  }
}

interface PieceRead {
  readonly query: RangeQuery;
  readonly read: ReadPlan;
  readonly grid: Grid;
}
