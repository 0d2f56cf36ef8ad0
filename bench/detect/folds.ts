import type { JudgedSet } from '../data/judged-set.ts';
import { BUDGET } from './freeze.ts';
import { type AlarmCounts, addCounts, countAlarms, measuresOf } from './scoring/alarms.ts';
import { joined, jointUnit, kthLargest, type Unit, unitsOfSeries } from './unit.ts';

/** Thresholds that folds choose from, in thresholds of the row. */
const FACTORS = Array.from({ length: 51 }, (_, i) => 0.7 + 0.016 * i);
/** How many of a server's metrics may have to agree. */
const AGREEING = [1, 2, 3, 5, 8];
const SERIES_FOLDS = 5;
/** Bands decide nothing here. */
const NO_BAND = new Float32Array(0);

/** The counts of one unit at every threshold of a candidate. */
export interface FoldUnit {
  readonly set: string;
  readonly name: string;
  /** Whether the unit is a series by itself: then its false alarms are bounded. */
  readonly isSeries: boolean;
  readonly counts: readonly AlarmCounts[];
}

/** Something that folds may choose: a row with its settings, and a rule for servers. */
export interface Candidate {
  readonly name: string;
  readonly thresholds: readonly number[];
  readonly units: readonly FoldUnit[];
}

/** Collects the units of one row, as a candidate for each rule. */
export class FoldCollector {
  readonly #name: string;
  readonly #thresholds: readonly number[];
  readonly #series: FoldUnit[] = [];
  readonly #servers = AGREEING.map((k) => ({ k, join: kthLargest(k), units: [] as FoldUnit[] }));

  constructor(name: string, threshold: number) {
    this.#name = name;
    this.#thresholds = FACTORS.map((factor) => factor * threshold);
  }

  add(set: JudgedSet, score: Float32Array): void {
    // What is injected for minutes into one of many is no labelled event.
    if (set.judgement.kind === 'faults') return;
    const isServer = set.judgement.kind === 'labels' && set.series.length > 1;
    if (!isServer)
      this.#series.push(
        ...unitsOfSeries(set, { score, lower: NO_BAND, upper: NO_BAND }).map((unit) => this.#counted(unit, true)),
      );
    else
      for (const { join, units } of this.#servers)
        units.push(this.#counted(jointUnit(set, joined(set, score, join)), false));
  }

  candidates(): Candidate[] {
    const servers = this.#servers.filter(({ units }) => units.length > 0);
    const candidate = (name: string, units: readonly FoldUnit[]) => ({ name, thresholds: this.#thresholds, units });
    if (servers.length === 0) return [candidate(this.#name, this.#series)];
    return servers.map(({ k, units }) => candidate(`${this.#name}, k = ${k}`, [...this.#series, ...units]));
  }

  #counted(unit: Unit, isSeries: boolean): FoldUnit {
    return { set: unit.set, name: unit.name, isSeries, counts: countAlarms(unit, this.#thresholds) };
  }
}

export interface Choice {
  readonly candidate: Candidate;
  /** Place among the candidate's thresholds. */
  readonly at: number;
}

/**
 * The candidate and threshold with the highest mean event F1 over the sets that some units belong to, series of their
 * own within the budget of false alarms.
 */
export function chooseFrom(candidates: readonly Candidate[], belongs: (unit: FoldUnit) => boolean): Choice {
  let best: (Choice & { readonly f1: number; readonly rate: number }) | undefined;
  for (const candidate of candidates) {
    const units = candidate.units.filter(belongs);
    candidate.thresholds.forEach((_, at) => {
      const rate = rateOf(units, at);
      const f1 = meanF1(units, at);
      const isQuiet = rate <= BUDGET;
      const isBetter =
        best === undefined || (isQuiet ? best.rate > BUDGET || f1 > best.f1 : best.rate > BUDGET && rate < best.rate);
      if (isBetter) best = { candidate, at, f1, rate };
    });
  }
  if (best === undefined) throw new Error('nothing to choose from');
  return best;
}

/** False alarms per series-day over the series of their own. 0 where there is none. */
function rateOf(units: readonly FoldUnit[], at: number): number {
  const counts = addCounts(units.filter(({ isSeries }) => isSeries).map((unit) => unit.counts[at]!));
  return counts.days === 0 ? 0 : counts.falseAlarms / counts.days;
}

function meanF1(units: readonly FoldUnit[], at: number): number {
  const scores = [...new Set(units.map(({ set }) => set))]
    .map((set) => measuresOf(addCounts(units.filter((unit) => unit.set === set).map((unit) => unit.counts[at]!))))
    .filter(({ event_f1: f1 }) => Number.isFinite(f1));
  return scores.reduce((sum, { event_f1: f1 }) => sum + f1, 0) / Math.max(1, scores.length);
}

/** A set as the folds left it out, and what was chosen without it. */
export interface Fold {
  readonly of: string;
  /** `set`: without the whole set. `series`: without a fifth of its units at a time. */
  readonly leftOut: 'set' | 'series';
  readonly chosen: readonly string[];
  readonly counts: AlarmCounts;
}

/** Each set judged by what was chosen without it, and by what was chosen without those of its units that are judged. */
export function foldsOf(candidates: readonly Candidate[]): Fold[] {
  const sets = [...new Set(candidates.flatMap(({ units }) => units.map(({ set }) => set)))];
  const judge = ({ candidate, at }: Choice, isJudged: (unit: FoldUnit) => boolean) =>
    addCounts(candidate.units.filter(isJudged).map((unit) => unit.counts[at]!));
  const nameOf = ({ candidate, at }: Choice) => `${candidate.name} at ${candidate.thresholds[at]!.toPrecision(3)}`;
  const folds: Fold[] = [];
  for (const of of sets) {
    if (sets.length > 1) {
      const choice = chooseFrom(candidates, ({ set }) => set !== of);
      folds.push({ of, leftOut: 'set', chosen: [nameOf(choice)], counts: judge(choice, ({ set }) => set === of) });
    }
    const names = [...new Set(candidates[0]!.units.filter(({ set }) => set === of).map(({ name }) => name))];
    const foldOf = new Map(names.map((name, i) => [name, i % SERIES_FOLDS]));
    const parts = Array.from({ length: Math.min(SERIES_FOLDS, names.length) }, (_, fold) => {
      const isLeftOut = (unit: FoldUnit) => unit.set === of && foldOf.get(unit.name) === fold;
      const choice = chooseFrom(candidates, (unit) => !isLeftOut(unit));
      return { name: nameOf(choice), counts: judge(choice, isLeftOut) };
    });
    const chosen = [...new Set(parts.map(({ name }) => name))];
    folds.push({ of, leftOut: 'series', chosen, counts: addCounts(parts.map(({ counts }) => counts)) });
  }
  return folds;
}
