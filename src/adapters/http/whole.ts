import { type ErrorCode, OpenAnomalyError } from '../../errors.ts';
import { describeNetworkError, timeoutMessage } from './network-errors.ts';
import { type AnswerHandler, type Dispatcher, type OutgoingRequest, submit } from './undici.ts';

/** An answer with its whole body. Names in lower case; values that came several times are joined by a comma. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Buffer[];
}

/**
 * One call whose answer is small and wanted whole, for those who make very many: a deadline and a way to stop it, but
 * neither streams nor signals, which cost more than the rest of such a call.
 */
export class WholeExchange {
  readonly #timeoutMs: number;
  readonly #codes: { readonly unavailable: ErrorCode; readonly timeout: ErrorCode };
  readonly #timer: NodeJS.Timeout;
  readonly #stopped: (reason: unknown) => void;
  #url: URL;
  #reason: unknown;
  #isOver = false;
  #abort: ((reason: Error) => void) | undefined;

  /** `stopped` is called when deadline or caller end the call before its answer. */
  constructor(
    request: { readonly url: URL; readonly timeoutMs: number },
    codes: { readonly unavailable: ErrorCode; readonly timeout: ErrorCode },
    stopped: (reason: unknown) => void,
  ) {
    this.#url = request.url;
    this.#timeoutMs = request.timeoutMs;
    this.#codes = codes;
    this.#stopped = stopped;
    this.#timer = setTimeout(() => this.stop(this.#timeoutError()), request.timeoutMs);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** Ends the call; what is under way of it is dropped, with its connection. */
  stop(reason: Error): void {
    if (this.#isOver) return;
    this.end();
    this.#reason = reason;
    this.#stopped(reason);
    this.#abort?.(reason);
  }

  /** The outcome of a step on the way. */
  async until<T>(step: Promise<T>): Promise<T> {
    const outcome = await step;
    if (this.#isOver) throw this.#reason;
    return outcome;
  }

  send(dispatcher: Dispatcher, request: OutgoingRequest): Promise<WholeAnswer> {
    this.#url = request.url;
    return new Promise((resolve, reject) => {
      let status = 0;
      let headers: Record<string, string> = {};
      const body: Buffer[] = [];
      const fail = (error: unknown) => {
        this.#abort = undefined;
        reject(this.#translate(error));
      };
      const handler: AnswerHandler = {
        onRequestStart: (controller) => {
          this.#abort = (reason) => controller.abort(reason);
          // It waited for a connection, and nobody waits for it any more.
          if (this.#isOver) controller.abort(this.#reason as Error);
        },
        onResponseStart: (_, statusCode, values) => {
          if (statusCode < 200) return;
          status = statusCode;
          headers = joinValues(values);
        },
        onResponseData: (_, chunk) => void body.push(chunk),
        onResponseEnd: () => {
          this.#abort = undefined;
          resolve({ status, headers, body });
        },
        onResponseError: (_, error) => fail(error),
      };
      try {
        submit(dispatcher, request, handler);
      } catch (error) {
        fail(error);
      }
    });
  }

  discard(): void {}

  #translate(error: unknown): unknown {
    if (this.#isOver) return this.#reason;
    return new OpenAnomalyError(this.#codes.unavailable, describeNetworkError(error, this.#url), { cause: error });
  }

  #timeoutError(): OpenAnomalyError {
    return new OpenAnomalyError(this.#codes.timeout, timeoutMessage(this.#url, this.#timeoutMs));
  }
}

export function joinValues(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}
