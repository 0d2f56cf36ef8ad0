import type { Telemetry } from '../../../telemetry/metrics.ts';

/** Why samples were not sent. Every reason starts at zero. */
export const DROP_REASONS = [
  'relabelled',
  'invalid_labels',
  'out_of_order',
  'too_far_ahead',
  'too_old',
  'queue_full',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** The self-metrics of one endpoint, under its labels. */
export class EndpointMetrics {
  readonly #telemetry: Telemetry;
  readonly #labels: { readonly remote_name: string; readonly url: string };
  #highestQueuedMs = 0;
  #highestSentMs = 0;
  #sentSamples = 0;

  constructor(telemetry: Telemetry, endpoint: { readonly name: string; readonly url: string }) {
    this.#telemetry = telemetry;
    this.#labels = { remote_name: endpoint.name, url: withoutSecrets(endpoint.url) };
    this.#startAtZero();
  }

  /** Samples the endpoint took from this queue. */
  get sentSamples(): number {
    return this.#sentSamples;
  }

  sent(samples: number, newestMs: number): void {
    this.#sentSamples += samples;
    this.#telemetry.remoteSamples.inc(this.#labels, samples);
    if (newestMs <= this.#highestSentMs) return;
    this.#highestSentMs = newestMs;
    this.#telemetry.remoteHighestSent.set(this.#labels, newestMs / 1000);
  }

  queued(newestMs: number): void {
    if (newestMs <= this.#highestQueuedMs) return;
    this.#highestQueuedMs = newestMs;
    this.#telemetry.remoteHighestTimestamp.set(this.#labels, newestMs / 1000);
  }

  failed(samples: number): void {
    this.#telemetry.remoteSamplesFailed.inc(this.#labels, samples);
  }

  retried(samples: number): void {
    this.#telemetry.remoteSamplesRetried.inc(this.#labels, samples);
  }

  dropped(reason: DropReason, samples: number): void {
    this.#telemetry.remoteSamplesDropped.inc({ ...this.#labels, reason }, samples);
  }

  pending(samples: number): void {
    this.#telemetry.remoteSamplesPending.set(this.#labels, samples);
  }

  request(bytes: number, durationMs: number): void {
    this.#telemetry.remoteBytes.inc(this.#labels, bytes);
    this.#telemetry.remoteSentBatchDuration.observe(this.#labels, durationMs / 1000);
  }

  shards(count: number): void {
    this.#telemetry.remoteShards.set(this.#labels, count);
  }

  maxSamplesPerSend(samples: number): void {
    this.#telemetry.remoteMaxSamplesPerSend.set(this.#labels, samples);
  }

  protocol(version: 1 | 2): void {
    this.#telemetry.remoteProtocol.set(this.#labels, version);
  }

  end(): void {
    for (const metric of this.#own()) metric.remove(this.#labels);
    for (const reason of DROP_REASONS) this.#telemetry.remoteSamplesDropped.remove({ ...this.#labels, reason });
  }

  #startAtZero(): void {
    const telemetry = this.#telemetry;
    for (const counter of [
      telemetry.remoteSamples,
      telemetry.remoteSamplesFailed,
      telemetry.remoteSamplesRetried,
      telemetry.remoteBytes,
    ])
      counter.inc(this.#labels, 0);
    for (const reason of DROP_REASONS) this.dropped(reason, 0);
    telemetry.remoteSentBatchDuration.zero(this.#labels);
    telemetry.remoteHighestTimestamp.set(this.#labels, 0);
    telemetry.remoteHighestSent.set(this.#labels, 0);
    this.pending(0);
  }

  #own() {
    const telemetry = this.#telemetry;
    return [
      telemetry.remoteSamples,
      telemetry.remoteSamplesFailed,
      telemetry.remoteSamplesRetried,
      telemetry.remoteSamplesPending,
      telemetry.remoteBytes,
      telemetry.remoteSentBatchDuration,
      telemetry.remoteHighestTimestamp,
      telemetry.remoteHighestSent,
      telemetry.remoteShards,
      telemetry.remoteMaxSamplesPerSend,
      telemetry.remoteProtocol,
    ];
  }
}

/** A URL as it may be shown: without the password and without query values, which often hold keys. */
export function withoutSecrets(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = '';
    if (parsed.search !== '') parsed.search = '?<secret>';
    return parsed.toString();
  } catch {
    return '<secret>';
  }
}
