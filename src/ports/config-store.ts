import type { GroupSet } from '../rules/pipeline.ts';
import type { Problem } from '../rules/problem.ts';

export interface LoadedRules {
  readonly groups: GroupSet;
  /** Warnings when the set is usable; anything of severity `error` makes the set unusable. */
  readonly problems: readonly Problem[];
}

/** Where groups and pipelines come from. */
export interface ConfigStore extends AsyncDisposable {
  load(): Promise<LoadedRules>;
  /** Calls `changed` after the content (not merely a timestamp) changed. */
  watch(changed: () => void): void;
}
