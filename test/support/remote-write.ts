import { openRemoteWrite, type RemoteWritePublisher } from '../../src/adapters/publisher/remote-write/remote-write.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Evaluation, LookAhead, ScoredStep } from '../../src/ports/publisher.ts';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';
import type { QueueSettings, RemoteWriteSettings } from '../../src/settings/settings.ts';
import { createTelemetry, type Telemetry } from '../../src/telemetry/metrics.ts';
import { collectingLogger, type LogLine } from './logger.ts';
import { httpSettings } from './loopback.ts';

export interface OpenedRemoteWrite extends AsyncDisposable {
  readonly publisher: RemoteWritePublisher;
  readonly telemetry: Telemetry;
  readonly lines: readonly LogLine[];
  /** Value of a self-metric of the endpoint; `reason` where it has one. */
  metric(name: string, reason?: string): Promise<number | undefined>;
}

export interface OpenOptions {
  readonly url: string;
  readonly queue?: Partial<QueueSettings>;
  readonly settings?: Partial<RemoteWriteSettings>;
  readonly clock?: Clock;
}

/** An endpoint with short delays. Left open, it is closed at the end of the test without being given time. */
export function openTestRemoteWrite(options: OpenOptions): OpenedRemoteWrite {
  const telemetry = createTelemetry();
  const logger = collectingLogger();
  const publisher = openRemoteWrite({
    settings: remoteWriteSettings(options),
    prefix: 'openanomaly',
    telemetry,
    logger,
    ...(options.clock !== undefined && { clock: options.clock }),
  });
  return {
    publisher,
    telemetry,
    lines: logger.lines,
    async metric(name, reason) {
      const found = await telemetry.registry.getSingleMetric(`openanomaly_remote_storage_${name}`)?.get();
      return found?.values.find(({ labels }) => labels['reason'] === reason)?.value;
    },
    async [Symbol.asyncDispose]() {
      await publisher.close(0);
    },
  };
}

export function remoteWriteSettings({ url, queue, settings }: OpenOptions): RemoteWriteSettings {
  return {
    name: 'test',
    url,
    protobufMessage: 'prometheus.WriteRequest',
    remoteTimeoutMs: 30_000,
    headers: {},
    writeRelabelConfigs: [],
    queue: {
      capacity: 10_000,
      minShards: 1,
      maxShards: 50,
      maxSamplesPerSend: 2_000,
      maxBytesPerSend: 16 * 1024 * 1024,
      batchSendDeadlineMs: 5,
      minBackoffMs: 1,
      maxBackoffMs: 20,
      retryOnHttp429: false,
      sampleAgeLimitMs: 0,
      spoolDir: undefined,
      ...queue,
    },
    maxFutureMs: 9 * 60_000,
    http: httpSettings(),
    ...settings,
  };
}

/** Label sets `{instance="i<n>",pipeline=…}`. */
export function testSeries(count: number, pipeline = 'p'): Labels[] {
  return Array.from({ length: count }, (_, i) => labelsFromRecord({ instance: `i${i}`, pipeline }));
}

/** A step whose every column is computed from the position of the series. */
export function scoredStep(timestampMs: number, values: readonly number[]): ScoredStep {
  const column = (change: (value: number) => number) => Float64Array.from(values, change);
  return {
    timestampMs,
    value: column((value) => value),
    expected: column((value) => value - 0.5),
    lower: column((value) => value - 1),
    upper: column((value) => value + 1),
    score: column(() => 0.5),
    anomaly: column(() => 0),
    view: new Uint8Array(values.length),
  };
}

export function lookAhead(horizon: string, values: readonly number[]): LookAhead {
  return {
    horizon,
    expected: Float64Array.from(values),
    lower: Float64Array.from(values, (value) => value - 1),
    upper: Float64Array.from(values, (value) => value + 1),
  };
}

/** One step at the evaluation's own instant, every series with the value of its position, unless said otherwise. */
export function evaluation(timestampMs: number, about: Partial<Evaluation> = {}): Evaluation {
  const series = about.series ?? testSeries(1);
  return {
    pipeline: 'p',
    series,
    timestampMs,
    steps: [
      scoredStep(
        timestampMs,
        series.map((_, i) => i),
      ),
    ],
    views: ['forecast'],
    lookAhead: [],
    ended: [],
    ...about,
  };
}
