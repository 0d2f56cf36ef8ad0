import type { Technique } from '../score.ts';
import { GroupForestScorer } from './group-scorer.ts';
import { SeriesForestScorer } from './series-scorer.ts';

/**
 * How easily random splits set a sample apart from those of the last days. Of a series alone: its newest value, its step
 * and its move. Of several series together: values and steps of all of them at one instant. How rare an isolation is,
 * its own tail says, as in the technique `tail`.
 */
export const isolationForest: Technique = {
  name: 'isolation_forest',
  needs: { forecast: false, context: false },
  views: ['isolation'],
  warmUpMs: 86_400_000,
  create: ({ stepMs, by = [], isMultivariate = false }) =>
    isMultivariate ? new GroupForestScorer({ stepMs, by }) : new SeriesForestScorer({ stepMs }),
};
