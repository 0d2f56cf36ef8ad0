import { describe, expect, it } from 'vitest';
import { countAlarms, delaysOf, measuresOf } from '../../bench/detect/scoring/alarms.ts';
import { flaggedRightly } from '../../bench/detect/scoring/direction.ts';
import { addFaults, tallyFaults } from '../../bench/detect/scoring/faults.ts';
import { NAB_PROFILES, nabScore, probationRows } from '../../bench/detect/scoring/nab.ts';
import { openingsOf } from '../../bench/detect/scoring/openings.ts';
import { aucPr, byFallingScore, vusPr } from '../../bench/detect/scoring/precision-recall.ts';
import { thresholdsOf } from '../../bench/detect/scoring/thresholds.ts';
import { kthLargest, type Unit } from '../../bench/detect/unit.ts';

const MINUTE_MS = 60_000;

/** A unit of a day of minutes, quiet but for the scores and labels given by row. */
function dayOf(scores: Readonly<Record<number, number>>, events: readonly (readonly [number, number])[]): Unit {
  const unit = {
    set: 's',
    part: 'p',
    name: 'n',
    kind: 'k',
    stepMs: MINUTE_MS,
    scores: new Float32Array(1440),
    labels: new Uint8Array(1440),
  };
  for (const [row, score] of Object.entries(scores)) unit.scores[Number(row)] = score;
  for (const [first, last] of events) unit.labels.fill(1, first, last + 1);
  return unit;
}

function alarmsAt(unit: Unit, threshold: number) {
  return countAlarms(unit, [threshold])[0]!;
}

it('the side of an event is that of most of its rows, and of an alarm that of its first flag in the event', () => {
  const day = dayOf({ 100: 2, 101: 2, 301: 2, 700: 2 }, [
    [100, 104],
    [300, 304],
    [500, 504],
    [700, 704],
  ]);
  const values = new Float32Array(1440).fill(5);
  values.set([4, 9, 9, 9, 9], 100);
  values.set([5, 1, 1, 1, 1], 300);
  const sides = new Int8Array(1440);
  sides.set([-1, 1], 100);
  sides[301] = -1;
  // Wrong, right, not found, and neither above nor below.
  expect(flaggedRightly({ ...day, values, sides }, 1)).toEqual([false, true]);
  expect(flaggedRightly(day, 1)).toEqual([]);
});

describe('alarms', () => {
  it('are flagged rows at most ten apart; one is true that touches an event, an event is found once', () => {
    const unit = dayOf({ 100: 2, 110: 2, 121: 2, 300: 2, 303: 2, 305: 1 }, [[300, 310]]);
    expect(alarmsAt(unit, 1)).toMatchObject({ alarms: 3, falseAlarms: 2, found: 1, events: 1, flagged: 5, days: 1 });
  });

  it('flag what is above the threshold, not on it', () => {
    expect(alarmsAt(dayOf({ 5: 1 }, []), 1).alarms).toBe(0);
    expect(alarmsAt(dayOf({ 5: 1 }, []), 0.5).alarms).toBe(1);
  });

  it('that go on over an event without a flag in it are true, but have not found it', () => {
    expect(alarmsAt(dayOf({ 100: 2, 108: 2 }, [[103, 104]]), 1)).toMatchObject({ alarms: 1, falseAlarms: 0, found: 0 });
  });

  it('give precision, recall, F1, and false ones a series-day', () => {
    const unit = dayOf({ 100: 2, 300: 2 }, [
      [300, 310],
      [500, 510],
      [700, 710],
    ]);
    const measures = measuresOf(alarmsAt(unit, 1));
    expect(measures).toMatchObject({ event_precision: 0.5, false_alarms_per_series_day: 1 });
    expect(measures.event_recall).toBeCloseTo(1 / 3);
    expect(measures.event_f1).toBeCloseTo(0.4);
  });

  it('count for delay-7 when one of the first eight rows is flagged, false rows singly', () => {
    const event = [[300, 319]] as const;
    const delay7 = (scores: Record<number, number>) => measuresOf(alarmsAt(dayOf(scores, event), 1)).delay7_f1;
    expect(delay7({ 307: 2 })).toBe(1);
    expect(delay7({ 308: 2 })).toBe(0);
    // 20 rows found of 20, and 5 false ones: precision 0.8, recall 1.
    expect(delay7({ 307: 2, 10: 2, 11: 2, 12: 2, 13: 2, 14: 2 })).toBeCloseTo(1.6 / 1.8);
  });

  it('have a delay from the start of an event to its first flagged row', () => {
    const unit = dayOf({ 305: 2, 306: 3, 500: 2 }, [
      [300, 310],
      [500, 510],
      [700, 710],
    ]);
    expect(delaysOf(unit, 1)).toEqual([5, 0]);
  });
});

describe('the score of the Numenta benchmark', () => {
  const windows = [[500, 599]] as const;
  const standard = (detections: readonly number[], rows = 1000) =>
    nabScore([{ rows, windows, detections }], NAB_PROFILES.nab_standard);
  /** The sigmoid of the benchmark, written out. */
  const sigmoid = (x: number) => 2 / (1 + Math.exp(5 * x)) - 1;

  it('is 100 for perfect knowledge in every profile, and 0 for nothing', () => {
    for (const profile of Object.values(NAB_PROFILES)) {
      expect(nabScore([{ rows: 1000, windows, detections: [500] }], profile)).toBeCloseTo(100, 10);
      expect(nabScore([{ rows: 1000, windows, detections: [] }], profile)).toBe(0);
    }
  });

  it('falls within a window, and only the best detection in it counts', () => {
    // In the middle: 50 rows of 100 are left, so x = -0.5.
    const middle = (100 * (sigmoid(-0.5) / sigmoid(-1) + 1)) / 2;
    expect(standard([550])).toBeCloseTo(middle, 10);
    expect(standard([550, 560, 599])).toBeCloseTo(middle, 10);
    expect(middle).toBeGreaterThan(90);
    // The last row of the window earns next to nothing: x = -0.01.
    expect(standard([599])).toBeCloseTo((100 * (sigmoid(-0.01) / sigmoid(-1) + 1)) / 2, 10);
  });

  it('takes for a detection before every window the whole price of a false alarm, after one less', () => {
    expect(standard([400, 500])).toBeCloseTo((100 * (1 - 0.11 + 1)) / 2, 10);
    // Ten rows behind a window of a hundred.
    expect(standard([500, 609])).toBeCloseTo((100 * (1 + 0.11 * sigmoid(10 / 99) + 1)) / 2, 10);
    // More than three widths behind, the whole price again.
    expect(standard([500, 950])).toBeCloseTo((100 * (1 - 0.11 + 1)) / 2, 10);
  });

  it('weighs false alarms twice in low FP, misses twice in low FN', () => {
    const files = [
      { rows: 1000, windows, detections: [500, 400] },
      { rows: 1000, windows, detections: [] },
    ];
    expect(nabScore(files, NAB_PROFILES.nab_low_fp)).toBeCloseTo((100 * (1 - 1 - 0.22 + 2)) / 4, 10);
    expect(nabScore(files, NAB_PROFILES.nab_low_fn)).toBeCloseTo((100 * (1 - 2 - 0.11 + 4)) / 6, 10);
  });

  it('ignores the first 15 % of a file, 750 rows at most', () => {
    expect([probationRows(1000), probationRows(4999), probationRows(5001), probationRows(22_000)]).toEqual([
      150, 749, 750, 750,
    ]);
    expect(standard([149, 500])).toBeCloseTo(100, 10);
    expect(standard([150, 500])).toBeLessThan(100);
  });
});

describe('openings', () => {
  it('are those of the product: once while an alarm goes on, and only above what was recent', () => {
    const scores = new Float32Array(400);
    scores[50] = 2;
    scores[51] = 3;
    // Over since ten calm rows, but no higher by the opening factor than 70 rows ago.
    scores[120] = 3.2;
    // Beyond two hours of the last peak.
    scores[300] = 1.5;
    expect(openingsOf([scores], 1)).toEqual([[50, 300]]);
    expect(openingsOf([scores, new Float32Array(10)], 4)).toEqual([[], []]);
  });
});

describe('precision and recall', () => {
  it('have an area of 1 where labelled rows score highest, of their share where all score the same', () => {
    const { scores, labels } = dayOf({ 300: 3, 301: 4 }, [[300, 301]]);
    expect(aucPr(byFallingScore(scores), labels)).toBe(1);
    expect(aucPr(byFallingScore(new Float32Array(1440)), labels)).toBeCloseTo(2 / 1440, 10);
  });

  it('are averaged over labelled rows by falling score', () => {
    // Ranks of the labelled rows: 1 and 3.
    const labels = Uint8Array.of(1, 0, 1, 0);
    expect(aucPr(byFallingScore(Float32Array.of(9, 5, 4, 1)), labels)).toBeCloseTo((1 + 2 / 3) / 2, 10);
  });

  it('have a volume that forgives what is close', () => {
    const near = dayOf({ 298: 3 }, [[300, 310]]);
    const far = dayOf({ 800: 3 }, [[300, 310]]);
    const exact = dayOf(Object.fromEntries(Array.from({ length: 11 }, (_, i) => [300 + i, 3])), [[300, 310]]);
    const volume = ({ scores, labels }: Unit) => vusPr(byFallingScore(scores), labels);
    expect(volume(near)).toBeGreaterThan(2 * volume(far));
    expect(volume(exact)).toBeGreaterThan(volume(near));
    // Without a buffer this is 1; with one, recall also asks for what is around.
    expect(volume(exact)).toBeGreaterThan(0.5);
    expect(volume({ ...exact, labels: new Uint8Array(1440) })).toBeNaN();
  });
});

describe('thresholds', () => {
  it('go from the rarest score to two of a hundred rows', () => {
    const scores = Float32Array.from({ length: 10_000 }, (_, i) => i / 100);
    const thresholds = thresholdsOf([scores.subarray(0, 4000), scores.subarray(4000)]);
    expect(thresholds[0]).toBeCloseTo(99.99, 4);
    expect(thresholds.at(-1)).toBeCloseTo(97.99, 4);
    expect(thresholdsOf([new Float32Array(100)])).toEqual([]);
  });
});

describe('faults', () => {
  const set = {
    set: 'nezha',
    part: 'd',
    name: 'pod',
    startMs: 0,
    stepMs: MINUTE_MS,
    steps: 100,
    series: ['a'],
    values: new Float64Array(100),
    rows: new Int32Array(0),
    firstRow: 0,
    judgement: { kind: 'faults', faults: [] },
  } as const;

  it('are found in ten minutes, and windows away from them tell what chance finds', () => {
    const score = new Float32Array(100);
    score[33] = 2;
    score[70] = 2;
    const faults = [
      { kind: 'cpu', startMs: 30 * MINUTE_MS },
      { kind: 'cpu', startMs: 50 * MINUTE_MS },
    ];
    const tally = tallyFaults(set, faults, score, 1);
    expect(tally.faults).toEqual(new Map([['cpu', { found: 1, of: 2 }]]));
    // Windows of eleven steps that touch neither fault nor the ten minutes behind one: 0-10, 11-21, 77-87, 88-98.
    expect(tally.control).toEqual({ found: 0, of: 4 });
    const late = tallyFaults(set, faults, score.fill(0).fill(2, 80, 81), 1);
    expect(addFaults([tally, late]).control).toEqual({ found: 1, of: 8 });
  });
});

describe('several series', () => {
  it('score as the third of them, as the last one where there are fewer, and as nothing without a sample', () => {
    expect(kthLargest(3)(Float64Array.of(1, 5, 2, Number.NaN, 4))).toBe(2);
    expect(kthLargest(3)(Float64Array.of(1, Number.NaN))).toBe(1);
    expect(kthLargest(3)(Float64Array.of(Number.NaN))).toBe(0);
  });
});
