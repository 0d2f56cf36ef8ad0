import { OpenAnomalyError } from '../../errors.ts';
import type { ForecastBlock, SeriesHint } from '../../forecast/forecast.ts';
import { QUANTILE_LEVELS } from '../../forecast/quantile.ts';
import type { Logger } from '../../ports/logger.ts';
import type { EngineTraits, ForecastRequest, ModelEngine } from '../../ports/model-engine.ts';
import { gridEnd } from '../../series/grid.ts';
import type { Telemetry } from '../../telemetry/metrics.ts';
import { BatchQueue } from './batch-queue.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { WorkerThread } from './worker-thread.ts';

/** Most bytes of context in one batch, so that a thread answers within a second and copies stay small. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** A week at a minute. No engine here looks further back. */
const MAX_CONTEXT_STEPS = 10_080;
/** A thread beyond the first that had nothing to do for so long is stopped: its memory is worth more than its start. */
const REST_MS = 60_000;

export interface WorkerPoolOptions {
  readonly count: number;
  /** Most batches that may wait; whoever brings more waits for room. */
  readonly queueBatches: number;
  readonly batchSeries: number;
  /** Compiled entry of the threads. */
  readonly workerUrl: URL;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Folder of the model files; the shipped ones by default. */
  readonly modelsDir?: string;
  /** Time after which threads without work are stopped, all but one. */
  readonly restMs?: number;
}

export interface WorkerPool extends ModelEngine {
  /**
   * Starts the threads and resolves once each has answered, with the model open in those that need one. Rejects with
   * `engine_failed` where a thread cannot start; a model that cannot be opened is told in the log, once.
   */
  warm(what?: { readonly withModel: boolean }): Promise<void>;
}

type Forecast = Extract<FromWorker, { kind: 'forecast' }>;

interface Batch {
  readonly request: ForecastRequest;
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
  /** Settles when the batch's answer was taken, or when it failed. */
  readonly done: Promise<void>;
  resolve(answer: Forecast): void;
  reject(error: unknown): void;
}

/** Engines in worker threads: the thread that serves `/metrics` never runs one. Threads start with the first request. */
export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new ThreadPool(options);
}

class ThreadPool implements WorkerPool {
  readonly traits: EngineTraits = { id: 'local', maxContextSteps: MAX_CONTEXT_STEPS, levels: QUANTILE_LEVELS };
  readonly #options: WorkerPoolOptions;
  readonly #threads = new Set<WorkerThread>();
  /** Threads without work, the one that rested longest first. */
  readonly #idle: { readonly thread: WorkerThread; readonly retirement: NodeJS.Timeout }[] = [];
  readonly #queue: BatchQueue<Batch>;
  #isClosed = false;
  #hasToldProblem = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#queue = new BatchQueue(options.queueBatches);
  }

  async warm({ withModel } = { withModel: true }): Promise<void> {
    const fresh: WorkerThread[] = [];
    while (this.#threads.size < this.#options.count) fresh.push(this.#start());
    const answers = await Promise.allSettled(fresh.map((thread) => thread.ask({ kind: 'ping', withModel })));
    for (const answer of answers) if (answer.status === 'fulfilled') this.#tellProblem(answer.value);
    for (const thread of fresh) this.#rest(thread);
    this.#dispatch();
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined && !this.#isClosed) {
      throw new OpenAnomalyError('engine_failed', 'a worker thread did not start', { cause: failed.reason });
    }
  }

  async forecast(request: ForecastRequest, signal: AbortSignal): Promise<ForecastBlock> {
    signal.throwIfAborted();
    this.#assertOpen();
    const { grid, labels } = request.context;
    const width = request.horizonSteps * QUANTILE_LEVELS.length;
    const quantiles = new Float64Array(labels.length * width);
    const hints = new Array<SeriesHint>(labels.length);
    const batches = this.#batchesOf(request, signal, ({ from }, forecast) => {
      quantiles.set(forecast.quantiles, from * width);
      forecast.hints.forEach((hint, i) => {
        hints[from + i] = hint;
      });
    });
    await this.#runAll(batches, signal);
    const startMs = gridEnd(grid) + grid.stepMs;
    return { startMs, stepMs: grid.stepMs, steps: request.horizonSteps, levels: QUANTILE_LEVELS, quantiles, hints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const batch of this.#queue.drain()) batch.reject(closedError());
    for (const { retirement } of this.#idle.splice(0)) clearTimeout(retirement);
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
    this.#threads.clear();
    this.#report();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError();
  }

  #batchesOf(request: ForecastRequest, signal: AbortSignal, take: (batch: Batch, forecast: Forecast) => void): Batch[] {
    const { grid, labels } = request.context;
    const size = Math.max(1, Math.min(this.#options.batchSeries, Math.floor(BATCH_BYTES / (8 * grid.steps))));
    const batches: Batch[] = [];
    for (let from = 0; from < labels.length; from += size) {
      batches.push(newBatch({ request, from, to: Math.min(from + size, labels.length), signal }, take));
    }
    return batches;
  }

  /**
   * Resolves when all batches are done, rejects with the first failure or the signal's reason. Then the batches that
   * wait are taken back; the answer of one that already runs is dropped, its thread is free once it has finished.
   */
  async #runAll(batches: readonly Batch[], signal: AbortSignal): Promise<void> {
    // One listener on the caller's signal, however many batches there are.
    const over = new AbortController();
    const abort = () => over.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true });
        for (const batch of batches) batch.done.catch((error) => over.abort(error));
        const done = this.#queueAll(batches, over.signal).then(() => Promise.all(batches.map((batch) => batch.done)));
        done.then(() => resolve(), reject);
      });
    } finally {
      signal.removeEventListener('abort', abort);
      over.abort();
      for (const batch of batches) this.#queue.remove(batch);
      this.#report();
    }
  }

  async #queueAll(batches: readonly Batch[], signal: AbortSignal): Promise<void> {
    for (const batch of batches) {
      await this.#queue.push(batch, signal);
      this.#assertOpen();
      this.#dispatch();
    }
  }

  #dispatch(): void {
    while (this.#queue.size > 0 && !this.#isClosed) {
      const thread = this.#takeThread();
      if (thread === undefined) break;
      void this.#run(this.#queue.shift()!, thread);
    }
    this.#report();
  }

  #takeThread(): WorkerThread | undefined {
    const rested = this.#idle.pop();
    if (rested === undefined) return this.#threads.size < this.#options.count ? this.#start() : undefined;
    clearTimeout(rested.retirement);
    return rested.thread;
  }

  /** Runs a batch, once more on a new thread when its thread died under it. Never rejects. */
  async #run(batch: Batch, thread: WorkerThread): Promise<void> {
    const { telemetry, logger } = this.#options;
    const { engine } = batch.request;
    let current = thread;
    try {
      const answer = await current.ask(messageOf(batch)).catch((error: Error) => {
        if (this.#isClosed || batch.signal.aborted) throw error;
        logger.log('warn', 'a worker thread died; its batch is tried once more', { engine, err: error.message });
        this.#threads.delete(current);
        current = this.#start();
        return current.ask(messageOf(batch));
      });
      if (answer.kind !== 'forecast') throw failureOf(answer);
      this.#tellProblem(answer);
      telemetry.modelBatches.inc({ engine, outcome: 'success' });
      telemetry.modelBatchDuration.observe({ engine }, answer.durationMs / 1000);
      batch.resolve(answer);
    } catch (cause) {
      telemetry.modelBatches.inc({ engine, outcome: 'failed' });
      batch.reject(this.#isClosed ? closedError() : errorOf(batch, cause));
    }
    this.#rest(current);
    this.#dispatch();
  }

  #start(): WorkerThread {
    const { modelsDir } = this.#options;
    const thread = new WorkerThread(this.#options.workerUrl, modelsDir === undefined ? {} : { modelsDir });
    this.#threads.add(thread);
    return thread;
  }

  /** Once, however many threads and batches find the same. */
  #tellProblem(answer: FromWorker): void {
    if (answer.kind === 'failure' || answer.modelProblem === undefined || this.#hasToldProblem) return;
    this.#hasToldProblem = true;
    this.#options.logger.log('warn', 'the forecast model is not available; the statistical engines carry on', {
      err: answer.modelProblem,
    });
  }

  /** Puts a thread that has finished where the next batch finds it; a dead one goes. */
  #rest(thread: WorkerThread): void {
    if (thread.isDead || this.#isClosed) {
      this.#threads.delete(thread);
      return;
    }
    const retirement = setTimeout(() => this.#retire(thread), this.#options.restMs ?? REST_MS);
    retirement.unref();
    this.#idle.push({ thread, retirement });
  }

  #retire(thread: WorkerThread): void {
    if (this.#threads.size < 2) return;
    const at = this.#idle.findIndex((rested) => rested.thread === thread);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#threads.delete(thread);
    this.#report();
    void thread.terminate();
  }

  #report(): void {
    this.#options.telemetry.modelQueueBatches.set(this.#queue.size);
    this.#options.telemetry.modelWorkers.set(this.#threads.size);
  }
}

function newBatch(
  piece: Pick<Batch, 'request' | 'from' | 'to' | 'signal'>,
  take: (batch: Batch, forecast: Forecast) => void,
): Batch {
  let settle!: Pick<Batch, 'reject'> & { resolve(): void };
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const batch: Batch = {
    ...piece,
    done,
    resolve: (forecast) => {
      take(batch, forecast);
      settle.resolve();
    },
    reject: settle.reject,
  };
  return batch;
}

function closedError(): OpenAnomalyError {
  return new OpenAnomalyError('shutting_down', 'the engines are being stopped');
}

function failureOf(answer: FromWorker): Error {
  if (answer.kind !== 'failure') return new Error(`unexpected answer "${answer.kind}" of a worker thread`);
  const error = new OpenAnomalyError(answer.code, answer.message);
  if (answer.stack !== undefined) error.stack = answer.stack;
  return error;
}

/** Mistakes of the request keep their code; everything else is a failure of the engine. */
function errorOf(batch: Batch, cause: unknown): OpenAnomalyError {
  if (cause instanceof OpenAnomalyError && cause.code === 'engine_unavailable') return cause;
  const what = cause instanceof Error ? cause.message : String(cause);
  const message = `engine "${batch.request.engine}" failed on ${batch.to - batch.from} series: ${what}`;
  return new OpenAnomalyError('engine_failed', message, { cause });
}

/** Made anew for each try: the buffer is handed over with the message. */
function messageOf({ request, from, to }: Batch): ToWorker {
  const { grid, values } = request.context;
  return {
    kind: 'forecast',
    series: to - from,
    grid,
    values: values.slice(from * grid.steps, to * grid.steps),
    horizonSteps: request.horizonSteps,
    engine: request.engine,
    parameters: request.parameters,
    locale: request.locale,
    hints: request.hints.slice(from, to),
  };
}
