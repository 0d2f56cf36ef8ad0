import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calendarShape } from '../../../src/forecast/calendar/shape.ts';
import { gaussian, randomOf } from '../../support/random.ts';
import { DAY_MS, MINUTE_MS, Replay } from './replay.ts';

const HOUR_MS = 3_600_000;
const DAY = 1440;
const noise = (scale = 1, seed = 7) => {
  const random = randomOf(seed);
  return () => scale * gaussian(random);
};
const wave = (timeMs: number) => 20 * Math.sin((2 * Math.PI * timeMs) / DAY_MS);
const expectSorted = (row: Float64Array) => expect([...row]).toEqual([...row].sort((a, b) => a - b));

describe('rows', () => {
  test('ascend and are finite, whatever the samples', () => {
    const sample = fc.oneof(
      { weight: 5, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
      fc.constantFrom(0, 0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e15, -1e300, 1e-300),
    );
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(60, 900, 86_400),
        (values, seconds) => {
          fc.pre(values.some(Number.isFinite));
          const replay = new Replay({ stepMs: seconds * 1000 });
          let i = 0;
          for (const row of replay.learn(values.length, () => values[i++]!).path(40)) {
            expect([...row].every(Number.isFinite)).toBe(true);
            expectSorted(row);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('are NaN before the first sample', () => {
    expect(
      new Replay({})
        .learn(5, () => Number.NaN)
        .path(2)
        .every((row) => row.every(Number.isNaN)),
    ).toBe(true);
  });

  test.each([0, 0.1, -3e9, 1e15, 1e-310, 1e300])('keep a constant %d exactly', (level) => {
    const rows = new Replay({}).learn(2 * DAY, () => level).path(60);
    expect(new Set(rows.flatMap((row) => [...row]))).toEqual(new Set([level]));
  });

  test('do not go below the zero that counts rest on', () => {
    const random = randomOf(3);
    const rows = new Replay({}).learn(3000, () => (random() < 0.7 ? 0 : Math.floor(20 * random()))).path(60);
    expect(Math.min(...rows.map((row) => row[0]!))).toBe(0);
    expect(rows[30]![11]!).toBeGreaterThan(5);
  });

  test('hold what they promise on noise, near and far', () => {
    const draw = noise();
    const replay = new Replay({}).learn(5 * DAY, () => 100 + draw());
    let inside = 0;
    let total = 0;
    for (let origin = 0; origin < 60; origin++) {
      const rows = replay.path(240);
      replay.learn(240, (timeMs) => {
        const value = 100 + draw();
        const row = rows[Math.round((timeMs - replay.nextMs) / MINUTE_MS)]!;
        if (value >= row[1]! && value <= row[11]!) inside++;
        total++;
        return value;
      });
    }
    expect(inside / total).toBeGreaterThan(0.87);
    expect(inside / total).toBeLessThan(0.94);
  });
});

describe('equivariance', () => {
  const valuesOf = (shift: number, unit: number) => {
    const draw = noise();
    return (timeMs: number) => shift + unit * (wave(timeMs) + draw());
  };
  const plain = new Replay({}).learn(3 * DAY, valuesOf(0, 1)).medians(100);

  test.each([1e-12, 0.1, 1e6, 1e200])('the unit (%d) does not matter', (unit) => {
    const scaled = new Replay({}).learn(3 * DAY, valuesOf(0, unit)).medians(100);
    scaled.forEach((value, i) => {
      expect(value / unit).toBeCloseTo(plain[i]!, 3);
    });
  });

  test('powers of two change nothing at all', () => {
    const scaled = new Replay({}).learn(3 * DAY, valuesOf(0, 2 ** 40)).medians(100);
    expect(scaled.map((value) => value / 2 ** 40)).toEqual(plain);
  });

  test.each([-1e3, 1e6, 1e9])('a shift by %d does not matter', (shift) => {
    const shifted = new Replay({}).learn(3 * DAY, valuesOf(shift, 1)).medians(100);
    shifted.forEach((value, i) => {
      expect(value - shift).toBeCloseTo(plain[i]!, 2);
    });
  });

  test('two runs are the same', () => {
    expect(new Replay({}).learn(3 * DAY, valuesOf(0, 1)).medians(100)).toEqual(plain);
  });
});

describe('seasons', () => {
  test('of the day are followed a day ahead', () => {
    const draw = noise();
    const replay = new Replay({}).learn(7 * DAY, (timeMs) => 100 + wave(timeMs) + draw());
    const errors = replay.medians(DAY).map((value, i) => Math.abs(value - 100 - wave(replay.nextMs + i * MINUTE_MS)));
    // Of a wave of ±20: a week is short for a profile that also tells weekdays from weekends.
    expect(Math.max(...errors)).toBeLessThan(4);
    expect(errors.reduce((sum, error) => sum + error) / DAY).toBeLessThan(1);
  });

  test('of the day are not taken from what came once on the first one', () => {
    const draw = noise();
    const isOnce = (timeMs: number) => timeMs % DAY_MS >= 5 * HOUR_MS && timeMs % DAY_MS < 5.5 * HOUR_MS;
    const replay = new Replay({});
    replay.learn(DAY, (timeMs) => 100 + wave(timeMs) + (isOnce(timeMs) ? 60 : 0) + draw());
    replay.learn(10, (timeMs) => 100 + wave(timeMs) + draw());
    replay.medians(DAY - 10).forEach((value, i) => {
      expect(Math.abs(value - 100 - wave(replay.nextMs + i * MINUTE_MS))).toBeLessThan(8);
    });
  });

  test('weekends are told from weekdays after two weeks', () => {
    const draw = noise();
    const isWeekend = (timeMs: number) => [0, 6].includes(new Date(timeMs).getUTCDay());
    const office = (timeMs: number) => (isWeekend(timeMs) ? 10 : 50 + wave(timeMs)) + draw();
    // 26 days from a Monday on: the next day is a Saturday.
    const replay = new Replay({ stepMs: 5 * MINUTE_MS }).learn(26 * 288, office);
    const saturday = replay.medians(288);
    expect(Math.max(...saturday.slice(48))).toBeLessThan(25);
    const tuesday = new Replay({ stepMs: 5 * MINUTE_MS }).learn(29 * 288, office).medians(288);
    tuesday.slice(48).forEach((value, i) => {
      expect(Math.abs(value - 50 - wave((48 + i) * 5 * MINUTE_MS))).toBeLessThan(12);
    });
  });

  test('spikes of five minutes and of the hour are foretold', () => {
    const draw = noise();
    const isBackup = (timeMs: number) =>
      timeMs % DAY_MS >= 3 * HOUR_MS && timeMs % DAY_MS < 3 * HOUR_MS + 5 * MINUTE_MS;
    const isJob = (timeMs: number) => timeMs % HOUR_MS < 2 * MINUTE_MS;
    const shape = (timeMs: number) => 100 + (isBackup(timeMs) ? 80 : 0) + (isJob(timeMs) ? 40 : 0);
    const replay = new Replay({}).learn(10 * DAY, (timeMs) => shape(timeMs) + draw());
    const medians = replay.medians(6 * 60);
    for (const minute of [180, 181, 182, 183, 184]) expect(medians[minute]!).toBeGreaterThan(160);
    expect(medians[60]!).toBeGreaterThan(130);
    expect(medians[61]!).toBeGreaterThan(130);
    for (const minute of [30, 90, 200, 230]) expect(Math.abs(medians[minute]! - 100)).toBeLessThan(4);
  });

  test.each([
    ['spring', Date.UTC(2026, 2, 29)],
    ['autumn', Date.UTC(2026, 9, 25)],
  ])('follow the clock over its change in %s, on a day of 23 or 25 hours and after', (_, changeDayMs) => {
    const draw = noise();
    const hour = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', hour: 'numeric', hourCycle: 'h23' });
    const office = (timeMs: number) => {
      const local = Number(hour.format(timeMs));
      return local >= 8 && local < 18 ? 100 : 20;
    };
    const startMs = changeDayMs - 14 * DAY_MS;
    const replayIn = (timezone: string) =>
      new Replay({ startMs, stepMs: 5 * MINUTE_MS, timezone }).learn(14 * 288, (timeMs) => office(timeMs) + draw());
    const errorsOf = (replay: Replay) =>
      replay.medians(2 * 288).map((value, i) => Math.abs(value - office(replay.nextMs + i * 5 * MINUTE_MS)));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const local = mean(errorsOf(replayIn('Europe/Berlin')));
    const fixed = mean(errorsOf(replayIn('UTC')));
    expect(local).toBeLessThan(5);
    expect(fixed).toBeGreaterThan(local + 3);
  });

  test('of a holiday are those of a Sunday', () => {
    const draw = noise();
    const sundays = (timeMs: number) => (new Date(timeMs).getUTCDay() === 0 ? 10 : 60) + draw();
    // 58 days from a Monday on: the next day is a Wednesday, 29 April.
    const day = Date.UTC(2026, 3, 29) / DAY_MS;
    const options = { stepMs: 5 * MINUTE_MS };
    const plain = new Replay(options).learn(58 * 288, sundays).medians(288);
    const holiday = new Replay({ ...options, holidays: [{ fromDay: day, toDay: day }] })
      .learn(58 * 288, sundays)
      .medians(288);
    expect(plain[200]!).toBeGreaterThan(45);
    expect(holiday[200]!).toBeLessThan(35);
  });
});

describe('what happens', () => {
  test('a spike leaves no trace', () => {
    const draw = noise();
    const replay = new Replay({}).learn(2 * DAY, () => 100 + draw());
    const before = replay.path(60)[59]!.slice();
    replay.learn(1, () => 1e6).learn(15, () => 100 + draw());
    const after = replay.path(60)[59]!;
    expect(Math.abs(after[6]! - before[6]!)).toBeLessThan(1.5);
    expect(after[11]! - after[1]!).toBeLessThan(2 * (before[11]! - before[1]!));
  });

  test('a level that shifted is accepted within the hour, an hour ahead too', () => {
    const draw = noise();
    const replay = new Replay({}).learn(3 * DAY, () => 100 + draw()).learn(60, () => 150 + draw());
    const median = replay.medians(60)[59]!;
    expect(Math.abs(median - 150)).toBeLessThan(10);
  });

  test('missing samples are passed over', () => {
    const draw = noise();
    const random = randomOf(1);
    const replay = new Replay({}).learn(4 * DAY, (timeMs) =>
      random() < 0.3 ? Number.NaN : 100 + wave(timeMs) + draw(),
    );
    replay.learn(6 * 60, () => Number.NaN);
    const medians = replay.medians(120);
    expect(Math.abs(medians[60]! - 100 - wave(replay.nextMs + 60 * MINUTE_MS))).toBeLessThan(4);
  });

  test('samples that come again, or late, are passed over', () => {
    const draw = noise();
    const once = new Replay({}).learn(600, () => 100 + draw());
    const again = noise();
    const twice = new Replay({}).learn(600, () => 100 + again());
    const before = twice.memory.f64.slice();
    const late = new Replay({});
    late.learn(10, () => 7);
    expect(before).toEqual(once.memory.f64);
  });
});

test('a series is some seven kilobytes, whatever it has seen', () => {
  for (const stepMs of [1000, 10_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]) {
    expect(calendarShape(stepMs).bytes).toBeLessThan(7500);
  }
  expect(calendarShape(HOUR_MS).bytes).toBeLessThan(5000);
});
