import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '../../../errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { RemoteWriteSettings } from '../../../settings/settings.ts';
import { filterColumns } from '../../../wire/remote-write/columns.ts';
import type { HttpClient } from '../../http.ts';
import { judge, type Verdict } from './answer.ts';
import { Bisection } from './bisection.ts';
import type { EndpointMetrics } from './endpoint-metrics.ts';
import type { RemoteColumns } from './remote-series.ts';
import { RequestMaker } from './request.ts';
import type { SendLog } from './send-log.ts';

/** What is read, and shown, of an answer's body. */
const BODY_BYTES = 1024;
/** Tries of a request whose error Prometheus calls a 500 although no retry heals it. */
const CAPPED_TRIES = 3;
const NO_ANSWER: Verdict = { kind: 'retry', afterMs: undefined, isCapped: false };

export interface SenderOptions {
  readonly settings: RemoteWriteSettings;
  readonly client: HttpClient;
  readonly metrics: EndpointMetrics;
  readonly log: SendLog;
  readonly clock: Clock;
}

/** Surroundings of a batch on its way. */
interface Delivery {
  readonly signal: AbortSignal;
  /** Called when a retry becomes necessary. */
  readonly failing: () => void;
}

/** Settled: nothing more is to be done for these samples, or they wait among the parts of the bisection. */
type Outcome = 'settled' | 'aborted';

/** Brings batches to the endpoint: retries, falls back to version 1.0, saves the good samples of a refused batch. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #requests: RequestMaker;
  #protocol: 1 | 2;
  #failing = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#requests = new RequestMaker(options.settings);
    this.#protocol = options.settings.protobufMessage === 'prometheus.WriteRequest' ? 1 : 2;
    options.metrics.protocol(this.#protocol);
  }

  /** Some batch waits for a retry: the endpoint is down, overloaded or unreachable. */
  get isFailing(): boolean {
    return this.#failing > 0;
  }

  /**
   * Resolves when every sample is settled: stored, refused for good, or too old. Once aborted it resolves soon, with
   * the number of samples that are not settled.
   */
  async deliver(batch: RemoteColumns, delivery: Delivery): Promise<number> {
    const bisection = new Bisection(batch);
    for (let part = bisection.next(); part !== undefined; part = bisection.next()) {
      const outcome = await this.#send(part, bisection, delivery);
      if (outcome === 'aborted')
        return bisection.rest().reduce((sum, rest) => sum + rest.series.length, part.series.length);
    }
    return 0;
  }

  async #send(part: RemoteColumns, bisection: Bisection, { signal, failing }: Delivery): Promise<Outcome> {
    const { settings, metrics, log } = this.#options;
    let backoffMs = settings.queue.minBackoffMs;
    let cappedTries = 0;
    let isFailing = false;
    let columns = part;
    try {
      for (let retryAttempt = 0; ; ) {
        columns = this.#withoutOld(columns);
        if (columns.series.length === 0) return 'settled';
        const protocol = this.#protocol;
        const { verdict, body } = await this.#attempt(columns, { protocol, retryAttempt }, signal);
        if (verdict === undefined) return 'aborted';
        const samples = columns.series.length;
        switch (verdict.kind) {
          case 'accepted':
            this.#accepted(columns, verdict.written, body);
            return 'settled';
          case 'other_protocol':
            this.#fallBack(protocol, body);
            continue;
          case 'bad_samples':
            if (!bisection.split(columns)) this.#refused(columns, body);
            return 'settled';
          case 'refused':
            if (verdict.written > 0) metrics.sent(verdict.written, newest(columns));
            this.#refused(columns, body, verdict);
            return 'settled';
          case 'retry':
            cappedTries += verdict.isCapped ? 1 : 0;
            if (cappedTries >= CAPPED_TRIES) {
              if (!bisection.split(columns)) this.#refused(columns, body);
              return 'settled';
            }
            if (!isFailing) {
              isFailing = true;
              this.#failing++;
              failing();
            }
            log.retrying(body, { samples, attempt: retryAttempt + 1 });
            if (!(await wait(verdict.afterMs ?? backoffMs, signal))) return 'aborted';
            metrics.retried(samples);
            backoffMs = Math.min(backoffMs * 2, settings.queue.maxBackoffMs);
            retryAttempt++;
        }
      }
    } finally {
      if (isFailing) this.#failing--;
    }
  }

  async #attempt(
    columns: RemoteColumns,
    ask: { readonly protocol: 1 | 2; readonly retryAttempt: number },
    signal: AbortSignal,
  ): Promise<{ readonly verdict: Verdict | undefined; readonly body: string }> {
    const { settings, client, metrics, clock } = this.#options;
    const { headers, body } = this.#requests.make(columns, ask);
    const startedMs = performance.now();
    try {
      const answer = await client.request(
        { method: 'POST', url: settings.url, headers, body, timeoutMs: settings.remoteTimeoutMs },
        signal,
      );
      const text = await answer.text(BODY_BYTES);
      metrics.request(body.length, performance.now() - startedMs);
      const verdict = judge(answer, text, {
        protocol: ask.protocol,
        samples: columns.series.length,
        retryOnHttp429: settings.queue.retryOnHttp429,
        nowMs: clock.nowMs(),
      });
      return { verdict, body: `HTTP ${answer.status}: ${text}` };
    } catch (error) {
      if (signal.aborted) return { verdict: undefined, body: '' };
      metrics.request(body.length, performance.now() - startedMs);
      // Whatever kept the request from being answered, a secret file that is being replaced included, may pass.
      return { verdict: NO_ANSWER, body: describeError(error) };
    }
  }

  #accepted(columns: RemoteColumns, written: number, body: string): void {
    const { metrics, log } = this.#options;
    const samples = columns.series.length;
    for (const series of columns.series) series.isSuspect = false;
    metrics.sent(Math.min(written, samples), newest(columns));
    log.accepted();
    if (written < samples) this.#refusedSome(samples - written, samples, body);
  }

  #refused(
    columns: RemoteColumns,
    body: string,
    verdict: { written: number; hint?: string | undefined } = { written: 0 },
  ) {
    const samples = columns.series.length;
    if (samples === 1) columns.series[0]!.isSuspect = true;
    this.#refusedSome(samples - Math.min(verdict.written, samples), samples, body, verdict.hint);
  }

  #refusedSome(refused: number, samples: number, body: string, hint?: string): void {
    this.#options.metrics.failed(refused);
    this.#options.log.refused(body, { refused, samples, hint });
  }

  /** Another shard may have found out at the same time. */
  #fallBack(spoken: 1 | 2, body: string): void {
    if (spoken === this.#protocol) this.#options.log.fellBack(body);
    this.#protocol = 1;
    this.#options.metrics.protocol(1);
  }

  #withoutOld(columns: RemoteColumns): RemoteColumns {
    const { settings, clock, metrics } = this.#options;
    const limitMs = settings.queue.sampleAgeLimitMs;
    if (limitMs === 0) return columns;
    const oldestMs = clock.nowMs() - limitMs;
    if (columns.timestampsMs.every((timestampMs) => timestampMs >= oldestMs)) return columns;
    const kept = filterColumns(columns, (i) => columns.timestampsMs[i]! >= oldestMs);
    metrics.dropped('too_old', columns.series.length - kept.series.length);
    return kept;
  }
}

function newest(columns: RemoteColumns): number {
  return columns.timestampsMs.reduce((newestMs, timestampMs) => Math.max(newestMs, timestampMs), 0);
}

/** False when it was cut short. */
async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
