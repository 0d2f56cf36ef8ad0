import { OpenAnomalyError } from '../../../errors.ts';
import {
  checkEngineParameters,
  DEFAULT_WINDOW_STEPS,
  type EngineId,
  engineOptions,
  isEngineId,
} from '../../../forecast/engines.ts';
import type { SeriesHint } from '../../../forecast/forecast.ts';
import { findPeriods } from '../../../forecast/periods.ts';
import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { type Grid, gridEnd } from '../../../series/grid.ts';
import { fillWeighted, weighCandidates } from './auto.ts';
import { candidatesOf, type EngineSetup, FORECASTERS } from './candidates.ts';
import { finishRows } from './finish-rows.ts';
import { prepareSeries } from './prepare-series.ts';
import { isFresh } from './recheck.ts';
import { seasonalView } from './seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** A forecast request without the labels, which no statistical engine looks at. */
export interface Batch {
  readonly series: number;
  readonly grid: Grid;
  /** Series-major: series × grid.steps. */
  readonly values: Float64Array;
  readonly horizonSteps: number;
  readonly engine: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly hints: readonly (SeriesHint | undefined)[];
}

export interface BatchForecast {
  /** Series-major, then step, then level. */
  readonly quantiles: Float64Array;
  readonly hints: readonly SeriesHint[];
}

/**
 * Forecasts the series of a batch with one of the statistical engines, one after the other, in the calling thread.
 * Throws `engine_unavailable` for an engine that is not one of these, or parameters it does not take.
 */
export function forecastBatch(batch: Batch): BatchForecast {
  const { engine, grid, horizonSteps } = batch;
  const problems = checkEngineParameters(engine, batch.parameters);
  if (!isEngineId(engine) || problems.length > 0) throw new OpenAnomalyError('engine_unavailable', problems.join('; '));
  const options = engineOptions(batch.parameters);
  const windowSteps =
    options.windowMs === undefined ? DEFAULT_WINDOW_STEPS : Math.max(1, Math.round(options.windowMs / grid.stepMs));
  const task: Task = { engine, grid, horizonSteps, setup: { options, windowSteps } };
  const quantiles = new Float64Array(batch.series * horizonSteps * LEVELS);
  const hints: SeriesHint[] = [];
  for (let s = 0; s < batch.series; s++) {
    const raw = batch.values.subarray(s * grid.steps, (s + 1) * grid.steps);
    const target = quantiles.subarray(s * horizonSteps * LEVELS, (s + 1) * horizonSteps * LEVELS);
    hints.push(forecastSeries(task, { raw, hint: batch.hints[s], index: s }, target));
  }
  return { quantiles, hints };
}

interface Task {
  readonly engine: EngineId;
  readonly grid: Grid;
  readonly horizonSteps: number;
  readonly setup: EngineSetup;
}

interface SeriesInput {
  readonly raw: Float64Array;
  readonly hint: SeriesHint | undefined;
  readonly index: number;
}

function forecastSeries(task: Task, input: SeriesInput, target: Float64Array): SeriesHint {
  const { engine, setup, horizonSteps } = task;
  const prepared = prepareSeries(input.raw);
  if (prepared === undefined) {
    target.fill(Number.NaN);
    return { engine, periods: [], checkedMs: gridEnd(task.grid) };
  }
  const known = knowledgeOf(task, prepared.values, input);
  const view = seasonalView(prepared.values, known.periods, horizonSteps);
  if (engine === 'auto') {
    const candidates = candidatesOf(setup.options.candidates, known.periods);
    fillWeighted(view, setup, { candidates, weights: known.weights! }, target);
  } else FORECASTERS[engine](view, setup, target);
  finishRows(target, prepared.values, prepared.scale);
  return known;
}

/** The hint where it still holds, otherwise a new look at the series. */
function knowledgeOf(task: Task, values: Float64Array, { hint, index }: SeriesInput): SeriesHint {
  const { engine, setup, horizonSteps, grid } = task;
  const { options } = setup;
  const checkedMs = gridEnd(grid);
  const fixed = options.periodsMs?.map((periodMs) => Math.max(1, Math.round(periodMs / grid.stepMs)));
  const span = { endMs: checkedMs, contextMs: values.length * grid.stepMs, horizonMs: horizonSteps * grid.stepMs };
  if (hint !== undefined && belongsTo(task, hint) && isFresh(hint.checkedMs, span, options.recheckMs, index))
    return hint;
  const periods = fixed ?? findPeriods(values, grid.stepMs);
  if (engine !== 'auto') return { engine, periods, checkedMs };
  const candidates = candidatesOf(options.candidates, periods);
  const weights = weighCandidates(values, candidates, { periods, horizonSteps, setup });
  const best = candidates[weights.indexOf(Math.max(...weights))]!;
  return { engine: best.engine, periods, checkedMs, weights };
}

/** Whether a hint was made for this engine and these candidates: rule files change while hints live on. */
function belongsTo(task: Task, hint: SeriesHint): boolean {
  if (task.engine !== 'auto') return hint.engine === task.engine && hint.weights === undefined;
  const candidates = candidatesOf(task.setup.options.candidates, hint.periods);
  return hint.weights?.length === candidates.length;
}
