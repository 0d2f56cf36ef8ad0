import { OpenAnomalyError } from '../../errors.ts';
import type { Locale } from '../../forecast/calendar/times.ts';
import {
  checkEngineParameters,
  DEFAULT_WINDOW_STEPS,
  type EngineId,
  engineOptions,
  isEngineId,
  isModel,
  isOnline,
  type OnlineId,
} from '../../forecast/engines.ts';
import type { SeriesHint } from '../../forecast/forecast.ts';
import { findPeriods } from '../../forecast/periods.ts';
import { pinballLoss } from '../../forecast/pinball.ts';
import { QUANTILE_LEVELS } from '../../forecast/quantile.ts';
import { type Grid, gridEnd } from '../../series/grid.ts';
import {
  actualAfter,
  addStatisticalRows,
  judgedModelLoss,
  Losses,
  originsOf,
  setStatisticalLosses,
  weightsOf,
} from './auto.ts';
import { CalendarCandidate } from './calendar/candidate.ts';
import { replayCalendar } from './calendar/replay.ts';
import { type Candidate, candidatesOf, type EngineSetup, FORECASTERS, isStatistical } from './candidates.ts';
import { forecastWindows } from './model-rows.ts';
import type { PastWindow } from './onnx/features.ts';
import type { PatchModel } from './onnx/patch-model.ts';
import { PooledRows } from './pooled-rows.ts';
import { isFresh } from './recheck.ts';
import { finishRows } from './statistical/finish-rows.ts';
import { prepareSeries } from './statistical/prepare-series.ts';
import { seasonalView } from './statistical/seasonal-view.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** A forecast request without the labels, which no engine here looks at. */
export interface Batch {
  readonly series: number;
  readonly grid: Grid;
  /** Series-major: series × grid.steps. */
  readonly values: Float64Array;
  readonly horizonSteps: number;
  readonly engine: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly locale?: Locale | undefined;
  readonly hints: readonly (SeriesHint | undefined)[];
}

export interface BatchForecast {
  /** Series-major, then step, then level. */
  readonly quantiles: Float64Array;
  readonly hints: readonly SeriesHint[];
}

/** Where the model comes from when a batch needs it. */
export interface ModelSource {
  /** Throws `engine_unavailable` where there is none. */
  open(): Promise<PatchModel>;
  /** The same, or undefined where there is none. */
  openIfAvailable(): Promise<PatchModel | undefined>;
}

/**
 * Forecasts the series of a batch in the calling thread: statistical engines one series after the other, the model many
 * at once, `auto` both. Throws `engine_unavailable` for an engine that is not one of these, parameters it does not take,
 * or a model that is not there.
 */
export async function forecastBatch(batch: Batch, models: ModelSource): Promise<BatchForecast> {
  const engine = engineOf(batch);
  if (isOnline(engine)) return replayCalendar(batch);
  const task = await taskOf(batch, engine, models);
  const { grid, horizonSteps } = batch;
  const quantiles = new Float64Array(batch.series * horizonSteps * LEVELS);
  const hints: SeriesHint[] = [];
  const members: Member[] = [];
  for (let s = 0; s < batch.series; s++) {
    const target = quantiles.subarray(s * horizonSteps * LEVELS, (s + 1) * horizonSteps * LEVELS);
    const prepared = prepareSeries(batch.values.subarray(s * grid.steps, (s + 1) * grid.steps));
    if (prepared !== undefined) {
      const { periods, hint } = recall(task, prepared.values, { hint: batch.hints[s], index: s });
      members.push({ ...prepared, index: s, target, periods, hint });
    } else {
      target.fill(Number.NaN);
      hints[s] = { engine: task.engine, periods: [], checkedMs: gridEnd(grid) };
    }
  }
  if (task.engine === 'auto') await weigh(task, members);
  await fillRows(task, members);
  for (const { index, target, values, scale, hint } of members) {
    finishRows(target, values, scale);
    hints[index] = hint!;
  }
  return { quantiles, hints };
}

type WindowedId = Exclude<EngineId, OnlineId>;

interface Task {
  readonly engine: WindowedId;
  readonly grid: Grid;
  readonly horizonSteps: number;
  readonly setup: EngineSetup;
  /** Defined when the engine, or a candidate of `auto`, is a model. */
  readonly model: PatchModel | undefined;
  /** Defined when it is a candidate of `auto`. */
  readonly calendar: CalendarCandidate | undefined;
}

/** A series of the batch that has a sample. */
interface Member extends PastWindow {
  readonly index: number;
  readonly scale: number;
  readonly target: Float64Array;
  /** Undefined until `auto` has weighed the candidates. */
  hint: SeriesHint | undefined;
}

function engineOf({ engine, parameters }: Batch): EngineId {
  const problems = checkEngineParameters(engine, parameters);
  if (!isEngineId(engine) || problems.length > 0) throw new OpenAnomalyError('engine_unavailable', problems.join('; '));
  return engine;
}

async function taskOf(
  { parameters, grid, horizonSteps, locale }: Batch,
  engine: WindowedId,
  models: ModelSource,
): Promise<Task> {
  const options = engineOptions(parameters);
  const { windowMs } = options;
  const windowSteps = windowMs === undefined ? DEFAULT_WINDOW_STEPS : Math.max(1, Math.round(windowMs / grid.stepMs));
  const setup = { options, windowSteps };
  const task = { engine, grid, horizonSteps, setup, model: undefined, calendar: undefined };
  if (isStatistical(engine)) return task;
  if (engine !== 'auto') return { ...task, model: await models.open() };
  const calendar = options.candidates.some(isOnline) ? new CalendarCandidate(grid, horizonSteps, locale) : undefined;
  const others = options.candidates.filter((candidate) => !isModel(candidate));
  if (others.length === options.candidates.length) return { ...task, calendar };
  // What was asked for by name must be there; what `auto` would like to have may be missing.
  if (others.length === 0) return { ...task, model: await models.open() };
  const model = await models.openIfAvailable();
  const candidates = model === undefined ? others : options.candidates;
  return { ...task, setup: { windowSteps, options: { ...options, candidates } }, model, calendar };
}

/** The hint where it still holds, otherwise a new look at the series; its weights are still to be found then. */
function recall(
  task: Task,
  values: Float64Array,
  { hint, index }: { readonly hint: SeriesHint | undefined; readonly index: number },
): Pick<Member, 'periods' | 'hint'> {
  const { grid, horizonSteps } = task;
  const { options } = task.setup;
  const checkedMs = gridEnd(grid);
  const span = { endMs: checkedMs, contextMs: values.length * grid.stepMs, horizonMs: horizonSteps * grid.stepMs };
  if (hint !== undefined && belongsTo(task, hint) && isFresh(hint.checkedMs, span, options.recheckMs, index)) {
    return { periods: hint.periods, hint };
  }
  const fixed = options.periodsMs?.map((periodMs) => Math.max(1, Math.round(periodMs / grid.stepMs)));
  const periods = fixed ?? findPeriods(values, grid.stepMs);
  return { periods, hint: task.engine === 'auto' ? undefined : { engine: task.engine, periods, checkedMs } };
}

/** Whether a hint was made for this engine and these candidates: rule files change while hints live on. */
function belongsTo(task: Task, hint: SeriesHint): boolean {
  if (task.engine !== 'auto') return hint.engine === task.engine && hint.weights === undefined;
  return hint.weights?.length === candidatesFor(task, hint).length;
}

function candidatesFor(task: Task, { periods }: { readonly periods: readonly number[] }): Candidate[] {
  return candidatesOf(task.setup.options.candidates, periods);
}

/** Gives the members that have no hint one: shares of the candidates by what they would have lost lately. */
async function weigh(task: Task, members: readonly Member[]): Promise<void> {
  const { horizonSteps, setup, grid } = task;
  const fresh = members.filter(({ hint }) => hint === undefined);
  const judged = fresh.map((member) => {
    const candidates = candidatesFor(task, member);
    const losses = new Losses(candidates.length, originsOf(member.values.length, horizonSteps).length);
    setStatisticalLosses(member.values, candidates, { periods: member.periods, horizonSteps, setup }, losses);
    return { candidates, losses };
  });
  await setModelLosses(task, fresh, judged);
  fresh.forEach((member, i) => {
    const { candidates, losses } = judged[i]!;
    const online = candidates.findIndex(({ engine }) => isOnline(engine));
    const calendar = online < 0 ? undefined : task.calendar!.judge(member);
    calendar?.losses.forEach((loss, origin) => {
      losses.set(online, origin, loss);
    });
    const weights = weightsOf(losses.relative());
    const { engine } = candidates[weights.indexOf(Math.max(...weights))]!;
    const found = { engine, periods: member.periods, checkedMs: gridEnd(grid), weights };
    member.hint = calendar !== undefined && weights[online]! > 0 ? { ...found, memory: calendar.memory } : found;
  });
}

/** Sets what the model would have lost, for the origins of all members together. */
async function setModelLosses(
  { model, setup, horizonSteps }: Task,
  members: readonly Member[],
  judged: readonly { readonly candidates: readonly Candidate[]; readonly losses: Losses }[],
): Promise<void> {
  if (model === undefined) return;
  const windows: PastWindow[] = [];
  const places: { readonly member: number; readonly origin: number; readonly at: number }[] = [];
  members.forEach(({ values, periods }, member) => {
    for (const [at, origin] of originsOf(values.length, horizonSteps).entries()) {
      windows.push({ values: values.subarray(0, origin), periods });
      places.push({ member, origin, at });
    }
  });
  await forecastWindows(model, windows, { horizonSteps, setup }, (i, rows) => {
    const { member, origin, at } = places[i]!;
    const { candidates, losses } = judged[member]!;
    const loss = judgedModelLoss(pinballLoss(rows, actualAfter(members[member]!.values, origin, horizonSteps)));
    candidates.forEach(({ engine }, c) => {
      if (isModel(engine)) losses.set(c, at, loss);
    });
  });
}

async function fillRows(task: Task, members: readonly Member[]): Promise<void> {
  const { engine, setup, horizonSteps, model } = task;
  if (isStatistical(engine)) {
    for (const { values, periods, target } of members) {
      FORECASTERS[engine](seasonalView(values, periods, horizonSteps), setup, target);
    }
  } else if (engine === 'auto') await fillWeighted(task, members);
  else await forecastWindows(model!, members, { horizonSteps, setup }, (i, rows) => members[i]!.target.set(rows));
}

async function fillWeighted(task: Task, members: readonly Member[]): Promise<void> {
  const { setup, horizonSteps, model, calendar } = task;
  const rowsOf = members.map(({ target }) => new PooledRows(target));
  const rows = new Float64Array(horizonSteps * LEVELS);
  const windows: PastWindow[] = [];
  const shares: { readonly member: number; readonly weight: number }[] = [];
  members.forEach((member, m) => {
    const candidates = candidatesFor(task, member);
    const weights = member.hint!.weights!;
    addStatisticalRows(
      seasonalView(member.values, member.periods, horizonSteps),
      setup,
      { candidates, weights },
      rowsOf[m]!,
    );
    const weightOf = (is: (engine: string) => boolean) =>
      weights[candidates.findIndex(({ engine }) => is(engine))] ?? 0;
    if (weightOf(isOnline) > 0) {
      const memory = calendar!.forecast(member, member.hint!.memory, rows);
      member.hint = { ...member.hint!, memory };
      rowsOf[m]!.add(rows, weightOf(isOnline));
    }
    const weight = weightOf(isModel);
    if (weight === 0) return;
    windows.push(member);
    shares.push({ member: m, weight });
  });
  if (model !== undefined) {
    await forecastWindows(model, windows, { horizonSteps, setup }, (i, rows) => {
      const { member, weight } = shares[i]!;
      rowsOf[member]!.add(rows, weight);
    });
  }
  for (const pooled of rowsOf) pooled.finish();
}
