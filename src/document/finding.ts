import type { Path } from './item.ts';

/** Something wrong at an offset of a document, before it is said which group, pipeline or section that is. */
export interface Finding {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}
