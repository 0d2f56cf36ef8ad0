import type { Technique } from '../score.ts';
import { edgeOf, TailScorer } from './scorer.ts';
import { FORECAST_WEIGHT, JUMP_WEIGHT, SHIFT_WEIGHT, SPIKE_WEIGHT } from './settings.ts';

/** Of the views that look at the newest samples alone. */
const WEIGHTS: readonly number[] = [SPIKE_WEIGHT, JUMP_WEIGHT, SHIFT_WEIGHT];

/**
 * How rare a sample is in its own series' tail. Three views of the newest samples, each an affine function of the newest
 * value: spike against the value before, jump of three against the three before, shift of five against the robust level.
 * Where a forecast was made, the distance from it is a fourth.
 * Per view |d| is divided by a scale that knows the time of day, and its rarity read off a power-law tail that is learnt
 * as it goes. The views join by a power mean. Everything is learnt after it is scored, anomalies too, but capped.
 */
export const tail: Technique = {
  name: 'tail',
  needs: { forecast: false, context: false },
  views: ['spike', 'jump', 'shift', 'forecast'],
  warmUpMs: 2 * 86_400_000,
  knowsTimeOfDay: true,
  coverageAt: (confidenceLevel) => 1 - 10 ** -edgeOf(confidenceLevel),
  create: ({ stepMs, hasForecasts, timezone }) =>
    new TailScorer({ stepMs, weights: hasForecasts === true ? [...WEIGHTS, FORECAST_WEIGHT] : WEIGHTS, timezone }),
};
