import type { ScoredStep } from '../ports/publisher.ts';

const FAMILIES = ['value', 'expected', 'lower', 'upper', 'score', 'anomaly', 'alarm', 'contribution'] as const;
const VIEW_AT = FAMILIES.length;
/** Float64 values that are kept of one member. */
export const SHOWN_VALUES = VIEW_AT + 1;

/** What a step says of one member. */
export function shownRow(step: ScoredStep, index: number): Float64Array {
  return Float64Array.of(...FAMILIES.map((family) => step[family]?.[index] ?? Number.NaN), step.view[index]!);
}

/** The step again, from the rows of its members in order. */
export function stepFromRows(timestampMs: number, rows: readonly Float64Array[]): ScoredStep {
  const columnOf = (at: number) => Float64Array.from(rows, (row) => row[at]!);
  const { alarm, contribution, ...always } = Object.fromEntries(
    FAMILIES.map((family, at) => [family, columnOf(at)]),
  ) as Record<(typeof FAMILIES)[number], Float64Array>;
  const isThere = (values: Float64Array) => values.some((value) => !Number.isNaN(value));
  return {
    timestampMs,
    ...always,
    view: Uint8Array.from(rows, (row) => row[VIEW_AT]!),
    ...(isThere(alarm) && { alarm }),
    ...(isThere(contribution) && { contribution }),
  };
}
