import { pinballLoss } from '../../../forecast/pinball.ts';
import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { type Candidate, type EngineSetup, FORECASTERS } from './candidates.ts';
import { type SeasonalView, seasonalView } from './seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Past instants at which every candidate makes its forecast once more, to be compared with what came. */
const ORIGINS = 8;
/** A context must reach at least this far back before an origin. */
const LEAST_CONTEXT_STEPS = 20;
/**
 * Weight of a candidate: (least loss / its loss) to this power. A clear winner takes nearly all, candidates within some
 * percent of each other share, which beats picking one of them on noise.
 */
const SHARPNESS = 8;
/** Candidates below this weight are left out, and not computed. */
const LEAST_WEIGHT = 0.05;

/**
 * Weights of the candidates for a series, by their pinball losses over the horizon at past origins of the context;
 * they sum to 1. Equal when the context is too short to tell.
 */
export function weighCandidates(
  values: Float64Array,
  candidates: readonly Candidate[],
  at: { readonly periods: readonly number[]; readonly horizonSteps: number; readonly setup: EngineSetup },
): number[] {
  const n = values.length;
  const stride = Math.max(1, Math.min(at.horizonSteps, Math.floor(n / 2 / ORIGINS)));
  const losses = new Float64Array(candidates.length);
  const quantiles = new Float64Array(at.horizonSteps * LEVELS);
  for (let i = 1; i <= ORIGINS; i++) {
    const origin = n - i * stride;
    if (origin < LEAST_CONTEXT_STEPS) break;
    const steps = Math.min(at.horizonSteps, n - origin);
    const views = viewsOf(values.subarray(0, origin), at.periods, steps);
    const actual = values.subarray(origin, origin + steps);
    candidates.forEach(({ engine, seasonal }, c) => {
      FORECASTERS[engine](seasonal ? views.seasonal : views.plain, at.setup, quantiles);
      losses[c]! += pinballLoss(quantiles, actual);
    });
  }
  return weightsOf(losses);
}

/** Mean of the candidates' rows by their weights; exact where they agree. */
export function fillWeighted(
  view: SeasonalView,
  setup: EngineSetup,
  choice: { readonly candidates: readonly Candidate[]; readonly weights: readonly number[] },
  target: Float64Array,
): void {
  const plain = view.periods.length === 0 ? view : seasonalView(view.values, [], view.horizonSteps);
  const quantiles = new Float64Array(target.length);
  let total = 0;
  choice.candidates.forEach(({ engine, seasonal }, c) => {
    const weight = choice.weights[c]!;
    if (weight === 0) return;
    total += weight;
    const isFirst = total === weight;
    FORECASTERS[engine](seasonal ? view : plain, setup, isFirst ? target : quantiles);
    if (isFirst) return;
    // A running mean leaves equal values as they are; a sum of shares would round them apart.
    for (let i = 0; i < target.length; i++) target[i]! += (weight / total) * (quantiles[i]! - target[i]!);
  });
}

function viewsOf(values: Float64Array, periods: readonly number[], horizonSteps: number) {
  const plain = seasonalView(values, [], horizonSteps);
  return { plain, seasonal: periods.length === 0 ? plain : seasonalView(values, periods, horizonSteps) };
}

function weightsOf(losses: Float64Array): number[] {
  const least = Math.min(...losses);
  // Losses that are all zero (a series that stands still) or that overflowed tell nothing apart.
  const raw = Array.from(losses, (loss) =>
    loss === least || !(loss < Number.POSITIVE_INFINITY) ? 1 : (least / loss) ** SHARPNESS,
  );
  const kept = raw.map((weight, _, all) => (weight < LEAST_WEIGHT * sum(all) ? 0 : weight));
  const total = sum(kept);
  return kept.map((weight) => weight / total);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
