import fc from 'fast-check';
import { expect, test } from 'vitest';
import { correct, Front, OFF, STILL, stepCorrection, TAIL, uncorrect } from '../../../src/score/tail/front.ts';

const VIEW = fc.record({
  kind: fc.constantFrom(TAIL, TAIL, TAIL, STILL, OFF),
  // Distances that double precision has no digits left for are no distances.
  centre: fc.double({ min: -5, max: 5, noNaN: true }).map((centre) => (Math.abs(centre) < 1e-200 ? 0 : centre)),
  gain: fc.double({ min: 0.1, max: 10, noNaN: true }),
  /** Gain below the centre, as a share of that above. */
  below: fc.double({ min: 0.2, max: 5, noNaN: true }),
  index: fc.double({ min: 0.05, max: 2, noNaN: true }),
});

interface View {
  readonly kind: number;
  readonly centre: number;
  readonly gain: number;
  readonly below?: number;
  readonly index: number;
  readonly stillness?: number;
}

function frontOf(views: readonly View[]): Front {
  const front = new Front([1, 1, 0.7, 0.7].slice(0, views.length));
  views.forEach((view, j) => {
    front.kind[j] = view.kind;
    front.centre[j] = view.centre;
    front.gainAbove[j] = view.gain;
    front.gainBelow[j] = view.gain * (view.below ?? 1);
    front.slope[j] = 1 / (view.index * Math.LN10);
    front.stillness[j] = view.stillness ?? view.gain;
  });
  return front;
}

const THREE = fc.tuple(VIEW, VIEW, VIEW).filter((views) => views.some(({ kind }) => kind === TAIL));
/** With that of the forecast. */
const FOUR = fc.tuple(THREE, VIEW).map(([three, forecast]) => [...three, forecast]);

test('the edges of the band are where the joined rarity reaches the edge, whatever the views', () => {
  fc.assert(
    fc.property(fc.oneof(THREE, FOUR), fc.constantFrom(1, 2.7, 6), (views, edge) => {
      const front = frontOf(views);
      front.findBand(edge);
      const { lower, upper } = front;
      expect(lower).toBeLessThanOrEqual(upper);
      if (lower === upper || !Number.isFinite(upper - lower)) return;
      const width = upper - lower;
      // A view that never moved makes the rarity jump at its centre: there the edge is reached and passed at once.
      expect(front.look(lower - 1e-9 * width)).toBeGreaterThan(0.99 * edge);
      expect(front.look(upper + 1e-9 * width)).toBeGreaterThan(0.99 * edge);
    }),
    { numRuns: 500 },
  );
});

test('nothing inside the band is rarer than its edge, where the views agree on where the middle is', () => {
  fc.assert(
    fc.property(THREE, fc.double({ min: 0, max: 1, noNaN: true }), (views, share) => {
      const front = frontOf(views.map((view) => ({ ...view, kind: TAIL, centre: view.centre / 100 })));
      front.findBand(2.7);
      const { lower, upper } = front;
      if (lower === upper) return;
      expect(front.look(lower + share * (upper - lower))).toBeLessThan(2.7 * 1.01);
    }),
  );
});

test('where every value is rare, the band is one point: what the view compares with that would still speak', () => {
  const front = frontOf([
    { kind: TAIL, centre: 0, gain: 1000, index: 0.2 },
    { kind: TAIL, centre: 100, gain: 2000, index: 0.2 },
    { kind: OFF, centre: 0, gain: 1, index: 1 },
  ]);
  front.usual.set([0, 33, 7]);
  front.findBand(2.7);
  expect([front.lower, front.upper]).toEqual([33, 33]);
});

test('views that never moved leave everything inside until stillness is evidence', () => {
  const still = (stillness: number, gain: number) =>
    frontOf([0, 0, 0].map((centre) => ({ kind: STILL, centre, gain, index: 1, stillness })));
  const young = still(2, 0);
  young.findBand(2.7);
  expect([young.lower, young.upper]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  const old = still(3.5, 0);
  old.findBand(2.7);
  expect([old.lower, old.upper]).toEqual([0, 0]);
});

test('a large move of views that never moved is rarer than a small one: there the band ends', () => {
  const still = frontOf([0, 0, 0].map((centre) => ({ kind: STILL, centre, gain: 1 / 5, index: 1, stillness: 2 })));
  still.findBand(3);
  expect(still.lower).toBe(-still.upper);
  expect(still.look(still.upper)).toBeCloseTo(3, 1);
  expect(still.look(1)).toBe(still.look(5));
  expect(still.look(5)).toBeLessThan(still.look(50));
});

test.each([
  [60_000, 50],
  [10_000, 1000],
  [300_000, 100_000],
  [3_600_000, 500],
])('corrections for a step of %i ms and %i samples have an inverse', (stepMs, samples) => {
  const by = { step: stepCorrection(stepMs), samples };
  for (const edge of [1.7, 2.7, 3.7]) {
    const joined = uncorrect(edge, by);
    expect(correct(joined * (1 + 1e-9), by)).toBeGreaterThanOrEqual(edge * (1 - 1e-6));
    expect(correct(joined * (1 - 1e-6), by)).toBeLessThan(edge);
  }
});

test('longer steps have fewer chances to be wrong, young series more', () => {
  const at = (stepMs: number, samples: number) => correct(2, { step: stepCorrection(stepMs), samples });
  expect(at(300_000, 1000)).toBeGreaterThan(at(60_000, 1000));
  expect(at(60_000, 100)).toBeLessThan(at(60_000, 1000));
});
