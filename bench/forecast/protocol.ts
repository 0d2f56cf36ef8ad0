import { type SeriesSet, TERM_NAMES, type TermName } from '../data/series-set.ts';

/**
 * BOOM's protocol (DataDog/toto, boom; SalesforceAIResearch/gift-eval, data.py): horizon by the step, terms of one, ten
 * and fifteen horizons, the last tenth of a series in non-overlapping windows, at most twenty of them.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const TERM_FACTORS: Readonly<Record<TermName, number>> = { short: 1, medium: 10, long: 15 };
const MOST_WINDOWS = 20;
const TEST_SHARE = 0.1;
/** Share of a series that windows may take where more than the protocol's are asked for. */
const MOST_TEST_SHARE = 0.8;
/** A model must be given something to go by. */
const LEAST_CONTEXT_STEPS = 20;

export interface Term {
  readonly name: TermName;
  readonly horizonSteps: number;
  /** First step of each window, ascending; a window's context is all that comes before. */
  readonly origins: readonly number[];
}

/** Steps of the short term: 60 for seconds, 48 for minutes and hours, 30 for days. */
export function shortHorizonSteps(stepMs: number): number {
  if (stepMs < MINUTE_MS) return 60;
  return stepMs < DAY_MS ? 48 : 30;
}

/** Season in steps: an hour for seconds, otherwise a day; 1 for days and longer. */
export function seasonSteps(stepMs: number): number {
  return Math.max(1, Math.round((stepMs < MINUTE_MS ? HOUR_MS : DAY_MS) / stepMs));
}

/**
 * Windows of a set, up to the longest term it is published for. A term whose windows would leave no past to take a
 * seasonal difference of is left out. With `mostWindows` they are the last so many of a term rather than the protocol's.
 */
export function termsOf(set: Pick<SeriesSet, 'stepMs' | 'steps' | 'longestTerm'>, mostWindows?: number): Term[] {
  const least = Math.max(LEAST_CONTEXT_STEPS, seasonSteps(set.stepMs) + 1);
  const share = mostWindows === undefined ? TEST_SHARE : MOST_TEST_SHARE;
  return TERM_NAMES.slice(0, TERM_NAMES.indexOf(set.longestTerm) + 1).flatMap((name) => {
    const horizonSteps = shortHorizonSteps(set.stepMs) * TERM_FACTORS[name];
    const wanted = Math.ceil((share * set.steps) / horizonSteps);
    const count = Math.min(Math.max(1, wanted), mostWindows ?? MOST_WINDOWS);
    const first = set.steps - count * horizonSteps;
    if (first < least) return [];
    return [{ name, horizonSteps, origins: Array.from({ length: count }, (_, i) => first + i * horizonSteps) }];
  });
}

/**
 * Mean absolute seasonal difference of each series' past before an origin, missing samples left out: what MASE divides
 * by. The sums run on from one origin to the next, which must ascend.
 */
export class SeasonalScale {
  readonly #set: SeriesSet;
  readonly #season: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  #origin: number;

  constructor(set: SeriesSet) {
    this.#set = set;
    this.#season = seasonSteps(set.stepMs);
    this.#origin = this.#season;
    this.#sums = new Float64Array(set.variates.length);
    this.#counts = new Float64Array(set.variates.length);
  }

  /** One entry per series; NaN where no difference could be taken. */
  before(origin: number): Float64Array {
    const { values, steps, variates } = this.#set;
    for (let v = 0; v < variates.length; v++) {
      for (let t = this.#origin; t < origin; t++) {
        const difference = Math.abs(values[v * steps + t]! - values[v * steps + t - this.#season]!);
        if (Number.isNaN(difference)) continue;
        this.#sums[v]! += difference;
        this.#counts[v]! += 1;
      }
    }
    this.#origin = Math.max(this.#origin, origin);
    return this.#sums.map((sum, v) => sum / this.#counts[v]!);
  }
}
