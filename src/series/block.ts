import type { Grid } from './grid.ts';
import type { Labels } from './labels.ts';

/**
 * Many series on one grid. `values` is series-major: the sample of series s at step i is values[s * grid.steps + i].
 * NaN is a missing sample; no stale marker ever gets in here.
 */
export interface SeriesBlock {
  readonly labels: readonly Labels[];
  readonly grid: Grid;
  readonly values: Float64Array;
}
