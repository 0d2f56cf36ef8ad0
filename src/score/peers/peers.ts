import type { Technique } from '../score.ts';
import { PeersScorer } from './scorer.ts';

/**
 * One member of a fleet against its siblings at the same instant. Each member's place is told in its own spreads around
 * its own level; the median place of the others, turned back into the member's unit, is what it is expected to be. So a
 * member that is always higher is no outlier, and nobody is one when all move together. How rare a distance from the
 * expected value is, its own tail says, as in the technique `tail`; where siblings disagree more than usual, all of
 * them are allowed more. `apart` looks at the newest sample, `drift` at the mean of the last five.
 */
export const peers: Technique = {
  name: 'peers',
  needs: { forecast: false, context: false },
  views: ['apart', 'drift'],
  warmUpMs: 86_400_000,
  create: ({ stepMs, by = [] }) => new PeersScorer({ stepMs, by }),
};
