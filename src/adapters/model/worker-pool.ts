import { OpenAnomalyError } from '../../errors.ts';
import type { ForecastBlock, SeriesHint } from '../../forecast/forecast.ts';
import { QUANTILE_LEVELS } from '../../forecast/quantile.ts';
import type { Logger } from '../../ports/logger.ts';
import type { EngineTraits, ForecastRequest, ModelEngine } from '../../ports/model-engine.ts';
import type { Telemetry } from '../../telemetry/metrics.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { WorkerThread } from './worker-thread.ts';

/** Most bytes of context in one batch, so that a thread answers within a second and copies stay small. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** No engine here looks further back than this. */
const MAX_CONTEXT_STEPS = 10_080;

export interface WorkerPoolOptions {
  readonly count: number;
  /** Most batches that may wait; whoever brings more waits for room. */
  readonly queueBatches: number;
  readonly batchSeries: number;
  /** Compiled entry of the threads. */
  readonly workerUrl: URL;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

export interface WorkerPool extends ModelEngine {
  /** Starts the threads and resolves once each has answered. */
  warm(): Promise<void>;
}

type Forecast = Extract<FromWorker, { kind: 'forecast' }>;

interface Batch {
  readonly request: ForecastRequest;
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
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
  readonly #idle: WorkerThread[] = [];
  readonly #threads = new Set<WorkerThread>();
  readonly #queue: Batch[] = [];
  readonly #waitingForRoom: (() => void)[] = [];
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  async warm(): Promise<void> {
    while (this.#threads.size < this.#options.count) this.#idle.push(this.#startThread());
    const threads = this.#idle.splice(0);
    await Promise.all(threads.map((thread) => thread.ask({ kind: 'ping' })));
    this.#idle.push(...threads);
    this.#dispatch();
  }

  async forecast(request: ForecastRequest, signal: AbortSignal): Promise<ForecastBlock> {
    signal.throwIfAborted();
    const { grid, labels } = request.context;
    const width = request.horizonSteps * QUANTILE_LEVELS.length;
    const quantiles = new Float64Array(labels.length * width);
    const hints: SeriesHint[] = [];
    const size = Math.max(1, Math.min(this.#options.batchSeries, Math.floor(BATCH_BYTES / (8 * grid.steps))));
    const answers: Promise<void>[] = [];
    for (let from = 0; from < labels.length; from += size) {
      await this.#room(signal);
      const to = Math.min(from + size, labels.length);
      const answer = this.#enqueue({ request, from, to, signal }).then((forecast) => {
        quantiles.set(forecast.quantiles, from * width);
        forecast.hints.forEach((hint, i) => {
          hints[from + i] = hint;
        });
      });
      // A later batch may fail while an earlier one is still waited for; it is looked at below.
      answer.catch(() => {});
      answers.push(answer);
    }
    await Promise.all(answers);
    const startMs = grid.startMs + grid.steps * grid.stepMs;
    return { startMs, stepMs: grid.stepMs, steps: request.horizonSteps, levels: QUANTILE_LEVELS, quantiles, hints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const closed = new OpenAnomalyError('shutting_down', 'the engines are being stopped');
    for (const batch of this.#queue.splice(0)) batch.reject(closed);
    for (const proceed of this.#waitingForRoom.splice(0)) proceed();
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
    this.#threads.clear();
    this.#idle.length = 0;
    this.#report();
  }

  /** Resolves when the queue has room for one more batch. */
  async #room(signal: AbortSignal): Promise<void> {
    while (this.#queue.length >= this.#options.queueBatches && !this.#isClosed) {
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          this.#waitingForRoom.splice(this.#waitingForRoom.indexOf(proceed), 1);
          reject(signal.reason);
        };
        const proceed = () => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
        signal.addEventListener('abort', stop, { once: true });
        this.#waitingForRoom.push(proceed);
      });
    }
    if (this.#isClosed) throw new OpenAnomalyError('shutting_down', 'the engines are being stopped');
  }

  #enqueue(piece: Pick<Batch, 'request' | 'from' | 'to' | 'signal'>): Promise<Forecast> {
    return new Promise((resolve, reject) => {
      const { signal } = piece;
      const stop = () => {
        const at = this.#queue.indexOf(batch);
        if (at >= 0) this.#queue.splice(at, 1);
        this.#makeRoom();
        reject(signal.reason);
      };
      const settled = () => signal.removeEventListener('abort', stop);
      const batch: Batch = {
        ...piece,
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#queue.push(batch);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#queue.length > 0 && !this.#isClosed) {
      if (this.#idle.length === 0 && this.#threads.size < this.#options.count) this.#idle.push(this.#startThread());
      const thread = this.#idle.pop();
      if (thread === undefined) break;
      const batch = this.#queue.shift()!;
      this.#makeRoom();
      void this.#run(batch, thread);
    }
    this.#report();
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
        current = this.#startThread();
        return current.ask(messageOf(batch));
      });
      if (answer.kind !== 'forecast') throw new Error(answer.kind === 'failure' ? answer.message : 'unexpected answer');
      telemetry.modelBatches.inc({ engine, outcome: 'success' });
      telemetry.modelBatchDuration.observe({ engine }, answer.durationMs / 1000);
      batch.resolve(answer);
    } catch (cause) {
      telemetry.modelBatches.inc({ engine, outcome: 'failed' });
      const message = `engine "${engine}" failed on ${batch.to - batch.from} series: ${cause instanceof Error ? cause.message : cause}`;
      batch.reject(new OpenAnomalyError(this.#isClosed ? 'shutting_down' : 'engine_failed', message, { cause }));
    }
    if (current.isDead) this.#threads.delete(current);
    else this.#idle.push(current);
    this.#dispatch();
  }

  #startThread(): WorkerThread {
    const thread = new WorkerThread(this.#options.workerUrl);
    this.#threads.add(thread);
    return thread;
  }

  #makeRoom(): void {
    this.#waitingForRoom.shift()?.();
  }

  #report(): void {
    this.#options.telemetry.modelQueueBatches.set(this.#queue.length);
    this.#options.telemetry.modelWorkers.set(this.#threads.size);
  }
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
    hints: request.hints.slice(from, to),
  };
}
