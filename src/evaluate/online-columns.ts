import { learn } from '../forecast/calendar/learn.ts';
import { seasonalityOf } from '../forecast/calendar/options.ts';
import { forecast } from '../forecast/calendar/path.ts';
import {
  type CalendarMemory,
  type CalendarShape,
  calendarMemory,
  calendarShape,
  F64,
} from '../forecast/calendar/shape.ts';
import { type CalendarTimes, calendarTimes, type Place, placeOf } from '../forecast/calendar/times.ts';
import type { ForecastBlock } from '../forecast/forecast.ts';
import { QUANTILE_LEVELS } from '../forecast/quantile.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { SampleRun } from '../series/context.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** What the online engine has learnt of the series of a pipeline, by slot. Local time is that of the pipeline. */
export class OnlineColumns {
  readonly shape: CalendarShape;
  readonly #memories: (CalendarMemory | undefined)[] = [];
  #place: Place;
  #times: CalendarTimes | undefined;

  constructor(pipeline: Pipeline) {
    this.shape = calendarShape(pipeline.stepMs, seasonalityOf(pipeline.model.parameters));
    this.#place = placeOf(pipeline);
  }

  /** Takes over a changed list of holidays; what was learnt stays. */
  adopt(pipeline: Pipeline): void {
    this.#place = placeOf(pipeline);
    this.#times = undefined;
  }

  /** Puts a slot to "nothing learnt". */
  add(slot: number): void {
    this.#memories[slot] = calendarMemory(this.shape);
  }

  remove(slot: number): void {
    this.#memories[slot] = undefined;
  }

  /** Samples a slot has learnt from. */
  samples(slot: number): number {
    return this.#memories[slot]!.f64[F64.samples]!;
  }

  /** Whether nothing at or after an instant has been learnt yet. */
  isNext(slot: number, timeMs: number): boolean {
    const { f64 } = this.#memories[slot]!;
    return f64[F64.samples] === 0 || f64[F64.last]! * this.shape.stepMs < timeMs;
  }

  /** Learns a run of samples; those that are not newer than the newest one learnt, and missing ones, are passed over. */
  learn(slot: number, { startMs, values, from, count }: SampleRun): void {
    const times = this.#timesFrom(startMs, count);
    const memory = this.#memories[slot]!;
    for (let i = 0; i < count; i++) learn(this.shape, memory, times, i, values[from + i]!);
  }

  /** Learns one instant of many series: entry i of `value` belongs to slots[i]. */
  learnInstant(slots: readonly number[], timestampMs: number, value: Float64Array): void {
    const times = this.#timesFrom(timestampMs, 1);
    for (let i = 0; i < slots.length; i++) learn(this.shape, this.#memories[slots[i]!]!, times, 0, value[i]!);
  }

  /** Forecasts of some slots, from the first step after `asOfMs` on, which must not lie before what was learnt. */
  forecast(slots: readonly number[], asOfMs: number, steps: number): ForecastBlock {
    const { stepMs } = this.shape;
    const startMs = asOfMs + stepMs;
    const times = this.#timesFrom(startMs, steps);
    const quantiles = new Float64Array(slots.length * steps * LEVELS);
    for (let i = 0; i < slots.length; i++)
      forecast(this.shape, this.#memories[slots[i]!]!, times, quantiles, i * steps * LEVELS);
    const hint = { engine: 'calendar', periods: [], checkedMs: asOfMs };
    return { startMs, stepMs, steps, levels: QUANTILE_LEVELS, quantiles, hints: slots.map(() => hint) };
  }

  export(slot: number): Uint8Array {
    return new Uint8Array(this.#memories[slot]!.f64.buffer);
  }

  /** Takes bytes of `export` back. Throws RangeError for bytes of another shape. */
  import(slot: number, bytes: Uint8Array): void {
    if (bytes.byteLength !== this.shape.bytes)
      throw new RangeError(`${bytes.byteLength} bytes of a series where ${this.shape.bytes} belong`);
    this.#memories[slot] = calendarMemory(this.shape, bytes.slice().buffer);
  }

  get bytes(): number {
    let slots = 0;
    for (const memory of this.#memories) if (memory !== undefined) slots++;
    return slots * this.shape.bytes;
  }

  /** The series of a pipeline ask for the same instants one after the other. */
  #timesFrom(startMs: number, steps: number): CalendarTimes {
    const known = this.#times;
    const firstStep = Math.round(startMs / this.shape.stepMs);
    if (known !== undefined && known.firstStep === firstStep && known.steps === steps) return known;
    const times = calendarTimes(this.shape, this.#place, startMs, steps);
    this.#times = times;
    return times;
  }
}
