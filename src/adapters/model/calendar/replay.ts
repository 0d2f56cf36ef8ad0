import { learn } from '../../../forecast/calendar/learn.ts';
import { seasonalityOf } from '../../../forecast/calendar/options.ts';
import { forecast } from '../../../forecast/calendar/path.ts';
import { calendarMemory, calendarShape } from '../../../forecast/calendar/shape.ts';
import { calendarTimes, type Locale, NOWHERE, placeOf } from '../../../forecast/calendar/times.ts';
import type { SeriesHint } from '../../../forecast/forecast.ts';
import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { type Grid, gridEnd } from '../../../series/grid.ts';

const LEVELS = QUANTILE_LEVELS.length;

interface Replay {
  readonly series: number;
  readonly grid: Grid;
  /** Series-major: series × grid.steps. */
  readonly values: Float64Array;
  readonly horizonSteps: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly locale?: Locale | undefined;
}

/**
 * The online engine for those who have contexts: each series is learnt from its first sample to its last, forecast,
 * and forgotten. Pipelines do not come here, they keep what was learnt.
 */
export function replayCalendar({ series, grid, values, horizonSteps, parameters, locale }: Replay) {
  const shape = calendarShape(grid.stepMs, seasonalityOf(parameters));
  const place = placeOf(locale ?? NOWHERE);
  const times = calendarTimes(shape, place, grid.startMs, grid.steps);
  const ahead = calendarTimes(shape, place, gridEnd(grid) + grid.stepMs, horizonSteps);
  const quantiles = new Float64Array(series * horizonSteps * LEVELS);
  const hints: SeriesHint[] = [];
  for (let s = 0; s < series; s++) {
    const memory = calendarMemory(shape);
    for (let i = 0; i < grid.steps; i++) learn(shape, memory, times, i, values[s * grid.steps + i]!);
    forecast(shape, memory, ahead, quantiles, s * horizonSteps * LEVELS);
    hints.push({ engine: 'calendar', periods: [], checkedMs: gridEnd(grid) });
  }
  return { quantiles, hints };
}
