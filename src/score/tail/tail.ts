import type { Technique } from '../score.ts';
import { edgeOf, TailScorer } from './scorer.ts';
import { FORECAST_WEIGHT, JUMP_WEIGHT, RANGE_DAYS, SHIFT_WEIGHT, SPIKE_WEIGHT } from './settings.ts';

const DAY_MS = 86_400_000;

/** Of the views that look at the newest samples alone. */
const WEIGHTS: readonly number[] = [SPIKE_WEIGHT, JUMP_WEIGHT, SHIFT_WEIGHT];

/**
 * How rare a sample is in its own series' tail. Three views of the newest samples, each an affine function of the newest
 * value: spike against the value before, jump of three against the three before, shift of five against the robust level.
 * Where a forecast was made, the distance from it is a fourth.
 * Per view |d| is divided by a scale that knows the time of day, and its rarity read off a power-law tail that is learnt
 * as it goes. The views join by a power mean; beside it stands how far the series is beyond where it was in the last
 * week. Everything is learnt after it is scored, anomalies too, but capped.
 */
export const tail: Technique = {
  name: 'tail',
  needs: { forecast: false, context: false },
  views: ['spike', 'jump', 'shift', 'forecast', 'range'],
  warmUpMs: 2 * DAY_MS,
  // The range asks for seven days, of which the first need not be whole.
  pastMs: (RANGE_DAYS + 1) * DAY_MS,
  knowsTimeOfDay: true,
  coverageAt: (confidenceLevel) => 1 - 10 ** -edgeOf(confidenceLevel),
  create: ({ stepMs, hasForecasts, timezone }) =>
    new TailScorer({ stepMs, weights: hasForecasts === true ? [...WEIGHTS, FORECAST_WEIGHT] : WEIGHTS, timezone }),
};
