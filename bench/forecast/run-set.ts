import { OpenAnomalyError } from '../../src/errors.ts';
import type { SeriesSet } from '../data/series-set.ts';
import { type Term, termsOf } from './protocol.ts';
import type { SetScores, TermScores } from './results.ts';
import { type EngineRow, isAvailable } from './rows.ts';
import { type Engines, type KeptWindow, runTerm, type TermResult } from './run-term.ts';
import type { Scores } from './tally.ts';

export interface SetOptions {
  readonly rows: readonly EngineRow[];
  /** Most context in steps; undefined: as much as engines look at. */
  readonly contextSteps: number | undefined;
  /** Most windows of a term; undefined: those of the protocol. */
  readonly mostWindows?: number | undefined;
  /** Engines whose windows are wanted for plots. */
  readonly plotted: (engine: string) => boolean;
  /** Told before each engine and term, with the share of the set that is behind. */
  readonly started: (text: string, share: number) => void;
}

export interface SetResult {
  readonly scores: SetScores;
  readonly windows: readonly (KeptWindow & { readonly engine: string; readonly term: Term })[];
  /** Engines this build knows but cannot run, and why. */
  readonly unavailable: ReadonlyMap<string, string>;
}

/** Forecasts with an engine serve its raw row and its calibrated one, short term, where that is asked for. */
export async function runSet(engines: Engines, set: SeriesSet, options: SetOptions): Promise<SetResult> {
  const terms = termsOf(set, options.mostWindows);
  const available = options.rows.filter(isAvailable);
  const names = [...new Set(available.map((row) => row.engine))];
  const unavailable = new Map<string, string>();
  const contextSteps = Math.min(engines.port.traits.maxContextSteps, options.contextSteps ?? Number.POSITIVE_INFINITY);
  const done: Done[] = [];
  for (const [t, term] of terms.entries()) {
    for (const [e, engine] of names.entries()) {
      options.started(`${set.name} ${engine} ${term.name}`, (t + e / names.length) / terms.length);
      const isCalibrated = available.some((row) => row.engine === engine && row.isCalibrated);
      const calibrated = isCalibrated && term.name === 'short';
      const how = { engine, calibrated, keepWindows: options.plotted(engine) };
      try {
        done.push({ engine, term, result: await runTerm(engines, { set, term, contextSteps }, how) });
      } catch (error) {
        if (!(error instanceof OpenAnomalyError && error.code === 'engine_unavailable')) {
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`${set.name}, ${term.name}, ${engine}: ${message}`, { cause: error });
        }
        unavailable.set(engine, error.message);
      }
    }
  }
  return {
    scores: {
      collection: set.collection,
      set: set.name,
      series: set.variates.length,
      steps: set.steps,
      stepMs: set.stepMs,
      terms: terms.map((term) => termScores(term, available, done)).filter((term) => term.rows.size > 0),
    },
    windows: done.flatMap(({ engine, term, result }) => result.windows.map((window) => ({ ...window, engine, term }))),
    unavailable,
  };
}

interface Done {
  readonly engine: string;
  readonly term: Term;
  readonly result: TermResult;
}

function termScores(term: Term, rows: readonly EngineRow[], done: readonly Done[]): TermScores {
  const scores = new Map<string, Scores>();
  for (const row of rows) {
    const found = done.find((each) => each.engine === row.engine && each.term === term);
    const own = row.isCalibrated ? found?.result.calibrated : found?.result.raw;
    // A term in which nothing came has no scores.
    if (own !== undefined && own.samples > 0) scores.set(row.name, own);
  }
  return { term: term.name, horizonSteps: term.horizonSteps, windows: term.origins.length, rows: scores };
}
