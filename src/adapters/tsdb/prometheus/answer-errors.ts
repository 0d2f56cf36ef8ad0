import { type ErrorCode, OpenAnomalyError } from '../../../errors.ts';

/** A failed answer: what a server said, as far as it can be understood. */
export interface FailedAnswer {
  /** How the operator calls the server. */
  readonly name: string;
  readonly status: number;
  /** Body of the answer, or its beginning. */
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** The error for an answer that is not 2xx. Servers of all ages and the proxies before them are among those that answer. */
export function errorOfStatus(failed: FailedAnswer): OpenAnomalyError {
  const { name, status } = failed;
  const { errorType, message } = readMessage(failed.text);
  const said = message === '' ? '' : `: ${message}`;
  switch (status) {
    case 400:
      return new OpenAnomalyError('query_rejected', `${name} refuses the query${said}`);
    case 401:
    case 403:
      return new OpenAnomalyError(
        'datasource_auth',
        `${name} refuses the credentials (HTTP ${status})${said}; check the HTTP client block of the data source`,
      );
    case 422:
      return new OpenAnomalyError('query_execution', `${name} could not execute the query${said}`);
    case 408:
    case 429:
      return unavailable(failed, said);
  }
  if (status >= 500) return errorType === 'timeout' ? timeout(name, said) : unavailable(failed, said);
  return new OpenAnomalyError(
    'query_rejected',
    `${name} answers HTTP ${status}${said}; is the URL of the data source that of a Prometheus HTTP API?`,
  );
}

/** The error for a 2xx answer whose status is `error`. */
export function errorOfType(
  name: string,
  errorType: string | undefined,
  message: string | undefined,
): OpenAnomalyError {
  const said = message === undefined ? '' : `: ${message}`;
  if (errorType === 'timeout') return timeout(name, said);
  const code: ErrorCode = errorType === 'bad_data' ? 'query_rejected' : 'query_execution';
  return new OpenAnomalyError(code, `${name} answers with an error${said}`);
}

function timeout(name: string, said: string): OpenAnomalyError {
  return new OpenAnomalyError(
    'datasource_timeout',
    `${name} ran out of time${said}; make the query cheaper, for example by a recording rule`,
  );
}

function unavailable({ name, status, retryAfter }: FailedAnswer, said: string): OpenAnomalyError {
  const retryAfterMs = parseRetryAfter(retryAfter, Date.now());
  return new OpenAnomalyError(
    'datasource_unavailable',
    `${name} is starting or overloaded (HTTP ${status})${said}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now; undefined for a date that is past or nonsense. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return waitMs > 0 ? waitMs : undefined;
}

/** Prometheus and VictoriaMetrics say why in JSON; anything else is shown by its beginning. */
function readMessage(text: string): { readonly errorType: string | undefined; readonly message: string } {
  try {
    const body = JSON.parse(text) as { errorType?: unknown; error?: unknown } | null;
    if (typeof body?.error === 'string') {
      return { errorType: typeof body.errorType === 'string' ? body.errorType : undefined, message: body.error };
    }
  } catch {
    // Plain text, as while a server replays its log, or the page of a proxy.
  }
  return { errorType: undefined, message: text.replace(/\s+/g, ' ').trim().slice(0, 200) };
}
