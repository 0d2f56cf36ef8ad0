import type { Evaluation, Family, FuturePath, LookAhead, ScoredStep } from '../../../ports/publisher.ts';
import type { Labels } from '../../../series/labels.ts';
import { AHEAD_COLUMNS, AHEAD_FAMILIES, FAMILY_HELP, SCORED_COLUMNS } from '../page-families.ts';
import type { Intake } from './intake.ts';
import type { Column, PublishedSeries, Row } from './published-series.ts';
import type { RemoteSeries } from './remote-series.ts';

/** Value of the label `horizon` on a path that is written at its own instants. */
const PATH_HORIZON = 'path';

/**
 * Hands the samples of an evaluation to the intake: scored steps at their own time, look-ahead at the evaluation's,
 * the future path at its own as far as it is due. A series' families follow one another, which compresses well.
 */
export class EvaluationSamples {
  readonly #evaluation: Evaluation;
  readonly #published: PublishedSeries;
  readonly #prefix: string;

  constructor(evaluation: Evaluation, published: PublishedSeries, prefix: string) {
    this.#evaluation = evaluation;
    this.#published = published;
    this.#prefix = prefix;
  }

  giveTo(intake: Intake): void {
    const { series, steps, farewell, lookAhead, futurePath } = this.#evaluation;
    if (farewell !== undefined) this.#giveSteps(farewell.series, farewell.steps, intake);
    this.#giveSteps(series, steps, intake);
    this.#giveLookAhead(lookAhead, intake);
    if (futurePath !== undefined) this.#givePath(futurePath, intake);
    this.#giveEnded(intake);
  }

  #giveSteps(series: readonly Labels[], steps: readonly ScoredStep[], intake: Intake): void {
    for (const step of steps) {
      this.#giveStep(series, step, intake);
      this.#giveViews(series, step, intake);
    }
  }

  #giveStep(members: readonly Labels[], step: ScoredStep, intake: Intake): void {
    const columns = SCORED_COLUMNS.flatMap((family) => {
      const values = step[family];
      return values === undefined ? [] : [{ column: this.#column(family), values }];
    });
    for (const [s, labels] of members.entries()) {
      const row = this.#published.row(labels);
      for (const { column, values } of columns)
        intake.sample(this.#published.series(row, column), step.timestampMs, values[s]!);
    }
  }

  /** Few series are flagged; those that are no longer get a marker, or they would be found for minutes. */
  #giveViews(members: readonly Labels[], { timestampMs, anomaly, view }: ScoredStep, intake: Intake): void {
    const columns = this.#evaluation.views.map((name) => this.#column('view', { view: name }));
    const spoke = new Map<RemoteSeries, { readonly row: Row; readonly column: Column }>();
    for (const [s, labels] of members.entries()) {
      if (anomaly[s]! === 0 || Number.isNaN(anomaly[s]!)) continue;
      const row = this.#published.row(labels);
      const column = columns[view[s]!]!;
      const series = this.#published.series(row, column);
      intake.sample(series, timestampMs, 1);
      if (typeof series === 'object') spoke.set(series, { row, column });
    }
    for (const series of this.#published.replaceTransient(spoke)) intake.end(series, timestampMs);
  }

  /** Forecast and anomaly task may both publish at one instant; the look-ahead that came first stands. */
  #giveLookAhead(lookAhead: readonly LookAhead[], intake: Intake): void {
    const columns = lookAhead.flatMap((ahead) =>
      AHEAD_FAMILIES.map((family) => ({
        column: this.#column(family, { horizon: ahead.horizon }),
        values: ahead[AHEAD_COLUMNS[family]],
      })),
    );
    for (const [s, labels] of this.#evaluation.series.entries()) {
      const row = this.#published.row(labels);
      for (const { column, values } of columns)
        intake.sampleIfNew(this.#published.series(row, column), this.#evaluation.timestampMs, values[s]!);
    }
  }

  #givePath(path: FuturePath, intake: Intake): void {
    const { series } = this.#evaluation;
    const columns = AHEAD_FAMILIES.map((family) => ({
      column: this.#column(family, { horizon: PATH_HORIZON }),
      values: path[AHEAD_COLUMNS[family]],
    }));
    for (const [i, timestampMs] of path.timestampsMs.entries())
      for (const [s, labels] of series.entries()) {
        const row = this.#published.row(labels);
        for (const { column, values } of columns)
          intake.sampleIfNew(this.#published.series(row, column), timestampMs, values[i * series.length + s]!);
      }
  }

  #giveEnded(intake: Intake): void {
    const { ended, timestampMs } = this.#evaluation;
    for (const labels of ended) for (const series of this.#published.end(labels)) intake.end(series, timestampMs);
  }

  #column(family: Family, own: { readonly horizon?: string; readonly view?: string } = {}): Column {
    return this.#published.column(`${this.#prefix}_${family}`, { help: FAMILY_HELP[family], ...own });
  }
}
