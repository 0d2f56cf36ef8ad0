import type { SeriesHint } from '../../src/forecast/forecast.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { ModelEngine } from '../../src/ports/model-engine.ts';
import type { SeriesBlock } from '../../src/series/block.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import type { SeriesSet } from '../data/series-set.ts';
import { SeasonalScale, type Term } from './protocol.ts';
import { RollingCalibration } from './rolling-calibration.ts';
import { NAIVE, parametersOf } from './rows.ts';
import { type Scores, Tally } from './tally.ts';

const LEVELS = QUANTILE_LEVELS.length;
/** Windows before those that count, in which the calibration learns: some thousand samples. */
const WARM_UP_WINDOWS = 20;
const LEAST_CONTEXT_STEPS = 100;
/** Discarded forecasts before an engine is timed for the first time. */
const DISCARDED = 3;

/** Windows of one set and term, and what comes after each. */
export interface TermTask {
  readonly set: SeriesSet;
  readonly term: Term;
  /** Most context, in steps. */
  readonly contextSteps: number;
}

/** One series' window, kept for a plot. */
export interface KeptWindow {
  readonly variate: number;
  readonly origin: number;
  readonly horizonSteps: number;
  readonly quantiles: Float64Array;
  /** Mean scaled error; the size of the error where there is no scale. */
  readonly error: number;
}

export interface TermOptions {
  readonly engine: string;
  /** Also score the same forecasts behind the calibration, which costs as many windows again. */
  readonly calibrated: boolean;
  readonly keepWindows: boolean;
}

export interface TermResult {
  readonly raw: Scores;
  readonly calibrated: Scores | undefined;
  readonly windows: readonly KeptWindow[];
}

export interface Engines {
  readonly port: ModelEngine;
  /** Those that were already asked, and so are compiled and loaded. */
  readonly asked: Set<string>;
}

/**
 * Forecasts all windows of a term, first to last, and scores them. Each series' hint goes on to its next window, as in
 * the product, so what an engine knows of a series was always found before the window.
 */
export async function runTerm(engines: Engines, task: TermTask, options: TermOptions): Promise<TermResult> {
  const { set, term } = task;
  const { horizonSteps } = term;
  const { signal } = new AbortController();
  const raw = new Tally();
  const calibrated = new Tally();
  const calibration = new RollingCalibration(set.variates.length);
  const windows: KeptWindow[] = [];
  const scale = new SeasonalScale(set);
  const warmUps = options.calibrated ? warmUpOrigins(term) : [];
  let hints: readonly (SeriesHint | undefined)[] = set.variates.map(() => undefined);
  for (const origin of [...warmUps, ...term.origins]) {
    const request = {
      context: contextOf(task, origin, contextStepsOf(engines, task, options.engine)),
      horizonSteps,
      engine: options.engine,
      parameters: parametersOf(options.engine, set.stepMs),
      hints,
    };
    if (!engines.asked.has(options.engine)) {
      for (let i = 0; i < DISCARDED; i++) await engines.port.forecast(request, signal);
      engines.asked.add(options.engine);
    }
    const before = process.cpuUsage();
    const forecast = await engines.port.forecast(request, signal);
    const { user, system } = process.cpuUsage(before);
    hints = forecast.hints;
    const isWarmUp = origin < term.origins[0]!;
    if (!isWarmUp) raw.addTime((user + system) / 1000, set.variates.length);
    const scales = isWarmUp ? undefined : scale.before(origin);
    for (let v = 0; v < set.variates.length; v++) {
      const from = v * horizonSteps * LEVELS;
      const quantiles = forecast.quantiles.subarray(from, from + horizonSteps * LEVELS);
      if (!hasPast(task, origin, v)) continue;
      const start = v * set.steps + origin;
      const actual = set.values.subarray(start, start + horizonSteps);
      const adjusted = options.calibrated ? calibration.calibrate(v, quantiles, actual) : undefined;
      if (scales === undefined) continue;
      const part = { actual, scale: scales[v]! };
      raw.add({ ...part, quantiles });
      if (adjusted !== undefined) calibrated.add({ ...part, quantiles: adjusted });
      if (options.keepWindows) {
        windows.push({ variate: v, origin, horizonSteps, quantiles, error: errorOf({ ...part, quantiles }) });
      }
    }
  }
  calibrated.addTime(raw.scores().msPerSeries, 1);
  return { raw: raw.scores(), calibrated: options.calibrated ? calibrated.scores() : undefined, windows };
}

/** Windows of the same length that end where the first counted one begins. */
function warmUpOrigins({ origins, horizonSteps }: Term): number[] {
  const first = origins[0]!;
  const count = Math.max(0, Math.min(WARM_UP_WINDOWS, Math.floor((first - LEAST_CONTEXT_STEPS) / horizonSteps)));
  return Array.from({ length: count }, (_, i) => first - (count - i) * horizonSteps);
}

/** The yardstick is given the whole past whatever the option says. */
function contextStepsOf({ port }: Engines, { contextSteps }: TermTask, engine: string): number {
  return engine === NAIVE ? port.traits.maxContextSteps : contextSteps;
}

function contextOf({ set }: TermTask, origin: number, most: number): SeriesBlock {
  const steps = Math.min(origin, most);
  const values = new Float64Array(set.variates.length * steps);
  for (let v = 0; v < set.variates.length; v++) {
    const end = v * set.steps + origin;
    values.set(set.values.subarray(end - steps, end), v * steps);
  }
  const startMs = set.startMs + (origin - steps) * set.stepMs;
  const labels = set.variates.map((variate) => labelsFromRecord({ set: set.name, variate }));
  return { labels, grid: { startMs, stepMs: set.stepMs, steps }, values };
}

/** A window counts when any sample comes before it within the context asked for: the same windows for all engines. */
function hasPast({ set, contextSteps }: TermTask, origin: number, variate: number): boolean {
  const start = variate * set.steps;
  const from = start + Math.max(0, origin - contextSteps);
  return set.values.subarray(from, start + origin).some((value) => !Number.isNaN(value));
}

function errorOf(part: { readonly quantiles: Float64Array; readonly actual: Float64Array; readonly scale: number }) {
  const tally = new Tally();
  tally.add(part);
  const { mase, mae } = tally.scores();
  return Number.isFinite(mase) ? mase : mae;
}
