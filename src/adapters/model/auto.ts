import { pinballLoss } from '../../forecast/pinball.ts';
import { QUANTILE_LEVELS } from '../../forecast/quantile.ts';
import { type Candidate, type EngineSetup, FORECASTERS, isStatistical } from './candidates.ts';
import type { PooledRows } from './pooled-rows.ts';
import { type SeasonalView, seasonalView } from './statistical/seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Past instants at which every candidate makes its forecast once more, to be compared with what came. */
const ORIGINS = 8;
/** A context must reach at least this far back before an origin. */
const LEAST_CONTEXT_STEPS = 20;
/**
 * Weight of a candidate: (least loss / its loss) to this power. A clear winner takes nearly all, candidates within some
 * percent of each other share, which beats picking one of them on noise. Best of 5 to 10 on four sources.
 */
const SHARPNESS = 6;
/**
 * What a model lost counts for this share only: losses at eight instants are noisy, and a model that was judged on many
 * series before is more to be believed than engines that fit themselves to this one. Cloud telemetry is best with 0.8,
 * web load with 0.9, and a hundredth is no more than .001 of error anywhere.
 */
const MODEL_HANDICAP = 0.87;
/** Candidates below this weight are left out, and not computed. */
const LEAST_WEIGHT = 0.05;

/** Lengths of the pasts of a context of `steps` at which candidates are judged, newest first; none when it is too short. */
export function originsOf(steps: number, horizonSteps: number): number[] {
  const stride = Math.max(1, Math.min(horizonSteps, Math.floor(steps / 2 / ORIGINS)));
  const origins: number[] = [];
  for (let i = 1; i <= ORIGINS && steps - i * stride >= LEAST_CONTEXT_STEPS; i++) origins.push(steps - i * stride);
  return origins;
}

/** What came after an origin, as far as a forecast made there reaches. */
export function actualAfter(values: Float64Array, origin: number, horizonSteps: number): Float64Array {
  return values.subarray(origin, Math.min(values.length, origin + horizonSteps));
}

/** What a model's loss counts for among those of the other candidates. */
export function judgedModelLoss(loss: number): number {
  return MODEL_HANDICAP * loss;
}

/** What each candidate lost at each origin of a context: candidate-major, origins newest first. */
export class Losses {
  readonly #values: Float64Array;
  readonly #origins: number;
  readonly #candidates: number;

  constructor(candidates: number, origins: number) {
    this.#values = new Float64Array(candidates * origins);
    this.#origins = origins;
    this.#candidates = candidates;
  }

  set(candidate: number, origin: number, loss: number): void {
    this.#values[candidate * this.#origins + origin] = loss;
  }

  /**
   * Of each candidate the sum of its losses, each as a share of what all lost at that origin: an hour in which the series
   * went wild, and all lost much, does not decide alone. An origin at which nothing was lost, or a sum overflowed, tells
   * nothing.
   */
  relative(): Float64Array {
    const sums = new Float64Array(this.#candidates);
    for (let origin = 0; origin < this.#origins; origin++) {
      let total = 0;
      for (let c = 0; c < this.#candidates; c++) total += this.#values[c * this.#origins + origin]!;
      if (!(total > 0 && total < Number.POSITIVE_INFINITY)) continue;
      for (let c = 0; c < this.#candidates; c++) sums[c]! += this.#values[c * this.#origins + origin]! / total;
    }
    return sums;
  }
}

/** Sets the pinball losses of the statistical candidates at the origins of a context; others' entries stay. */
export function setStatisticalLosses(
  values: Float64Array,
  candidates: readonly Candidate[],
  at: { readonly periods: readonly number[]; readonly horizonSteps: number; readonly setup: EngineSetup },
  losses: Losses,
): void {
  const quantiles = new Float64Array(at.horizonSteps * LEVELS);
  for (const [i, origin] of originsOf(values.length, at.horizonSteps).entries()) {
    const actual = actualAfter(values, origin, at.horizonSteps);
    const views = viewsOf(values.subarray(0, origin), at.periods, actual.length);
    candidates.forEach(({ engine, seasonal }, c) => {
      if (!isStatistical(engine)) return;
      FORECASTERS[engine](seasonal ? views.seasonal : views.plain, at.setup, quantiles);
      losses.set(c, i, pinballLoss(quantiles, actual));
    });
  }
}

/** Weights of candidates by their losses; they sum to 1. Equal when nothing was lost, or could be told. */
export function weightsOf(losses: Float64Array): number[] {
  const least = Math.min(...losses);
  const raw = Array.from(losses, (loss) => (loss === least ? 1 : (least / loss) ** SHARPNESS));
  const kept = raw.map((weight, _, all) => (weight < LEAST_WEIGHT * sum(all) ? 0 : weight));
  const total = sum(kept);
  return kept.map((weight) => weight / total);
}

/** Adds the rows of the statistical candidates that have a weight. */
export function addStatisticalRows(
  view: SeasonalView,
  setup: EngineSetup,
  choice: { readonly candidates: readonly Candidate[]; readonly weights: readonly number[] },
  target: PooledRows,
): void {
  const plain = view.periods.length === 0 ? view : seasonalView(view.values, [], view.horizonSteps);
  const rows = new Float64Array(view.horizonSteps * LEVELS);
  choice.candidates.forEach(({ engine, seasonal }, c) => {
    const weight = choice.weights[c]!;
    if (weight === 0 || !isStatistical(engine)) return;
    FORECASTERS[engine](seasonal ? view : plain, setup, rows);
    target.add(rows, weight);
  });
}

function viewsOf(values: Float64Array, periods: readonly number[], horizonSteps: number) {
  const plain = seasonalView(values, [], horizonSteps);
  return { plain, seasonal: periods.length === 0 ? plain : seasonalView(values, periods, horizonSteps) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
