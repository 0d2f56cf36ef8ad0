import type { SampleRun } from '../../series/context.ts';
import { EMPTY_LABELS, type Labels, labelValue } from '../../series/labels.ts';
import {
  type ScoreColumns,
  type ScoreInstant,
  type ScoreOptions,
  type Scorer,
  settleBand,
  setUnscored,
} from '../score.ts';
import { SlotTable } from '../slot-table.ts';
import { correct, Front, OFF, STILL, stepCorrection, TAIL, uncorrect } from '../tail/front.ts';
import {
  EITHER,
  EXCESSES,
  INDEX,
  learnScale,
  learnTail,
  RARITY_FLOATS,
  SAMPLES,
  SCALE,
  START_ABOVE,
  startTailAtFirstMove,
  tailSlope,
} from '../tail/rarity.ts';
import { edgeOf } from '../tail/scorer.ts';
import { FIRST_INDEX, FIRST_INDEX_WEIGHT, SCALE_HALF_LIFE_DAYS, SCALE_SAMPLES } from '../tail/settings.ts';
import { CrossSection } from './cross-section.ts';
import { doubtOf, expectedOf, HABIT_DOUBLES, habitRate, learnHabit, ownPlace, SEEN } from './habits.ts';

/** Fewer siblings have no opinion: one of three is as good as the two others. */
export const LEAST_MEMBERS = 5;
/** Samples with enough siblings before a member is scored. */
const WARM_SAMPLES = 60;
const DAY_MS = 86_400_000;
/** Start of a tail in mean deviations, before it is learnt: between a normal's 98 % (2.9) and what fleets do. */
const FIRST_START = 3.5;

/** Views, and what a unit of the newest value moves them. */
const APART = 0;
const DRIFT = 1;
const VIEWS = 2;
const SLOPES: readonly number[] = [1, 1 / 5];
/** A view alone is anomalous once in ten thousand samples: a fleet has many members, and one alert for each would be many. */
const WEIGHT = 0.82;
const WEIGHTS: readonly number[] = [WEIGHT, WEIGHT];
/** A member that has never moved from its siblings speaks through one view: its rarity is taken as it is. */
const STILL_WEIGHT = Math.cbrt(VIEWS) / WEIGHT;
/**
 * Share of what an anomalous sample teaches the tail. All of it would make an outlier usual within the hour; none would
 * let a member that has become restless alarm for weeks.
 */
const ANOMALY_TEACHES = 1 / 20;

/** Doubles of a row after the habits: distances of the last four samples from what siblings said. */
const PAST = 4;
/** Floats of a row after the views': usual spread of the siblings. */
const USUAL_SPREAD = VIEWS * RARITY_FLOATS;
/** Bytes of a row: whether each view has moved, distances known, samples of the scales. */
const MOVED = 0;
const KNOWN = VIEWS;
const SCALED = VIEWS + 1;
const MOST_BYTE = 255;
/** An instant at which siblings disagree counts for their usual disagreement as this many times it at most. */
const MOST_SPREADS = 5;
const BEYOND_GROUPS = -1;

/** The memory of the technique `peers` for the series of one pipeline; see peers.ts for the idea. */
export class PeersScorer implements Scorer {
  readonly atOnce = Number.POSITIVE_INFINITY;
  readonly #by: readonly string[];
  readonly #stepCorrection: number;
  readonly #habitRate: number;
  readonly #scaleRate: number;
  readonly #table = new SlotTable({
    doubles: HABIT_DOUBLES + PAST,
    floats: VIEWS * RARITY_FLOATS + 1,
    words: 0,
    bytes: VIEWS + 2,
  });
  readonly #front = new Front(WEIGHTS);
  readonly #section = new CrossSection();
  readonly #groupIds = new Map<string, number>();
  readonly #groupOf: number[] = [];
  #places = new Float64Array(0);

  constructor({ stepMs, by }: { readonly stepMs: number; readonly by: readonly string[] }) {
    this.#stepCorrection = stepCorrection(stepMs);
    this.#by = by;
    this.#habitRate = habitRate(stepMs);
    this.#scaleRate = 1 - 2 ** (-stepMs / (SCALE_HALF_LIFE_DAYS * DAY_MS));
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  add(slot: number, labels: Labels = EMPTY_LABELS): void {
    this.#table.add(slot);
    const { floats, widths } = this.#table;
    for (let j = 0; j < VIEWS; j++) {
      const row = slot * widths.floats + j * RARITY_FLOATS;
      floats[row + START_ABOVE] = FIRST_START;
      floats[row + INDEX] = FIRST_INDEX;
      floats[row + EXCESSES] = FIRST_INDEX_WEIGHT;
    }
    const key = JSON.stringify(this.#by.map((name) => labelValue(labels, name) ?? ''));
    const group = this.#groupIds.get(key) ?? this.#groupIds.size;
    this.#groupIds.set(key, group);
    this.#groupOf[slot] = group;
  }

  remove(slot: number): void {
    this.#groupOf[slot] = BEYOND_GROUPS;
  }

  isWarm(slot: number): boolean {
    return this.#table.floats[slot * this.#table.widths.floats + SAMPLES]! >= WARM_SAMPLES;
  }

  /** A member alone teaches its level and spread; how it stands to its siblings is learnt when they are seen together. */
  learn(slot: number, run: SampleRun): void {
    const at = slot * this.#table.widths.doubles;
    for (let i = 0; i < run.count; i++) {
      const value = run.values[run.from + i]!;
      if (Number.isFinite(value)) learnHabit(this.#table.doubles, at, value, undefined, this.#habitRate);
    }
  }

  score(columns: ScoreColumns, { slots, excluded }: ScoreInstant, options: ScoreOptions): void {
    columns.view.fill(0);
    for (const entries of this.#entriesByGroup(columns, slots)) {
      const members = entries.filter((i) => Number.isFinite(columns.value[i]!) && excluded?.[i] !== 1);
      // Those in maintenance are compared with the others, but the others not with them.
      const guests =
        excluded === undefined ? [] : entries.filter((i) => Number.isFinite(columns.value[i]!) && excluded[i] === 1);
      this.#scoreGroup(columns, slots, members, options);
      for (const guest of guests) this.#scoreGroup(columns, slots, [...members, guest], options, guest);
    }
  }

  exportSlot(slot: number): Uint8Array {
    return this.#table.exportRow(slot);
  }

  importSlot(slot: number, memory: Uint8Array): void {
    this.#table.importRow(slot, memory);
  }

  #entriesByGroup(columns: ScoreColumns, slots: readonly number[]): number[][] {
    const byGroup = new Map<number, number[]>();
    for (let i = 0; i < columns.count; i++) {
      setUnscored(columns, i);
      const group = this.#groupOf[slots[i]!] ?? BEYOND_GROUPS;
      const entries = byGroup.get(group);
      if (entries === undefined) byGroup.set(group, [i]);
      else entries.push(i);
    }
    return [...byGroup.values()];
  }

  /** Scores the members of a group at one instant, or only one of them, and lets those learn. */
  #scoreGroup(
    columns: ScoreColumns,
    slots: readonly number[],
    members: readonly number[],
    options: ScoreOptions,
    only?: number,
  ): void {
    const { doubles, widths } = this.#table;
    const count = members.length;
    if (this.#places.length < count) this.#places = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      const i = members[k]!;
      const at = slots[i]! * widths.doubles;
      // A member that was never seen has no place of its own yet; its first sample makes its level.
      if (doubles[at + SEEN] === 0) learnHabit(doubles, at, columns.value[i]!, undefined, this.#habitRate);
      this.#places[k] = ownPlace(doubles, at, columns.value[i]!);
    }
    if (count < LEAST_MEMBERS) {
      if (only !== undefined) return;
      for (const i of members)
        learnHabit(doubles, slots[i]! * widths.doubles, columns.value[i]!, undefined, this.#habitRate);
      return;
    }
    this.#section.take(this.#places, count);
    for (let k = 0; k < count; k++) {
      const i = members[k]!;
      if (only !== undefined && i !== only) continue;
      const slot = slots[i]!;
      const common = this.#section.centre[k]!;
      const expected = expectedOf(doubles, slot * widths.doubles, common);
      const doubt = doubtOf(doubles, slot * widths.doubles, common);
      const unrest = this.#unrestOf(slot, this.#section.spread[k]!, doubt);
      this.#scoreMember(columns, { i, slot, expected, unrest }, options);
      const isAnomalous = columns.score[i]! > 1;
      this.#learnMember(slot, columns.value[i]!, {
        isAnomalous,
        expected,
        unrest,
        common,
        spread: this.#section.spread[k]!,
      });
    }
  }

  /** By how much more than usual a member may be off, since its siblings disagree or are where they never were; ≥ 1. */
  #unrestOf(slot: number, spread: number, doubt: number): number {
    const { floats, widths } = this.#table;
    const usual = floats[slot * widths.floats + USUAL_SPREAD]!;
    const scale = floats[slot * widths.floats + SCALE]!;
    return (usual > 0 ? Math.max(1, spread / usual) : 1) * (scale > 0 ? 1 + doubt / scale : 1);
  }

  #scoreMember(
    columns: ScoreColumns,
    {
      i,
      slot,
      expected,
      unrest,
    }: { readonly i: number; readonly slot: number; readonly expected: number; readonly unrest: number },
    options: ScoreOptions,
  ): void {
    const { doubles, floats, small, widths } = this.#table;
    const front = this.#front;
    const bytes = slot * widths.bytes;
    const past = slot * widths.doubles + HABIT_DOUBLES;
    front.centre[APART] = expected;
    front.centre[DRIFT] = expected - (doubles[past]! + doubles[past + 1]! + doubles[past + 2]! + doubles[past + 3]!);
    for (let j = 0; j < VIEWS; j++) {
      const row = slot * widths.floats + j * RARITY_FLOATS;
      front.slope[j] = tailSlope(floats[row + INDEX]!);
      front.kind[j] = small[bytes + MOVED + j] === 1 ? TAIL : STILL;
      front.gainAbove[j] =
        front.kind[j] === TAIL ? SLOPES[j]! / (floats[row + SCALE]! * unrest * floats[row + START_ABOVE]!) : 0;
      front.gainBelow[j] = front.gainAbove[j]!;
      front.stillness[j] = STILL_WEIGHT * Math.log10(floats[row + SAMPLES]! + 1);
    }
    if (small[bytes + KNOWN]! < PAST) front.kind[DRIFT] = OFF;
    const value = columns.value[i]!;
    const by = { step: this.#stepCorrection, samples: floats[slot * widths.floats + SAMPLES]! };
    if (!this.isWarm(slot)) {
      front.look(value);
      return;
    }
    const edge = edgeOf(options.confidenceLevel);
    front.findBand(uncorrect(edge, by));
    const joined = front.look(value);
    columns.view[i] = front.loudest();
    const { lower, upper } = front;
    if (upper - lower === Number.POSITIVE_INFINITY) return;
    const inside = Math.max(lower, Math.min(upper, expected));
    settleBand(columns, i, { lower, upper, expected: inside, raw: correct(joined, by) / edge }, options);
  }

  #learnMember(slot: number, value: number, { isAnomalous, expected, unrest, common, spread }: Lesson): void {
    const { doubles, floats, small, widths } = this.#table;
    const bytes = slot * widths.bytes;
    const samples = small[bytes + SCALED]!;
    for (let j = 0; j < VIEWS; j++) {
      if (j === DRIFT && small[bytes + KNOWN]! < PAST) continue;
      const row = slot * widths.floats + j * RARITY_FLOATS;
      const size = (Math.abs(value - this.#front.centre[j]!) * SLOPES[j]!) / unrest;
      if (small[bytes + MOVED + j] === 1) {
        if (samples >= SCALE_SAMPLES) this.#learnTail(row, j, isAnomalous);
      } else if (size > 0) {
        startTailAtFirstMove(floats, row, size);
        if (samples < SCALE_SAMPLES) floats[row + START_ABOVE] = FIRST_START;
        small[bytes + MOVED + j] = 1;
      }
      learnScale(floats, row, size, samples, this.#scaleRate);
      floats[row + SAMPLES]!++;
    }
    const usual = slot * widths.floats + USUAL_SPREAD;
    const known = floats[usual]!;
    const rate = samples < SCALE_SAMPLES ? 1 / (samples + 1) : this.#habitRate;
    floats[usual] = known + rate * ((known > 0 ? Math.min(spread, MOST_SPREADS * known) : spread) - known);
    small[bytes + SCALED] = Math.min(samples + 1, MOST_BYTE);
    const past = slot * widths.doubles + HABIT_DOUBLES;
    doubles.copyWithin(past + 1, past, past + PAST - 1);
    doubles[past] = value - expected;
    small[bytes + KNOWN] = Math.min(small[bytes + KNOWN]! + 1, PAST);
    learnHabit(doubles, slot * widths.doubles, value, common, this.#habitRate);
  }

  #learnTail(row: number, j: number, isAnomalous: boolean): void {
    const { floats } = this.#table;
    const start = floats[row + START_ABOVE]!;
    const index = floats[row + INDEX]!;
    learnTail(floats, row, this.#front.logRatio[j]!, EITHER);
    if (!isAnomalous) return;
    floats[row + START_ABOVE] = start * (floats[row + START_ABOVE]! / start) ** ANOMALY_TEACHES;
    floats[row + INDEX] = index + ANOMALY_TEACHES * (floats[row + INDEX]! - index);
  }
}

/** What is known of one sample of a member after it was scored. */
interface Lesson {
  readonly isAnomalous: boolean;
  readonly expected: number;
  readonly unrest: number;
  /** Place of the siblings, and how far they were apart. */
  readonly common: number;
  readonly spread: number;
}
