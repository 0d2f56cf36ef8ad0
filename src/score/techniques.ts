import { OpenAnomalyError } from '../errors.ts';
import { confidenceInterval } from './confidence-interval.ts';
import { isolationForest } from './forest/isolation-forest.ts';
import { iqr } from './iqr.ts';
import { peers } from './peers/peers.ts';
import type { Technique } from './score.ts';
import { tail } from './tail/tail.ts';
import { zScore } from './z-score.ts';

/** Techniques by the name a rule file uses. */
export const TECHNIQUES: Readonly<Record<string, Technique>> = {
  tail,
  confidence_interval: confidenceInterval,
  z_score: zScore,
  iqr,
  peers,
  isolation_forest: isolationForest,
};

/** Throws `config_invalid` for a name that the rule check should have refused. */
export function techniqueByName(name: string): Technique {
  const technique = TECHNIQUES[name];
  if (technique === undefined) throw new OpenAnomalyError('config_invalid', `there is no technique "${name}"`);
  return technique;
}
