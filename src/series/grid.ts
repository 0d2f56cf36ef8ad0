/** Evenly spaced instants: startMs, startMs + stepMs, … (`steps` of them). All are multiples of stepMs. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** The newest multiple of the step at or before an instant. */
export function alignDown(timeMs: number, stepMs: number): number {
  return Math.floor(timeMs / stepMs) * stepMs;
}

/** Both ends are multiples of the step and belong to the grid. */
export function gridBetween(startMs: number, endMs: number, stepMs: number): Grid {
  return { startMs, stepMs, steps: Math.max(0, Math.round((endMs - startMs) / stepMs) + 1) };
}

/** The last instant of the grid; startMs − stepMs when it is empty. */
export function gridEnd(grid: Grid): number {
  return grid.startMs + (grid.steps - 1) * grid.stepMs;
}
