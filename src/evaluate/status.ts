/** What a person wants to know of a pipeline at a glance; the landing page and, later, the API show it. */
export interface PipelineStatus {
  readonly name: string;
  readonly group: string;
  readonly file: string;
  readonly description: string;
  readonly query: string;
  readonly enabled: boolean;
  /** `starting` until the first evaluation ended; series and engines tell how far it is. */
  readonly health: 'starting' | 'ok' | 'error';
  /** Code and message of the last evaluation when it failed. */
  readonly lastError: string | undefined;
  readonly lastEvaluationMs: number | undefined;
  readonly lastEvaluationDurationMs: number | undefined;
  readonly lastForecastMs: number | undefined;
  readonly series: number;
  readonly warmingUp: number;
  /** Series whose newest scored sample is flagged. */
  readonly flagged: number;
  /** Newest highest score over the series; undefined when nothing is scored. */
  readonly highestScore: number | undefined;
  /** Series by engine, as chosen. */
  readonly engines: Readonly<Record<string, number>>;
}
