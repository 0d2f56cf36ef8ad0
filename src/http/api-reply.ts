import type { Reply } from './reply.ts';

/** Kinds of mistakes, in the words of Prometheus' API. */
export type ApiErrorType = 'bad_data' | 'not_found' | 'unavailable' | 'forbidden';

const STATUS: Readonly<Record<ApiErrorType, number>> = {
  bad_data: 400,
  forbidden: 403,
  not_found: 404,
  unavailable: 503,
};

const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };

/** An answer in the envelope of Prometheus' API. */
export function apiData(
  data: unknown,
  options: { readonly status?: number; readonly warnings?: readonly string[] } = {},
): Reply {
  const { status = 200, warnings = [] } = options;
  const body = JSON.stringify({ status: 'success', data, ...(warnings.length > 0 && { warnings }) });
  return { status, headers: HEADERS, body: `${body}\n` };
}

export function apiError(errorType: ApiErrorType, error: string, status = STATUS[errorType]): Reply {
  return { status, headers: HEADERS, body: `${JSON.stringify({ status: 'error', errorType, error })}\n` };
}
