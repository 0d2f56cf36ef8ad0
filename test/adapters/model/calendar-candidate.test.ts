import { describe, expect, it } from 'vitest';
import { originsOf } from '../../../src/adapters/model/auto.ts';
import { CalendarCandidate } from '../../../src/adapters/model/calendar/candidate.ts';
import { forecastBatch, type ModelSource } from '../../../src/adapters/model/forecast-batch.ts';
import { OpenAnomalyError } from '../../../src/errors.ts';
import { parseDaySpan } from '../../../src/forecast/calendar/days.ts';
import type { Locale } from '../../../src/forecast/calendar/times.ts';
import type { SeriesHint } from '../../../src/forecast/forecast.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../src/forecast/quantile.ts';
import { gaussian, randomOf } from '../../support/random.ts';

const MINUTE_MS = 60_000;
const STEP_MS = 15 * MINUTE_MS;
const DAY = 96;
/** A Monday. */
const START_MS = Date.UTC(2026, 5, 1);
const LEVELS = QUANTILE_LEVELS.length;
const HORIZON = 2 * DAY;

const noModel: ModelSource = {
  open: () => Promise.reject(new OpenAnomalyError('engine_unavailable', 'no model here')),
  openIfAvailable: async () => undefined,
};

/** Work days from eight to six, and a mode of its own on Saturday and Sunday. */
function office(steps: number): Float64Array {
  const random = randomOf(11);
  return Float64Array.from({ length: steps }, (_, i) => {
    const date = new Date(START_MS + i * STEP_MS);
    const isOpen = date.getUTCHours() >= 8 && date.getUTCHours() < 18;
    const isWeekend = date.getUTCDay() % 6 === 0;
    return (isOpen ? (isWeekend ? 20 : 100) : 10) + gaussian(random);
  });
}

function gridOf(from: number, to: number) {
  return { startMs: START_MS + from * STEP_MS, stepMs: STEP_MS, steps: to - from };
}

function rowsFrom(candidate: CalendarCandidate, values: Float64Array, known?: Uint8Array) {
  const rows = new Float64Array(HORIZON * LEVELS);
  const memory = candidate.forecast({ values, scale: 1 }, known, rows);
  return { rows, memory };
}

describe('the calendar among candidates', () => {
  const values = office(28 * DAY);
  const whole = rowsFrom(new CalendarCandidate(gridOf(0, 28 * DAY), HORIZON), values);

  it('goes on from its memory as if it had seen it all, though the window moved on', () => {
    const first = 25 * DAY;
    const before = rowsFrom(new CalendarCandidate(gridOf(0, first), HORIZON), values.subarray(0, first));
    const from = 3 * DAY;
    const after = rowsFrom(
      new CalendarCandidate(gridOf(from, 28 * DAY), HORIZON),
      values.subarray(from),
      before.memory,
    );
    expect(after.rows).toEqual(whole.rows);
    expect(after.memory).toEqual(whole.memory);
  });

  it('leaves the memory it is given as it was', () => {
    const given = whole.memory.slice();
    rowsFrom(new CalendarCandidate(gridOf(0, 28 * DAY), HORIZON), values, given);
    expect(given).toEqual(whole.memory);
  });

  it.each<[string, () => Uint8Array]>([
    ['of a later time', () => rowsFrom(new CalendarCandidate(gridOf(0, 29 * DAY), 1), office(29 * DAY)).memory],
    ['of another shape', () => new Uint8Array(16)],
  ])('starts anew with a memory %s', (_, memory) => {
    expect(rowsFrom(new CalendarCandidate(gridOf(0, 28 * DAY), HORIZON), values, memory()).rows).toEqual(whole.rows);
  });

  it('starts anew where the window begins after what it remembers', () => {
    const old = rowsFrom(new CalendarCandidate(gridOf(0, 3 * DAY), HORIZON), values.subarray(0, 3 * DAY)).memory;
    const candidate = new CalendarCandidate(gridOf(10 * DAY, 28 * DAY), HORIZON);
    expect(rowsFrom(candidate, values.subarray(10 * DAY), old).rows).toEqual(
      rowsFrom(candidate, values.subarray(10 * DAY)).rows,
    );
  });

  it('knows after it was judged what it knows after a forecast', () => {
    const judged = new CalendarCandidate(gridOf(0, 28 * DAY), HORIZON).judge({ values, scale: 1 });
    expect(judged.memory).toEqual(whole.memory);
    expect(judged.losses).toHaveLength(originsOf(values.length, HORIZON).length);
    for (const loss of judged.losses) expect(loss).toBeGreaterThan(0);
  });

  it('answers in the units of the past', () => {
    const scaled = new CalendarCandidate(gridOf(0, 28 * DAY), HORIZON);
    const rows = new Float64Array(HORIZON * LEVELS);
    scaled.forecast({ values: values.map((value) => value / 1024), scale: 1024 }, undefined, rows);
    expect(rows.map((value) => value * 1024)).toEqual(whole.rows);
  });
});

describe('auto', () => {
  const ask = (steps: number, options: { hint?: SeriesHint | undefined; locale?: Locale; engine?: string } = {}) =>
    forecastBatch(
      {
        series: 1,
        grid: gridOf(0, steps),
        values: office(steps),
        horizonSteps: HORIZON,
        engine: options.engine ?? 'auto',
        parameters: options.engine === 'calendar' ? {} : { candidates: ['climatology', 'calendar'], periods: [] },
        locale: options.locale,
        hints: [options.hint],
      },
      noModel,
    );

  it('forecasts a week of work with it, and gets its memory back with the hint', async () => {
    const first = await ask(26 * DAY);
    const [hint] = first.hints;
    expect(hint!.engine).toBe('calendar');
    // Saturday at noon, two work days of which were just seen.
    const noon = ((DAY + 12 * 4) * LEVELS + MEDIAN_INDEX) as number;
    expect(first.quantiles[noon]).toBeLessThan(50);
    const next = await ask(26 * DAY + 4, { hint });
    expect(next.hints[0]!.checkedMs).toBe(hint!.checkedMs);
    expect(next.hints[0]!.memory).not.toEqual(hint!.memory);
    const anew = await ask(26 * DAY + 4, { hint: { ...hint!, memory: new Uint8Array(0) } });
    expect(next.quantiles).toEqual(anew.quantiles);
  });

  it.each(['auto', 'calendar'])('takes a holiday for the day it behaves as (%s)', async (engine) => {
    const span = parseDaySpan('2026-06-25');
    if (typeof span === 'string') throw new Error(span);
    const holidays = { days: [span], like: 'sunday' } as const;
    // The forecast begins on Wednesday the 24th; noon of the 25th is a day and a half ahead.
    const noon = (DAY + 12 * 4) * LEVELS + MEDIAN_INDEX;
    const usual = await ask(23 * DAY, { engine });
    const special = await ask(23 * DAY, { engine, locale: { timezone: 'UTC', holidays } });
    expect(usual.quantiles[noon]).toBeGreaterThan(60);
    expect(special.quantiles[noon]).toBeLessThan(usual.quantiles[noon]! - 20);
  });
});
