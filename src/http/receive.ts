import type { IncomingMessage } from 'node:http';
import { describeError, OpenAnomalyError } from '../errors.ts';
import type { Forwarder, Forwarding, WriteAnswer } from '../ports/forwarder.ts';
import type { Logger } from '../ports/logger.ts';
import type { SampleStreams } from '../ports/sample-streams.ts';
import type { Telemetry } from '../telemetry/metrics.ts';
import type { ProxyRejection } from '../telemetry/proxy-metrics.ts';
import { InFlight, type InFlightLimits, receiveBody } from './receive-body.ts';
import { plain, type Reply } from './reply.ts';

/** Headers that belong to the sender's connection with us and say nothing to the receiver. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A moment: long enough not to be a storm of senders that come again, short enough not to be a hole. */
const RETRY_AFTER_SECONDS = '1';

export interface ReceiveOptions {
  readonly path: string;
  readonly limits: InFlightLimits;
  readonly forwarder: Forwarder;
  /** Looks at what was forwarded; returns at once. */
  readonly look: SampleStreams['look'];
}

/**
 * Remote write that passes through: what a sender sends goes on as it came, and what the receiver answers comes back as
 * it came. The sender is answered only then, so its own queue stays the durable one.
 */
export class Receive {
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  readonly #inFlight = new InFlight();
  #options: ReceiveOptions | undefined;
  #lastFailure: string | undefined;

  constructor(telemetry: Telemetry, logger: Logger) {
    this.#telemetry = telemetry;
    this.#logger = logger;
  }

  /** Below the route prefix; undefined while there is no receiver. */
  get path(): string | undefined {
    return this.#options?.path;
  }

  /** Requests that come from now on go there; those under way stay where they are. */
  use(options: ReceiveOptions | undefined): void {
    this.#options = options;
  }

  /** The receiver's answer, or why there is none. Never rejects for what sender or receiver do. */
  async reply(request: IncomingMessage): Promise<Reply> {
    const options = this.#options;
    if (options === undefined) return plain(404, 'Not found.');
    const { proxyRequests, proxyInFlight, proxyInFlightBytes } = this.#telemetry;
    proxyRequests.inc();
    const ticket = this.#inFlight.enter(options.limits);
    if (typeof ticket === 'string') return this.#refuse(ticket);
    const sender = new Presence(request);
    try {
      const body = await receiveBody(request, ticket);
      proxyInFlight.set(this.#inFlight.requests);
      proxyInFlightBytes.set(this.#inFlight.bytes);
      if (typeof body === 'string') return this.#refuse(body);
      this.#telemetry.proxyBytes.inc(body.length);
      return await this.#pass(request, body, options, sender);
    } finally {
      sender.forget();
      ticket.leave();
      proxyInFlight.set(this.#inFlight.requests);
      proxyInFlightBytes.set(this.#inFlight.bytes);
    }
  }

  async #pass(
    request: IncomingMessage,
    body: Uint8Array,
    { forwarder, look }: ReceiveOptions,
    sender: Presence,
  ): Promise<Reply> {
    const startedMs = performance.now();
    let answer: WriteAnswer;
    try {
      answer = await sender.waitFor(
        forwarder.forward({ headers: endToEnd(request), search: searchOf(request.url), body }),
      );
    } catch (error) {
      return this.#failed(error, sender);
    }
    this.#telemetry.proxyDuration.observe((performance.now() - startedMs) / 1000);
    this.#telemetry.proxyForwarded.inc({ code: String(answer.status) });
    if (this.#lastFailure !== undefined) this.#logger.log('info', 'the receiver answers again');
    this.#lastFailure = undefined;
    try {
      look({ headers: request.headers, body, answer });
    } catch (error) {
      // What has been stored has been stored: the sender must hear of that and of nothing else.
      this.#logger.log('error', 'a forwarded request could not be looked at', { err: describeError(error) });
    }
    return { status: answer.status, headers: answer.headers, body: answer.body, verbatim: true };
  }

  #failed(error: unknown, { isGone }: Presence): Reply {
    if (isGone) return this.#refuse('hung_up');
    const isTimeout = error instanceof OpenAnomalyError && error.code === 'proxy_timeout';
    this.#telemetry.proxyRejected.inc({ reason: (isTimeout ? 'timeout' : 'unavailable') satisfies ProxyRejection });
    const description = describeError(error);
    if (description !== this.#lastFailure)
      this.#logger.log('warn', 'a request was not forwarded; the sender tries again', { err: description });
    this.#lastFailure = description;
    return plain(isTimeout ? 504 : 502, description);
  }

  #refuse(reason: ProxyRejection): Reply {
    this.#telemetry.proxyRejected.inc({ reason });
    switch (reason) {
      case 'too_large':
        return plain(413, 'The request is larger than proxy.max_body_bytes.');
      case 'hung_up':
        return plain(400, 'The request ended early.');
      default:
        // Senders of remote write come again after 503; many drop samples after 429.
        return plain(503, 'Too much is under way; come again.', { 'Retry-After': RETRY_AFTER_SECONDS });
    }
  }
}

/** Whether the sender of a request is still there to be answered. */
class Presence {
  readonly #request: IncomingMessage;
  readonly #onClose = () => this.#leave();
  #forwarding: Forwarding | undefined;
  #isGone = false;

  constructor(request: IncomingMessage) {
    this.#request = request;
    request.socket.once('close', this.#onClose);
    // A slow receiver makes a silent connection, which is not a dead one. Node sets the time anew for the next request.
    request.socket.setTimeout(0);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The receiver's answer; what is under way to it stops when the sender goes. */
  waitFor(forwarding: Forwarding): Promise<WriteAnswer> {
    this.#forwarding = forwarding;
    if (this.#isGone) this.#leave();
    return forwarding.answer;
  }

  forget(): void {
    this.#request.socket.off('close', this.#onClose);
  }

  #leave(): void {
    this.#isGone = true;
    this.#forwarding?.stop(new OpenAnomalyError('proxy_unavailable', 'the sender is gone'));
  }
}

/** Values that came several times are joined by a comma. */
function endToEnd({ headers }: IncomingMessage): Record<string, string> {
  const own = headers.connection?.toLowerCase().split(/\s*,\s*/) ?? [];
  const passed: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || OF_THE_CONNECTION.has(name) || own.includes(name)) continue;
    passed[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return passed;
}

function searchOf(target = ''): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at);
}
