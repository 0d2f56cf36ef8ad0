import type { CandidateId, EngineOptions } from '../../../forecast/engines.ts';
import { fillClimatology } from './climatology.ts';
import { fillEts } from './ets.ts';
import { fillSeasonalNaive } from './seasonal-naive.ts';
import type { SeasonalView } from './seasonal-view.ts';

/** What an engine needs beside the series: options, with spans of time turned into steps. */
export interface EngineSetup {
  readonly options: EngineOptions;
  readonly windowSteps: number;
}

/** Writes horizon × levels quantiles into `target`. */
export type Forecaster = (view: SeasonalView, setup: EngineSetup, target: Float64Array) => void;

export const FORECASTERS = {
  seasonal_naive: (view, _setup, target) => fillSeasonalNaive(view, target),
  climatology: (view, setup, target) => fillClimatology(view, setup.windowSteps, target),
  ets: (view, setup, target) => fillEts(view, setup.options.damping, target),
} as const satisfies Record<CandidateId, Forecaster>;

/** An engine that sees the rhythm, or deliberately does not. */
export interface Candidate {
  readonly engine: CandidateId;
  readonly seasonal: boolean;
}

/**
 * What `auto` weighs: each engine with the detected periods and, where that makes sense, without them, since a rhythm
 * that is there on average may not be worth following now. The order is part of what hints keep.
 */
export function candidatesOf(engines: readonly CandidateId[], periods: readonly number[]): Candidate[] {
  const plain = engines.map((engine) => ({ engine, seasonal: false }));
  if (periods.length === 0) return plain;
  const seasonal = engines.map((engine) => ({ engine, seasonal: true }));
  return [...seasonal, ...plain.filter(({ engine }) => engine !== 'seasonal_naive')];
}
