import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../../ports/clock.ts';
import type { Logger } from '../../../ports/logger.ts';
import type { Evaluation, Publisher } from '../../../ports/publisher.ts';
import type { Labels } from '../../../series/labels.ts';
import { compileRelabel, type Relabel } from '../../../series/relabel.ts';
import type { RemoteWriteSettings } from '../../../settings/settings.ts';
import type { Telemetry } from '../../../telemetry/metrics.ts';
import { type HttpClient, openHttpClient } from '../../http.ts';
import { type Chunk, requestBytes, splitByShard, splitBySize } from './chunk.ts';
import { Dispatcher } from './dispatcher.ts';
import { EndpointMetrics, withoutSecrets } from './endpoint-metrics.ts';
import { EvaluationSamples } from './evaluation-samples.ts';
import { Intake } from './intake.ts';
import { PublishedSeries } from './published-series.ts';
import { SendQueue } from './queue.ts';
import { SeriesRegistry } from './remote-series.ts';
import { SendLog } from './send-log.ts';
import { Sender } from './sender.ts';
import { Spool } from './spool.ts';
import type { SpooledChunk } from './spool-record.ts';

/** A pipeline that published nothing for so long is forgotten; receivers have long done so. */
const FORGET_AFTER_MS = 6 * 60 * 60_000;
const DISPOSE_WITHIN_MS = 5_000;

export interface RemoteWriteOptions {
  readonly settings: RemoteWriteSettings;
  /** Families are `<prefix>_score` and so on. */
  readonly prefix: string;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly userAgent?: string;
  /** For `proxy_from_environment`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** How a queue ended: samples the endpoint took while it was flushed, samples kept on disk, samples that are gone. */
export interface CloseResult {
  readonly sent: number;
  readonly spooled: number;
  readonly lost: number;
}

export interface RemoteWritePublisher extends Publisher {
  /** Takes nothing more, sends what waits for at most so many milliseconds, spools or counts the rest. */
  close(withinMs: number): Promise<CloseResult>;
}

/**
 * One remote-write endpoint. Throws `config_invalid` when a relabelling rule cannot be read and `state_unwritable` when
 * the spool directory cannot be used.
 */
export function openRemoteWrite(options: RemoteWriteOptions): RemoteWritePublisher {
  return new RemoteWrite(options);
}

class RemoteWrite implements RemoteWritePublisher {
  readonly #options: RemoteWriteOptions;
  readonly #clock: Clock;
  readonly #relabel: Relabel | undefined;
  readonly #logger: Logger;
  readonly #client: HttpClient;
  readonly #metrics: EndpointMetrics;
  readonly #registry = new SeriesRegistry();
  readonly #pipelines = new Map<string, PublishedSeries>();
  readonly #queue: SendQueue;
  readonly #spool: Spool | undefined;
  readonly #dispatcher: Dispatcher;
  #chunkNumber = 0;
  #closed: Promise<CloseResult> | undefined;

  constructor(options: RemoteWriteOptions) {
    const { settings, telemetry } = options;
    this.#options = options;
    const clock = options.clock ?? { nowMs: Date.now };
    this.#clock = clock;
    this.#relabel =
      settings.writeRelabelConfigs.length === 0 ? undefined : compileRelabel(settings.writeRelabelConfigs, md5);
    const logger = options.logger.child({ url: withoutSecrets(settings.url) });
    this.#logger = logger;
    const log = new SendLog(logger, () => performance.now());
    this.#spool = openSpool(settings, logger, log);
    this.#client = openHttpClient(settings.http, {
      userAgent: options.userAgent ?? 'openanomaly',
      environment: options.environment ?? {},
      codes: {
        unavailable: 'remote_write_unavailable',
        timeout: 'remote_write_unavailable',
        auth: 'remote_write_unavailable',
      },
    });
    const metrics = new EndpointMetrics(telemetry, settings);
    this.#metrics = metrics;
    metrics.maxSamplesPerSend(settings.queue.maxSamplesPerSend);
    this.#queue = new SendQueue({
      ...this.#limits(),
      capacity: settings.queue.capacity * settings.queue.maxShards,
      shards: settings.queue.minShards,
    });
    const sender = new Sender({ settings, client: this.#client, metrics, log, clock });
    const spool = this.#spool;
    this.#dispatcher = new Dispatcher({
      queue: this.#queue,
      sender,
      spool,
      settings: settings.queue,
      metrics,
      log,
    });
    this.#replay();
  }

  publish(evaluation: Evaluation): void {
    if (this.#closed !== undefined) return;
    const published = this.#published(evaluation.pipeline);
    const intake = this.#intake(evaluation.pipeline);
    new EvaluationSamples(evaluation, published, this.#options.prefix).giveTo(intake);
    this.#take(intake);
    this.#forgetUnused();
  }

  /** Without ended series the pipeline may come back: it is then only forgotten when it does not. */
  remove(pipeline: string, ended: readonly Labels[], timestampMs: number): void {
    const published = this.#pipelines.get(pipeline);
    if (this.#closed !== undefined || published === undefined || ended.length === 0) return;
    const intake = this.#intake(pipeline);
    for (const labels of ended) for (const series of published.end(labels)) intake.end(series, timestampMs);
    this.#forget(pipeline, published);
    this.#take(intake);
  }

  close(withinMs: number): Promise<CloseResult> {
    this.#closed ??= this.#close(withinMs);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(DISPOSE_WITHIN_MS);
  }

  async #close(withinMs: number): Promise<CloseResult> {
    const sentBefore = this.#metrics.sentSamples;
    const left = await this.#dispatcher.flush(withinMs);
    this.#spool?.append(left.chunks);
    await this.#spool?.close();
    const unheld = left.chunks.filter((chunk) => !this.#spool?.holds(chunk));
    const unheldSamples = unheld.reduce((sum, { columns }) => sum + columns.series.length, 0);
    const lost = Math.min(left.samples, unheldSamples);
    const result = { sent: this.#metrics.sentSamples - sentBefore, spooled: left.samples - lost, lost };
    if (lost > 0) this.#logger.log('warn', 'samples were lost at shutdown: the endpoint did not take them', result);
    else if (result.spooled > 0) this.#logger.log('info', 'samples that could not be sent are kept on disk', result);
    this.#metrics.end();
    await this.#client[Symbol.asyncDispose]();
    return result;
  }

  #published(pipeline: string): PublishedSeries {
    let published = this.#pipelines.get(pipeline);
    if (published === undefined) {
      published = new PublishedSeries(this.#registry, this.#relabel);
      this.#pipelines.set(pipeline, published);
    }
    published.usedMs = this.#clock.nowMs();
    return published;
  }

  #intake(pipeline: string): Intake {
    return new Intake({
      ...this.#limits(),
      pipeline,
      atMs: performance.now(),
      latestMs: this.#clock.nowMs() + this.#options.settings.maxFutureMs,
      shards: this.#queue.shards,
      nextChunkNumber: () => ++this.#chunkNumber,
    });
  }

  #take(intake: Intake): void {
    const { chunks, dropped, newestMs } = intake.finish();
    for (const [reason, samples] of dropped) this.#metrics.dropped(reason, samples);
    this.#metrics.queued(newestMs);
    this.#dispatcher.push(chunks);
  }

  #forgetUnused(): void {
    const oldestMs = this.#clock.nowMs() - FORGET_AFTER_MS;
    for (const [pipeline, published] of this.#pipelines)
      if (published.usedMs < oldestMs) this.#forget(pipeline, published);
  }

  #forget(pipeline: string, published: PublishedSeries): void {
    published.clear();
    this.#pipelines.delete(pipeline);
  }

  /** What an earlier process left goes first. */
  #replay(): void {
    const chunks: Chunk[] = [];
    this.#spool?.replay(this.#registry, (spooled) => {
      const chunk = this.#adopt(spooled);
      chunks.push(chunk);
      return chunk;
    });
    const { shards } = this.#queue;
    const parts = chunks
      .flatMap((chunk) => splitBySize(chunk, this.#limits().maxSamples))
      .flatMap((chunk) => [...splitByShard(chunk, shards).entries()]);
    this.#dispatcher.push(parts.flatMap(([shard, chunk]) => (chunk === undefined ? [] : [{ chunk, shard }])));
  }

  #adopt({ pipeline, columns }: SpooledChunk): Chunk {
    const number = ++this.#chunkNumber;
    for (const [i, series] of columns.series.entries())
      series.lastTimestampMs = Math.max(series.lastTimestampMs, columns.timestampsMs[i]!);
    return {
      pipeline,
      number,
      queuedAtMs: Number.NEGATIVE_INFINITY,
      columns,
      bytes: requestBytes(columns),
      ticket: undefined,
    };
  }

  #limits() {
    const { maxSamplesPerSend, maxBytesPerSend } = this.#options.settings.queue;
    return { maxSamples: maxSamplesPerSend, maxBytes: maxBytesPerSend };
  }
}

function openSpool(settings: RemoteWriteSettings, logger: Logger, log: SendLog): Spool | undefined {
  const { spoolDir } = settings.queue;
  if (spoolDir === undefined) return undefined;
  return new Spool({ dir: join(spoolDir, `remote-${encodeURIComponent(settings.name)}`), logger, log });
}

function md5(text: string): Uint8Array {
  return createHash('md5').update(text).digest();
}
