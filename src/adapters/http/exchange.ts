import { type ErrorCode, OpenAnomalyError } from '../../errors.ts';
import { describeNetworkError, timeoutMessage } from './network-errors.ts';
import { type Dispatcher, dispatch, type OutgoingRequest, type ResponseBody } from './undici.ts';
import { joinValues } from './whole.ts';

/** An answer's head; `body` is the stream that the exchange must still see to its end. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ResponseBody;
}

/** What is read of a body nobody wants, so that its connection can serve again; a longer one is cut off. */
const DISCARD_BYTES = 64 * 1024;

/**
 * One call from its start to the last byte of the answer: a deadline, the caller's signal, and the translation of
 * whatever breaks into our errors. `end` frees both; it is called when the body is over.
 */
export class Exchange {
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  readonly #codes: { readonly unavailable: ErrorCode; readonly timeout: ErrorCode };
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = () => this.#stop.abort(this.#signal.reason);
  #url: URL;

  constructor(
    request: { readonly url: URL; readonly timeoutMs: number },
    signal: AbortSignal,
    codes: { readonly unavailable: ErrorCode; readonly timeout: ErrorCode },
  ) {
    this.#url = request.url;
    this.#timeoutMs = request.timeoutMs;
    this.#signal = signal;
    this.#codes = codes;
    this.#timer = setTimeout(() => {
      this.#stop.abort(this.#timeoutError());
      this.end();
    }, request.timeoutMs);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  /** The outcome of a step on the way, unless abort or deadline come first. */
  until<T>(step: Promise<T>): Promise<T> {
    const stop = this.#stop.signal;
    return new Promise((resolve, reject) => {
      const onStop = () => reject(stop.reason);
      if (stop.aborted) return onStop();
      stop.addEventListener('abort', onStop, { once: true });
      step.then(resolve, reject).finally(() => stop.removeEventListener('abort', onStop));
    });
  }

  async send(dispatcher: Dispatcher, request: OutgoingRequest): Promise<AnswerHead> {
    this.#url = request.url;
    try {
      const { statusCode, headers, body } = await dispatch(dispatcher, request, this.#stop.signal);
      // A stream that breaks before anybody reads it must not end the process; its reader is told.
      body.on('error', () => undefined);
      return { status: statusCode, headers: joinValues(headers), body };
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** The bytes of a body; the exchange ends with them. Leaving the loop early drops the connection. */
  async *read(body: ResponseBody): AsyncGenerator<Uint8Array, void, void> {
    try {
      for await (const chunk of body) yield chunk as Uint8Array;
    } catch (error) {
      throw this.#translate(error);
    } finally {
      this.end();
    }
  }

  /** Lets go of a body without reading it. The exchange goes on. */
  discard({ body }: AnswerHead): void {
    void body.dump({ limit: DISCARD_BYTES }).catch(() => undefined);
  }

  #translate(error: unknown): unknown {
    if (this.#stop.signal.aborted) return this.#stop.signal.reason;
    if (error instanceof OpenAnomalyError) return error;
    return new OpenAnomalyError(this.#codes.unavailable, describeNetworkError(error, this.#url), { cause: error });
  }

  #timeoutError(): OpenAnomalyError {
    return new OpenAnomalyError(this.#codes.timeout, timeoutMessage(this.#url, this.#timeoutMs));
  }
}
