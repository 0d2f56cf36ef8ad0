import type { QueueSettings } from '../../../settings/settings.ts';
import type { Chunk } from './chunk.ts';
import type { EndpointMetrics } from './endpoint-metrics.ts';
import type { Batch, SendQueue } from './queue.ts';
import { nextShardCount } from './reshard.ts';
import type { SendLog } from './send-log.ts';
import type { Sender } from './sender.ts';
import type { Spool } from './spool.ts';

/** How often the number of shards is thought over. */
const RESHARD_EVERY_MS = 10_000;

export interface DispatcherOptions {
  readonly queue: SendQueue;
  readonly sender: Sender;
  readonly spool: Spool | undefined;
  readonly settings: QueueSettings;
  readonly metrics: EndpointMetrics;
  readonly log: SendLog;
}

/** What was not settled when sending stopped. Some samples of a chunk may be: `samples` counts those that are not. */
export interface Leftover {
  readonly chunks: readonly Chunk[];
  readonly samples: number;
}

/**
 * Moves batches from the queue to the sender: one under way per shard, started when it is full or its oldest sample
 * has waited long enough. Nothing runs while nothing waits.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #underWay = new Map<number, Batch>();
  readonly #abort = new AbortController();
  #samplesUnderWay = 0;
  #wanted: number;
  #quietRounds = 0;
  #isFlushing = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #reshardTimer: NodeJS.Timeout;
  #onIdle: (() => void) | undefined;
  #cutShort: Leftover = { chunks: [], samples: 0 };

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#wanted = options.queue.shards;
    options.metrics.shards(options.queue.shards);
    this.#reshardTimer = setInterval(() => this.#thinkOver(), RESHARD_EVERY_MS);
    this.#reshardTimer.unref();
  }

  get pendingSamples(): number {
    return this.#options.queue.samples + this.#samplesUnderWay;
  }

  /** Takes chunks of the queue's shards, then lets whatever is due go. */
  push(chunks: readonly { readonly chunk: Chunk; readonly shard: number }[]): void {
    const { queue, spool, sender, metrics, log } = this.#options;
    const dropped = new Set(chunks.flatMap(({ chunk, shard }) => queue.push(chunk, shard)));
    let samples = 0;
    for (const chunk of dropped) {
      samples += chunk.columns.series.length;
      spool?.settle(chunk);
    }
    if (samples > 0) {
      metrics.dropped('queue_full', samples);
      log.overflowed(samples);
    }
    if (sender.isFailing) spool?.append(chunks.map(({ chunk }) => chunk).filter((chunk) => !dropped.has(chunk)));
    this.#start();
  }

  /**
   * Sends what waits without delay, until the time is up; then stops and answers what is left. An endpoint that does
   * not answer gets no time when the disk can keep what waits for it.
   */
  async flush(withinMs: number): Promise<Leftover> {
    clearInterval(this.#reshardTimer);
    this.#isFlushing = true;
    this.#wanted = this.#options.queue.shards;
    const hasHope = this.#options.spool === undefined || !this.#options.sender.isFailing;
    if (withinMs > 0 && hasHope) await this.#idleWithin(withinMs);
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#idleWithin(Number.POSITIVE_INFINITY);
    const { queue } = this.#options;
    return { chunks: [...this.#cutShort.chunks, ...queue.chunks()], samples: this.#cutShort.samples + queue.samples };
  }

  #idleWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, ms);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#start();
    });
  }

  #start(): void {
    const { queue, settings, metrics } = this.#options;
    clearTimeout(this.#timer);
    metrics.pending(this.pendingSamples);
    if (this.#abort.signal.aborted) {
      if (this.#underWay.size === 0) this.#onIdle?.();
      return;
    }
    if (this.#wanted !== queue.shards && !this.#reshard()) return;
    let wakeInMs = Number.POSITIVE_INFINITY;
    for (let shard = 0; shard < queue.shards; shard++) {
      const oldestAtMs = queue.oldestAtMs(shard);
      if (oldestAtMs === undefined || this.#underWay.has(shard)) continue;
      const waitMs = oldestAtMs + settings.batchSendDeadlineMs - performance.now();
      if (this.#isFlushing || waitMs <= 0 || queue.isReady(shard)) this.#send(shard);
      else wakeInMs = Math.min(wakeInMs, waitMs);
    }
    if (this.#underWay.size === 0 && queue.samples === 0) this.#onIdle?.();
    if (wakeInMs !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#start(), wakeInMs);
  }

  #send(shard: number): void {
    const { queue, sender } = this.#options;
    const batch = queue.take(shard)!;
    this.#underWay.set(shard, batch);
    this.#samplesUnderWay += batch.columns.series.length;
    const delivery = { signal: this.#abort.signal, failing: () => this.#spoolAll() };
    void sender.deliver(batch.columns, delivery).then((unsettled) => {
      this.#underWay.delete(shard);
      this.#samplesUnderWay -= batch.columns.series.length;
      if (unsettled === 0) for (const chunk of batch.chunks) this.#options.spool?.settle(chunk);
      else
        this.#cutShort = {
          chunks: [...this.#cutShort.chunks, ...batch.chunks],
          samples: this.#cutShort.samples + unsettled,
        };
      this.#start();
    });
  }

  /** While the endpoint fails, everything that waits is on disk too: a crash then costs next to nothing. */
  #spoolAll(): void {
    const { spool, queue } = this.#options;
    if (spool === undefined) return;
    spool.append([...this.#underWay.values()].flatMap((batch) => batch.chunks));
    spool.append(queue.chunks());
  }

  #thinkOver(): void {
    const { queue, sender, settings } = this.#options;
    const nowMs = performance.now();
    const oldestAtMs = Array.from({ length: queue.shards }, (_, shard) => queue.oldestAtMs(shard) ?? nowMs);
    const decision = nextShardCount(
      {
        shards: queue.shards,
        waitingSamples: queue.samples,
        oldestWaitMs: nowMs - Math.min(...oldestAtMs),
        isFailing: sender.isFailing,
        quietRounds: this.#quietRounds,
      },
      settings,
    );
    this.#quietRounds = decision.quietRounds;
    this.#wanted = decision.shards;
    this.#start();
  }

  /** False while batches are under way: no new ones start until the last of them has arrived. */
  #reshard(): boolean {
    const { queue, sender, metrics } = this.#options;
    if (sender.isFailing) {
      this.#wanted = queue.shards;
      return true;
    }
    if (this.#underWay.size > 0) return false;
    queue.reshard(this.#wanted);
    metrics.shards(queue.shards);
    return true;
  }
}
