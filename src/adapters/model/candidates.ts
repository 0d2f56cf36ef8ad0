import type { CandidateId, EngineOptions, ModelId, OnlineId } from '../../forecast/engines.ts';
import { fillClimatology } from './statistical/climatology.ts';
import { fillEts } from './statistical/ets.ts';
import { fillSeasonalNaive } from './statistical/seasonal-naive.ts';
import type { SeasonalView } from './statistical/seasonal-view.ts';

/** What an engine needs beside the series: options, with spans of time turned into steps. */
export interface EngineSetup {
  readonly options: EngineOptions;
  readonly windowSteps: number;
}

/** Writes horizon × levels quantiles of one series into `target`. */
export type Forecaster = (view: SeasonalView, setup: EngineSetup, target: Float64Array) => void;

/** Engines that look at one series at a time. */
export const FORECASTERS = {
  seasonal_naive: (view, _setup, target) => fillSeasonalNaive(view, target),
  climatology: (view, setup, target) => fillClimatology(view, setup.windowSteps, target),
  ets: (view, setup, target) => fillEts(view, setup.options.damping, target),
} as const satisfies Record<StatisticalId, Forecaster>;

export type StatisticalId = Exclude<CandidateId, ModelId | OnlineId>;

export function isStatistical(engine: string): engine is StatisticalId {
  return Object.hasOwn(FORECASTERS, engine);
}

/** An engine that sees the rhythm, or deliberately does not. */
export interface Candidate {
  readonly engine: CandidateId;
  readonly seasonal: boolean;
}

/**
 * What `auto` weighs: each engine with the detected periods, and `ets` without them too, since a rhythm that is there on
 * average may not be worth following now; the same of `climatology` was never worth its share. Models and the calendar
 * decide that themselves. The order is part of what hints keep.
 */
export function candidatesOf(engines: readonly CandidateId[], periods: readonly number[]): Candidate[] {
  if (periods.length === 0) return engines.map((engine) => ({ engine, seasonal: !isStatistical(engine) }));
  return [
    ...engines.map((engine) => ({ engine, seasonal: true })),
    ...engines.filter((engine) => engine === 'ets').map((engine) => ({ engine, seasonal: false })),
  ];
}
