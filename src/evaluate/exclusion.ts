import { compileExclude } from '../rules/exclude-window.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { Labels } from '../series/labels.ts';
import type { MaintenanceBook } from './maintenance.ts';

/** Which of some series are excluded at an instant: 1 for those that are; undefined for the usual case of none. */
export type Exclusion = (timestampMs: number, labels: readonly Labels[]) => Uint8Array | undefined;

/** The pipeline's own windows and those of maintenance, together. */
export function exclusionOf(pipeline: Pipeline, maintenance: Pick<MaintenanceBook, 'at'> | undefined): Exclusion {
  const isExcluded = compileExclude(pipeline.exclude, pipeline.timezone);
  return (timestampMs, labels) => {
    if (isExcluded(timestampMs)) return new Uint8Array(labels.length).fill(1);
    const holds = maintenance?.at(timestampMs, pipeline);
    if (holds === undefined) return undefined;
    const mask = Uint8Array.from(labels, (series) => (holds(series) ? 1 : 0));
    return mask.includes(1) ? mask : undefined;
  };
}
