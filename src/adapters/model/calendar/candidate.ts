import { learn } from '../../../forecast/calendar/learn.ts';
import { forecast } from '../../../forecast/calendar/path.ts';
import {
  type CalendarMemory,
  type CalendarShape,
  calendarMemory,
  calendarShape,
  F64,
} from '../../../forecast/calendar/shape.ts';
import {
  type CalendarTimes,
  calendarTimes,
  type Locale,
  NOWHERE,
  placeOf,
  timesPart,
} from '../../../forecast/calendar/times.ts';
import { pinballLoss } from '../../../forecast/pinball.ts';
import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import type { Grid } from '../../../series/grid.ts';
import { actualAfter, originsOf } from '../auto.ts';

/** A past that ends with the grid, in other units than those the memory keeps: value = unit × scale. */
export interface ScaledPast {
  readonly values: Float64Array;
  readonly scale: number;
}

/**
 * The online engine among the candidates of `auto`: it goes through a context once, when candidates are weighed, and
 * from then on learns what is new, since its memory comes back with the hint.
 */
export class CalendarCandidate {
  readonly #shape: CalendarShape;
  readonly #horizonSteps: number;
  /** Those of the grid, then those of the steps ahead. */
  readonly #times: CalendarTimes;
  readonly #gridSteps: number;

  constructor(grid: Grid, horizonSteps: number, locale: Locale = NOWHERE) {
    this.#shape = calendarShape(grid.stepMs);
    this.#horizonSteps = horizonSteps;
    this.#gridSteps = grid.steps;
    this.#times = calendarTimes(this.#shape, placeOf(locale), grid.startMs, grid.steps + horizonSteps);
  }

  /** What it would have lost at each of the origins of a context, newest first, and what it knows in the end. */
  judge(past: ScaledPast): { readonly losses: readonly number[]; readonly memory: Uint8Array } {
    const memory = calendarMemory(this.#shape);
    const rows = new Float64Array(this.#horizonSteps * QUANTILE_LEVELS.length);
    const { length } = past.values;
    const losses: number[] = [];
    let from = 0;
    for (const origin of originsOf(length, this.#horizonSteps).reverse()) {
      this.#learn(memory, past, from, origin);
      from = origin;
      const actual = actualAfter(past.values, origin, this.#horizonSteps);
      this.#fill(memory, past, { origin, steps: actual.length }, rows);
      losses.unshift(pinballLoss(rows, actual));
    }
    this.#learn(memory, past, from, length);
    return { losses, memory: bytesOf(memory) };
  }

  /**
   * Writes horizon × levels, from a memory of an earlier time and what came since; or from the whole past where there is
   * no memory, or one that does not reach the past. Answers what it knows now.
   */
  forecast(past: ScaledPast, known: Uint8Array | undefined, target: Float64Array): Uint8Array {
    const { length } = past.values;
    const earlier = this.#recall(past, known);
    const memory = earlier?.memory ?? calendarMemory(this.#shape);
    this.#learn(memory, past, earlier?.learnt ?? 0, length);
    this.#fill(memory, past, { origin: length, steps: this.#horizonSteps }, target);
    return bytesOf(memory);
  }

  /** A memory that ends within the past, and how much of the past it has learnt. */
  #recall({ values }: ScaledPast, known: Uint8Array | undefined) {
    if (known?.byteLength !== this.#shape.bytes) return undefined;
    const memory = calendarMemory(this.#shape, known.slice().buffer);
    const learnt = memory.f64[F64.last]! + 1 - (this.#times.firstStep + this.#gridSteps - values.length);
    return learnt > 0 && learnt <= values.length ? { memory, learnt } : undefined;
  }

  #learn(memory: CalendarMemory, { values, scale }: ScaledPast, from: number, to: number): void {
    const offset = this.#gridSteps - values.length;
    for (let i = from; i < to; i++) learn(this.#shape, memory, this.#times, offset + i, values[i]! * scale);
  }

  #fill(
    memory: CalendarMemory,
    { values, scale }: ScaledPast,
    at: { readonly origin: number; readonly steps: number },
    rows: Float64Array,
  ): void {
    const offset = this.#gridSteps - values.length;
    forecast(this.#shape, memory, timesPart(this.#times, offset + at.origin, at.steps), rows);
    if (scale !== 1) for (let i = 0; i < at.steps * QUANTILE_LEVELS.length; i++) rows[i]! /= scale;
  }
}

function bytesOf(memory: CalendarMemory): Uint8Array {
  return new Uint8Array(memory.f64.buffer as ArrayBuffer);
}
