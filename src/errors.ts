/**
 * Every failure of ours carries a code from this table. The code is stable: operators grep logs for it and
 * docs/errors.md has a heading for each. `retryable` says whether the same call may succeed later unchanged.
 */
export const ERROR_CODES = {
  query_rejected: { retryable: false, summary: 'the data source refused the query (HTTP 400 or bad_data)' },
  query_execution: { retryable: false, summary: 'the query could not be executed (HTTP 422)' },
  query_wrong_type: { retryable: false, summary: 'the query answered something other than series of samples' },
  query_answer_malformed: { retryable: true, summary: 'the answer was cut off or is not a Prometheus API answer' },
  series_limit: { retryable: false, summary: 'the query answered more series than `limit` allows' },
  datasource_unavailable: { retryable: true, summary: 'the data source is starting, overloaded or unreachable' },
  datasource_timeout: { retryable: true, summary: 'the data source did not answer before the deadline' },
  datasource_auth: { retryable: false, summary: 'the data source refused the credentials (HTTP 401 or 403)' },
  file_unreadable: { retryable: false, summary: 'a file named by the configuration cannot be read' },
  csv_malformed: { retryable: false, summary: 'a CSV file has a row that cannot be understood' },
  config_invalid: { retryable: false, summary: 'the configuration or a rule file has problems' },
  engine_failed: { retryable: true, summary: 'a forecast engine failed on a batch' },
  engine_unavailable: { retryable: false, summary: 'the engine a pipeline asks for does not exist here' },
  engine_overloaded: { retryable: true, summary: 'the queue of forecast batches is full' },
  snapshot_broken: { retryable: false, summary: 'a state snapshot failed its checksum or has an unknown version' },
  state_unwritable: { retryable: true, summary: 'the state directory cannot be written' },
  remote_write_refused: { retryable: false, summary: 'the endpoint refused samples (HTTP 4xx)' },
  remote_write_unavailable: { retryable: true, summary: 'the endpoint is unreachable or answered 5xx' },
  proxy_unavailable: { retryable: true, summary: 'the receiver behind the proxy cannot be reached' },
  proxy_timeout: { retryable: true, summary: 'the receiver behind the proxy did not answer before the deadline' },
  stream_unavailable: { retryable: true, summary: 'the thread that looks at passing samples does not answer' },
  web_config_invalid: { retryable: false, summary: 'the web configuration file has problems' },
  listen_failed: { retryable: false, summary: 'the HTTP server cannot listen on an address' },
  maintenance_full: { retryable: false, summary: 'there are too many maintenance windows' },
  shutting_down: { retryable: false, summary: 'the process is stopping' },
} as const satisfies Record<string, { retryable: boolean; summary: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** How long the other side asked us to wait (Retry-After), in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The one error class of the product: a code, a sentence that says what to do, the cause. */
export class OpenAnomalyError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OpenAnomalyError';
    this.code = code;
    this.retryAfterMs = details.retryAfterMs;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** The message of anything thrown, with its code in front where it has one. */
export function describeError(error: unknown): string {
  if (error instanceof OpenAnomalyError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
