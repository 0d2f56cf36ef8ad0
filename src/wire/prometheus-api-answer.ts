import { OpenAnomalyError } from '../errors.ts';

export interface AnswerCounts {
  /** Series with float samples. */
  readonly series: number;
  /** Series with native histograms and no float sample. */
  readonly histograms: number;
  readonly samples: number;
  readonly bytes: number;
}

/** What an answer of /api/v1/query or /api/v1/query_range says beside its samples. */
export interface ApiAnswer extends AnswerCounts {
  readonly status: 'success' | 'error';
  /** With `error`: `bad_data`, `execution`, `timeout` …, or a status code as text (VictoriaMetrics). */
  readonly errorType: string | undefined;
  readonly error: string | undefined;
  /** `matrix`, `vector`, `scalar` or `string`; only the first two have series. */
  readonly resultType: string | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Some storage nodes did not answer (VictoriaMetrics cluster). */
  readonly isPartial: boolean;
}

/** `said` holds the JSON values of the answer by key. */
export function answerOf(said: Readonly<Record<string, unknown>>, counts: AnswerCounts): ApiAnswer {
  const { status } = said as { readonly status?: unknown };
  if (status !== 'success' && status !== 'error') throw malformed('the answer has no status');
  return {
    ...counts,
    status,
    errorType: optionalText(said['errorType']),
    error: optionalText(said['error']),
    resultType: optionalText(said['resultType']),
    warnings: texts(said['warnings']),
    infos: texts(said['infos']),
    isPartial: said['isPartial'] === true,
  };
}

export function malformed(reason: string): OpenAnomalyError {
  return new OpenAnomalyError('query_answer_malformed', `${reason}; is something between us and the data source?`);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}
