import type { Technique } from '../score.ts';
import { edgeOf, TailScorer } from './scorer.ts';

/**
 * How rare a sample is in its own series' tail. Three views of the newest samples, each an affine function of the newest
 * value: spike against the value before, jump of three against the three before, shift of five against the robust level.
 * Per view |d| is divided by a scale that knows the time of day, and its rarity read off a power-law tail that is learnt
 * as it goes. The views join by a power mean. Everything is learnt after it is scored, anomalies too, but capped.
 */
export const tail: Technique = {
  name: 'tail',
  needs: { forecast: false, context: false },
  views: ['spike', 'jump', 'shift'],
  warmUpMs: 2 * 86_400_000,
  coverageAt: (confidenceLevel) => 1 - 10 ** -edgeOf(confidenceLevel),
  create: ({ stepMs }) => new TailScorer({ stepMs, weights: [1, 1, 0.7] }),
};
