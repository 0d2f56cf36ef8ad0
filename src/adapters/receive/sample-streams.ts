import { OpenAnomalyError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { ForwardedWrite, SampleStreams } from '../../ports/sample-streams.ts';
import type { TsdbClient } from '../../ports/tsdb-client.ts';
import type { Pipeline } from '../../rules/pipeline.ts';
import type { Labels } from '../../series/labels.ts';
import type { ProxySettings } from '../../settings/settings.ts';
import type { Telemetry } from '../../telemetry/metrics.ts';
import { protocolOf } from './decode/forwarded.ts';
import type { Begun, DeskReport, DeskSettings, FromDesk, StreamBlock, ToDesk } from './decode/messages.ts';
import { RestartingThread } from './decode/restarting-thread.ts';
import { type StreamReader, StreamSource } from './decode/stream-source.ts';

export interface SampleStreamsOptions {
  /** Compiled entry of the thread. */
  readonly workerUrl: URL;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ConfiguredStreams extends SampleStreams {
  /** Looks for these pipelines from now on; without a proxy, or without any of them, at nothing. */
  configure(proxy: ProxySettings | undefined, pipelines: readonly Pipeline[]): Promise<void>;
}

/** Decodes in a thread of its own, which starts when a pipeline wants something of what passes. */
export function openSampleStreams(options: SampleStreamsOptions): ConfiguredStreams {
  return new ThreadStreams(options);
}

/** Reasons of samples that are not scored, and where a tally has their number. */
const SKIPS = ['late', 'future', 'replica', 'duplicate', 'dropped', 'limit'] as const;

class ThreadStreams implements ConfiguredStreams {
  readonly #options: SampleStreamsOptions;
  #settings: DeskSettings | undefined;
  #queueBytes = 0;
  #thread: RestartingThread | undefined;
  /** Labels of each pipeline's slots, as the thread told them. */
  #labels = new Map<string, Labels[]>();

  constructor(options: SampleStreamsOptions) {
    this.#options = options;
  }

  async configure(proxy: ProxySettings | undefined, pipelines: readonly Pipeline[]): Promise<void> {
    const next = proxy && settingsOf(proxy, pipelines);
    if (JSON.stringify(next) === JSON.stringify(this.#settings)) return;
    this.#forgetStreams(next);
    this.#settings = next;
    this.#queueBytes = proxy?.queue.bytes ?? 0;
    if (next !== undefined && next.streams.length > 0) {
      if (this.#thread === undefined) this.#thread = this.#start();
      else this.#thread.greet();
    } else await this.#stop(new OpenAnomalyError('stream_unavailable', 'nothing passes through a proxy any more'));
  }

  look(write: ForwardedWrite): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    const version = protocolOf(write);
    if (version !== '1.0' && version !== '2.0') {
      this.#options.telemetry.proxyRequestsSkipped.inc({ reason: version });
      return;
    }
    thread.look({ version, body: keepable(write.body), receivedMs: this.#options.clock.nowMs() });
    this.#options.telemetry.proxyQueueBytes.set(thread.queueBytes);
  }

  source(pipeline: string, past: () => TsdbClient | undefined): TsdbClient {
    return new StreamSource({
      open: (within) => this.#open(pipeline, within),
      labels: () => this.#labelsOf(pipeline),
      past,
      isRate: () => this.#settings?.streams.find((stream) => stream.pipeline === pipeline)?.rateMs !== undefined,
      replica: () => this.#settings?.haLabels?.replica,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop(new OpenAnomalyError('shutting_down', 'the streams are being closed'));
  }

  #start(): RestartingThread {
    const { telemetry, logger, clock, workerUrl } = this.#options;
    return new RestartingThread({
      url: workerUrl,
      mostBytes: () => this.#queueBytes,
      greeting: () => ({ kind: 'configure', settings: this.#settings!, nowMs: clock.nowMs() }),
      reported: (report) => this.#report(report),
      dropped: (count) => telemetry.proxyRequestsSkipped.inc({ reason: 'dropped' }, count),
      died: (error, pauseMs) => {
        telemetry.proxyRestarts.inc();
        this.#labels.clear();
        logger.log('error', 'the thread that looks at passing samples ended and is started again', {
          err: error.message,
          pause_ms: pauseMs,
        });
      },
    });
  }

  async #stop(reason: OpenAnomalyError): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#labels.clear();
    for (const gauge of ['proxyQueueBytes', 'proxyQueueSamples', 'proxySeries'] as const)
      this.#options.telemetry[gauge].set(0);
    await thread?.close(reason);
  }

  /** Streams that begin anew give out their slots anew. */
  #forgetStreams(next: DeskSettings | undefined): void {
    const definitions = (settings: DeskSettings | undefined) =>
      new Map(settings?.streams.map((stream) => [stream.pipeline, JSON.stringify(stream)]));
    const after = definitions(next);
    for (const [pipeline, definition] of definitions(this.#settings))
      if (after.get(pipeline) !== definition) this.#labels.delete(pipeline);
  }

  #labelsOf(pipeline: string): Labels[] {
    const known = this.#labels.get(pipeline);
    if (known !== undefined) return known;
    const fresh: Labels[] = [];
    this.#labels.set(pipeline, fresh);
    return fresh;
  }

  #open(pipeline: string, within: Within): StreamReader | undefined {
    const thread = this.#thread;
    if (thread === undefined) return undefined;
    const ask = (message: ToDesk) => withDeadline(thread.read(message), within);
    return {
      begin: (startMs, endMs) => ask({ kind: 'begin', pipeline, startMs, endMs }) as Promise<Begun>,
      block: (startMs, steps) => ask({ kind: 'block', pipeline, startMs, steps }) as Promise<StreamBlock>,
    };
  }

  #report(report: DeskReport): void {
    const { telemetry } = this.#options;
    telemetry.proxyBusy.inc(report.busyMs / 1000);
    telemetry.proxySeries.set(report.series);
    telemetry.proxyQueueSamples.set(report.queueSamples);
    telemetry.proxyQueueBytes.set(this.#thread?.queueBytes ?? 0);
    telemetry.proxySamplesDecoded.inc(report.samples);
    const { outcomes } = report;
    for (const version of ['1.0', '2.0'] as const)
      if (outcomes[version] > 0) telemetry.proxyDecoded.inc({ version }, outcomes[version]);
    for (const reason of ['malformed', 'too_large'] as const)
      if (outcomes[reason] > 0) telemetry.proxyRequestsSkipped.inc({ reason }, outcomes[reason]);
    for (const tally of report.tallies) {
      const { pipeline } = tally;
      // A report that was under way when its pipeline went must not bring its metrics back.
      if (this.#settings?.streams.some((stream) => stream.pipeline === pipeline) !== true) continue;
      telemetry.proxySamplesMatched.inc({ pipeline }, tally.matched);
      for (const reason of SKIPS)
        if (tally[reason] > 0) telemetry.proxySamplesSkipped.inc({ pipeline, reason }, tally[reason]);
    }
  }
}

function settingsOf(proxy: ProxySettings, pipelines: readonly Pipeline[]): DeskSettings {
  return {
    streams: pipelines.flatMap(({ name, enabled, stream, stepMs, limit }) =>
      enabled && stream !== undefined ? [{ pipeline: name, ...stream, stepMs, limit }] : [],
    ),
    maxSeries: proxy.maxSeries,
    queueSamples: proxy.queue.samples,
    decodedBytes: proxy.limits.decodedBytes,
    haLabels: proxy.haLabels,
  };
}

interface Within {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What waits is bounded by its bytes: a body that is a small part of its memory, of a read or a pool, must not hold that. */
function keepable(body: Uint8Array): Uint8Array {
  return 2 * body.length < body.buffer.byteLength ? new Uint8Array(body) : body;
}

/** An answer of the thread, unless the caller goes or it takes too long; then the answer is nobody's. */
function withDeadline(answer: Promise<FromDesk>, { timeoutMs, signal }: Within): Promise<FromDesk> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new OpenAnomalyError('stream_unavailable', `no answer within ${timeoutMs / 1000} s; too much passes`));
    const timer = setTimeout(late, timeoutMs);
    const gone = () => reject(signal.reason);
    signal.addEventListener('abort', gone, { once: true });
    answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', gone);
    });
  });
}
