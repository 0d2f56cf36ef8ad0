import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../forecast/quantile.ts';
import type { SampleRun } from '../../series/context.ts';
import { type ZoneOffset, zoneOffset } from '../../series/zone.ts';
import {
  type ScoreColumns,
  type ScoreInstant,
  type ScoreOptions,
  type Scorer,
  settleBand,
  setUnscored,
} from '../score.ts';
import { SlotTable } from '../slot-table.ts';
import { countVisit, daySlotOf, learnMaximum, learntMaximum, maximumAround } from './day-slots.ts';
import { correct, Front, OFF, STILL, stepCorrection, TAIL, uncorrect, youthOf } from './front.ts';
import { RANGE_BYTES, RANGE_DOUBLES, RANGE_FLOATS, Range, startRange } from './range.ts';
import {
  ABOVE,
  BELOW,
  learnScale,
  learnTail,
  MEAN_MAXIMUM,
  PHASE_START,
  PHASE_STILL,
  PHASE_TAIL,
  putShape,
  RARITY_FLOATS,
  SAMPLES,
  SCALE,
  SLOT_EXCESS,
  SLOT_MAXIMUM,
  scaleNow,
  startTail,
  startTailAtFirstMove,
  tailSlope,
} from './rarity.ts';
import { centresOf, FORECAST, learnLevel, pushValue, RANGE, RECENT_DOUBLES, SLOPES } from './recent.ts';
import {
  EDGE,
  FIRST_INDEX,
  FIRST_MOVE,
  LEAST_WARM_SAMPLES,
  LONGEST_GAP,
  SCALE_HALF_LIFE_DAYS,
  SCALE_SAMPLES,
  SLOTS_PER_DAY,
  USUAL_EVERYWHERE,
  WARM_SAMPLES,
} from './settings.ts';

const DAY_MS = 86_400_000;
const ROW_LEVELS = QUANTILE_LEVELS.length;
/** After clocks went back an earlier time of day is no new day for so long; no time zone moves them by more. */
const CLOCK_CHANGE_MS = 3 * 3_600_000;
/** Slot of the day before the first sample. */
const NO_DAY_SLOT = 65_535;

/** Bounds of a move: of float32, and rounding noise of sums in double precision as a share of the value. */
const LEAST_MOVE = 1e-30;
const MOST_MOVE = 1e37;
const LEAST_MOVE_SHARE = 1e-12;

/** Places in a slot's bytes, before two a view (phase, samples of the scale) and the visits of the slots of the day. */
const VALUES = 0;
const LEVELS = 1;
const GAP = 2;
/** Slots of the day that ended, as far as a byte counts: the mean over them forgets in some days. */
const TURNS = 3;
const VIEW_BYTES = 4;

export interface TailShape {
  readonly stepMs: number;
  /** Weight of each view, in the order spike, jump, shift, and forecast where there is one. */
  readonly weights: readonly number[];
  /** Whose clock the time of day is told by, daylight saving included; UTC unless given. */
  readonly timezone?: string | undefined;
}

/** The memory of the technique `tail` for the series of one pipeline; see tail.ts for the idea. */
export class TailScorer implements Scorer {
  readonly #stepMs: number;
  readonly #stepCorrection: number;
  readonly #offsetAt: ZoneOffset;
  readonly #views: number;
  readonly #slotsPerDay: number;
  readonly #warmSamples: number;
  readonly #scaleRate: number;
  readonly #table: SlotTable;
  readonly #front: Front;
  readonly #range = new Range();
  /** When the sample was taken that is looked at, and its slot of the day. */
  readonly #now = { timeMs: 0, daySlot: 0 };
  /** Ratios of a young series, until its tails begin. */
  readonly #young: (Float32Array | undefined)[] = [];
  #youngCount = 0;

  constructor({ stepMs, weights, timezone = 'UTC' }: TailShape) {
    const stepsPerDay = Math.max(4, DAY_MS / stepMs);
    this.#stepMs = stepMs;
    this.#stepCorrection = stepCorrection(stepMs);
    this.#offsetAt = zoneOffset(timezone);
    this.#views = weights.length;
    this.#slotsPerDay = Math.max(1, Math.min(SLOTS_PER_DAY, Math.floor(stepsPerDay)));
    this.#warmSamples = Math.floor(Math.min(WARM_SAMPLES, Math.max(LEAST_WARM_SAMPLES, stepsPerDay)));
    this.#scaleRate = 1 - 2 ** (-1 / (SCALE_HALF_LIFE_DAYS * stepsPerDay));
    this.#front = new Front(weights);
    this.#table = new SlotTable({
      doubles: RECENT_DOUBLES + RANGE_DOUBLES,
      floats: RARITY_FLOATS * this.#views + RANGE_FLOATS,
      words: 1 + this.#slotsPerDay * this.#views,
      bytes: VIEW_BYTES + 2 * this.#views + this.#slotsPerDay + RANGE_BYTES,
    });
  }

  get bytes(): number {
    return this.#table.bytes + this.#youngCount * this.#youngFloats() * Float32Array.BYTES_PER_ELEMENT;
  }

  add(slot: number): void {
    this.remove(slot);
    this.#table.add(slot);
    this.#table.words[slot * this.#table.widths.words] = NO_DAY_SLOT;
    this.#prepareRange(slot);
    startRange(this.#range.row);
    this.#young[slot] = new Float32Array(this.#youngFloats());
    this.#youngCount++;
  }

  remove(slot: number): void {
    if (this.#young[slot] !== undefined) this.#youngCount--;
    this.#young[slot] = undefined;
  }

  isWarm(slot: number): boolean {
    return this.#phase(slot, 0) >= PHASE_STILL;
  }

  learn(slot: number, run: SampleRun): void {
    for (let i = 0; i < run.count; i++) {
      const value = run.values[run.from + i]!;
      if (Number.isFinite(value)) {
        this.#setNow(run.startMs + i * this.#stepMs);
        this.#prepare(slot, Number.NaN);
        this.#front.look(value);
        this.#range.look(value);
        this.#learnSample(slot, value);
      } else this.#miss(slot);
    }
  }

  score(columns: ScoreColumns, { slots, timestampMs }: ScoreInstant, options: ScoreOptions): void {
    const edge = edgeOf(options.confidenceLevel);
    const front = this.#front;
    const { floats, widths } = this.#table;
    const { value: values, quantiles, view } = columns;
    const by = { step: this.#stepCorrection, samples: 0 };
    // The range is left once in half an hour at most, however many samples that are.
    const byRange = { step: 0, samples: 0 };
    const opinion = { expected: 0, lower: 0, upper: 0, raw: 0 };
    const range = this.#range;
    this.#setNow(timestampMs);
    const hasForecasts = this.#views > FORECAST && quantiles.length > 0;
    for (let i = 0; i < columns.count; i++) {
      const slot = slots[i]!;
      const value = values[i]!;
      view[i] = 0;
      if (!Number.isFinite(value)) {
        this.#miss(slot);
        setUnscored(columns, i);
        continue;
      }
      this.#prepare(slot, hasForecasts ? quantiles[i * ROW_LEVELS + MEDIAN_INDEX]! : Number.NaN);
      range.look(value);
      if (!this.isWarm(slot) || front.kind[0] === OFF) {
        setUnscored(columns, i);
        front.look(value);
      } else {
        by.samples = floats[slot * widths.floats + SAMPLES]!;
        byRange.samples = by.samples;
        front.findBand(uncorrect(edge, by));
        range.findEdges(uncorrect(edge, byRange));
        const joined = correct(front.look(value), by);
        const beyond = correct(range.rarity, byRange);
        opinion.raw = Math.max(joined, beyond) / edge;
        opinion.lower = front.lower;
        opinion.upper = front.upper;
        opinion.expected = front.lower / 2 + front.upper / 2;
        range.narrow(opinion);
        view[i] = beyond > joined ? RANGE : front.loudest();
        // A series that has stood at 0, but not for long: no value is a surprise yet, and there is no band to show.
        if (front.upper - front.lower === Number.POSITIVE_INFINITY) setUnscored(columns, i);
        else settleBand(columns, i, opinion, options);
      }
      this.#learnSample(slot, value);
    }
  }

  exportSlot(slot: number): Uint8Array {
    const row = this.#table.exportRow(slot);
    const young = this.#young[slot];
    if (young === undefined) return row;
    const both = new Uint8Array(row.length + young.byteLength);
    both.set(row);
    both.set(new Uint8Array(young.buffer), row.length);
    return both;
  }

  importSlot(slot: number, memory: Uint8Array): void {
    const rest = this.#table.importRow(slot, memory);
    if (rest.length === 0) this.remove(slot);
    else this.#young[slot]!.set(new Float32Array(rest.slice().buffer));
  }

  /** Puts the views of a series into the front, as they are before its newest value; NaN where none was forecast. */
  #prepare(slot: number, forecast: number): void {
    const { doubles, floats, small, widths } = this.#table;
    const front = this.#front;
    const bytes = slot * widths.bytes;
    const known = { values: small[bytes + VALUES]!, levels: small[bytes + LEVELS]! };
    centresOf(doubles, slot * widths.doubles, known, { centres: front.centre, usual: front.usual });
    if (this.#views > FORECAST) {
      front.centre[FORECAST] = forecast;
      front.usual[FORECAST] = forecast;
    }
    this.#prepareRange(slot);
    if (this.#table.words[slot * widths.words] !== this.#now.daySlot) this.#turnDaySlot(slot);
    for (let j = 0; j < this.#views; j++) {
      const row = slot * widths.floats + j * RARITY_FLOATS;
      const phase = small[bytes + VIEW_BYTES + 2 * j]!;
      if (phase < PHASE_STILL || Number.isNaN(front.centre[j]!)) front.kind[j] = OFF;
      else if (phase === PHASE_TAIL) {
        front.kind[j] = TAIL;
        putShape(front, j, floats, row, SLOPES);
      } else this.#prepareStill(j, { samples: floats[row + SAMPLES]!, value: doubles[slot * widths.doubles]! });
    }
  }

  #prepareRange(slot: number): void {
    const { doubles, floats, small, widths } = this.#table;
    const { row } = this.#range;
    row.doubles = doubles;
    row.floats = floats;
    row.small = small;
    row.double = slot * widths.doubles + RECENT_DOUBLES;
    row.float = (slot + 1) * widths.floats - RANGE_FLOATS;
    row.byte = (slot + 1) * widths.bytes - RANGE_BYTES;
    const newest = slot * widths.doubles;
    const isKnown = small[slot * widths.bytes + VALUES]! >= 2;
    this.#range.before = isKnown ? doubles[newest]! / 3 + doubles[newest + 1]! / 3 : Number.NaN;
  }

  /**
   * A view that never moved: a move is one in as many samples as there were, and by how much is judged by the value
   * itself, since there is nothing else. What stood at 0 has no size to judge by.
   */
  #prepareStill(j: number, { samples, value }: { readonly samples: number; readonly value: number }): void {
    const front = this.#front;
    const size = Math.abs(value);
    front.kind[j] = STILL;
    // How few samples there are is in it already.
    front.stillness[j] = Math.log10(samples + 1) / youthOf(samples);
    front.noise[j] = leastMove(value) / SLOPES[j]!;
    front.gainAbove[j] = size > LEAST_MOVE ? SLOPES[j]! / (FIRST_MOVE * size) : 0;
    front.gainBelow[j] = front.gainAbove[j]!;
    front.slope[j] = tailSlope(FIRST_INDEX);
  }

  /** Learns a value that the front has looked at. */
  #learnSample(slot: number, value: number): void {
    const { doubles, floats, small, widths } = this.#table;
    const { centre, logRatio } = this.#front;
    const bytes = slot * widths.bytes;
    const noise = leastMove(value);
    for (let j = 0; j < this.#views; j++) {
      const away = value - centre[j]!;
      if (Number.isNaN(away)) continue;
      // What is lost in the last digits of the value is no move, and beyond single precision nothing is told apart.
      const move = Math.abs(away) * SLOPES[j]!;
      const size = move < noise ? 0 : Math.min(move, MOST_MOVE);
      const row = slot * widths.floats + j * RARITY_FLOATS;
      const state = bytes + VIEW_BYTES + 2 * j;
      const samplesOfScale = small[state + 1]!;
      if (samplesOfScale < SCALE_SAMPLES) small[state + 1] = samplesOfScale + 1;
      else if (small[state] !== PHASE_TAIL) this.#learnYoung(slot, j, size);
      else {
        learnTail(floats, row, logRatio[j]!, away < 0 ? BELOW : ABOVE);
        floats[row + SAMPLES]!++;
      }
      learnScale(floats, row, size, samplesOfScale, this.#scaleRate);
      if (size > floats[row + SLOT_MAXIMUM]!) floats[row + SLOT_MAXIMUM] = size;
    }
    const samples = floats[slot * widths.floats + SAMPLES]!;
    this.#range.learn(value, Math.max(this.#scaleRate, 1 / (samples + 1)));
    pushValue(doubles, slot * widths.doubles, value);
    small[bytes + VALUES] = Math.min(small[bytes + VALUES]! + 1, 6);
    small[bytes + LEVELS] = learnLevel(doubles, slot * widths.doubles, value, small[bytes + LEVELS]!);
    small[bytes + GAP] = 0;
  }

  /** A view without a tail yet: it may have moved for the first time, or is being collected. */
  #learnYoung(slot: number, j: number, size: number): void {
    const { floats, small, widths } = this.#table;
    const row = slot * widths.floats + j * RARITY_FLOATS;
    const phaseAt = slot * widths.bytes + VIEW_BYTES + 2 * j;
    if (small[phaseAt] === PHASE_STILL) {
      if (size > 0) {
        startTailAtFirstMove(floats, row, size);
        small[phaseAt] = PHASE_TAIL;
      }
    } else if (!this.#collect(slot, j, size)) return;
    floats[row + SAMPLES]!++;
  }

  /** Keeps a ratio of a young view; with the last one its tail begins. Answers whether the sample counts. */
  #collect(slot: number, j: number, size: number): boolean {
    const { floats, small, widths } = this.#table;
    const row = slot * widths.floats + j * RARITY_FLOATS;
    const scale = scaleNow(floats, row);
    // A first move after nothing but stillness has no scale to be measured in; it would be the largest ratio for ever.
    if (scale === 0 && size > 0) return false;
    const young = this.#young[slot]!;
    const samples = floats[row + SAMPLES]!;
    const ratios = young.subarray(j * this.#warmSamples, (j + 1) * this.#warmSamples);
    ratios[samples] = scale === 0 ? 0 : Math.min(size / scale, MOST_MOVE);
    const phaseAt = slot * widths.bytes + VIEW_BYTES + 2 * j;
    small[phaseAt] = PHASE_START;
    if (samples + 1 < this.#warmSamples) return true;
    small[phaseAt] = startTail(floats, row, ratios);
    let isYoung = false;
    for (let view = 0; view < this.#views; view++) isYoung ||= this.#phase(slot, view) < PHASE_STILL;
    if (!isYoung) this.remove(slot);
    return true;
  }

  #setNow(timeMs: number): void {
    this.#now.timeMs = timeMs;
    this.#now.daySlot = daySlotOf(timeMs + this.#offsetAt(timeMs), this.#slotsPerDay);
  }

  #clocksWentBack(): boolean {
    const { timeMs } = this.#now;
    return this.#offsetAt(timeMs) < this.#offsetAt(timeMs - CLOCK_CHANGE_MS);
  }

  #turnDaySlot(slot: number): void {
    const { floats, words, small, widths } = this.#table;
    const { daySlot } = this.#now;
    const firstWord = slot * widths.words;
    const before = words[firstWord]!;
    words[firstWord] = daySlot;
    const bytes = slot * widths.bytes;
    const isFirst = before === NO_DAY_SLOT;
    if (!isFirst) this.#range.turn(daySlot < before && !this.#clocksWentBack());
    const visits = isFirst ? 0 : countVisit(small, bytes + VIEW_BYTES + 2 * this.#views + before);
    const turns = isFirst ? 0 : countVisit(small, bytes + TURNS);
    for (let j = 0; j < this.#views; j++) {
      const row = slot * widths.floats + j * RARITY_FLOATS;
      const first = firstWord + 1 + j * this.#slotsPerDay;
      const seen = { maximum: floats[row + SLOT_MAXIMUM]!, scale: floats[row + SCALE]! };
      // Forecasts begin late and may be missing: a slot without any says nothing, and the first one says all.
      const isForecast = j === FORECAST;
      if (!isFirst && !(isForecast && seen.maximum === 0)) {
        const mean = floats[row + MEAN_MAXIMUM]!;
        learnMaximum(words, first + before, seen, isForecast && words[first + before] === 0 ? 1 : visits);
        floats[row + MEAN_MAXIMUM] = learntMaximum(mean, seen, isForecast && mean === 0 ? 1 : 1 / turns);
      }
      floats[row + SLOT_MAXIMUM] = 0;
      const usual = maximumAround(words, first, daySlot, this.#slotsPerDay);
      floats[row + SLOT_EXCESS] = Math.max(0, usual - USUAL_EVERYWHERE * floats[row + MEAN_MAXIMUM]!);
    }
  }

  #miss(slot: number): void {
    const { small, widths } = this.#table;
    const bytes = slot * widths.bytes;
    const gap = Math.min(small[bytes + GAP]! + 1, LONGEST_GAP + 1);
    small[bytes + GAP] = gap;
    if (gap <= LONGEST_GAP) return;
    small[bytes + VALUES] = 0;
    small[bytes + LEVELS] = 0;
  }

  #phase(slot: number, j: number): number {
    const { small, widths } = this.#table;
    return small[slot * widths.bytes + VIEW_BYTES + 2 * j]!;
  }

  #youngFloats(): number {
    return this.#warmSamples * this.#views;
  }
}

function leastMove(value: number): number {
  return Math.max(LEAST_MOVE, LEAST_MOVE_SHARE * Math.abs(value));
}

/** Every further nine of the confidence level asks for samples that are ten times rarer. */
export function edgeOf(confidenceLevel: number): number {
  return Math.max(EDGE + Math.log10(0.01 / (1 - confidenceLevel)), 0.5);
}
