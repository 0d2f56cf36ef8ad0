import { BOUNDS, type CalendarMemory, type CalendarShape } from './shape.ts';

/** Samples of a stretch; a bound must show in this one or the one before. */
const STRETCH = 1500;
/** Share of the samples that lie exactly on the lowest (highest) value, from which on it counts as a bound. */
const BOUND_SHARE = 0.05;
/** Samples from which on a young series may show one. */
const LEAST_SAMPLES = 20;

/** Keeps the extremes of the present stretch, and how many samples lie on them. */
export function learnBounds(shape: CalendarShape, { f32 }: CalendarMemory, value: number): void {
  const at = shape.bounds;
  const rounded = Math.fround(value);
  if (f32[at + BOUNDS.count]! >= STRETCH) {
    f32.copyWithin(at + BOUNDS.lastCount, at + BOUNDS.count, at + BOUNDS.lastCount);
    f32[at + BOUNDS.count] = 0;
  }
  if (f32[at + BOUNDS.count] === 0) {
    f32[at + BOUNDS.low] = rounded;
    f32[at + BOUNDS.high] = rounded;
    f32[at + BOUNDS.lowCount] = 0;
    f32[at + BOUNDS.highCount] = 0;
  }
  f32[at + BOUNDS.count]! += 1;
  if (rounded < f32[at + BOUNDS.low]!) {
    f32[at + BOUNDS.low] = rounded;
    f32[at + BOUNDS.lowCount] = 0;
  }
  if (rounded > f32[at + BOUNDS.high]!) {
    f32[at + BOUNDS.high] = rounded;
    f32[at + BOUNDS.highCount] = 0;
  }
  if (rounded === f32[at + BOUNDS.low]) f32[at + BOUNDS.lowCount]! += 1;
  if (rounded === f32[at + BOUNDS.high]) f32[at + BOUNDS.highCount]! += 1;
}

/** The values on which the series visibly rests (counts that are often zero); infinite where there is none. */
export function boundsOf(
  shape: CalendarShape,
  { f32 }: CalendarMemory,
): { readonly low: number; readonly high: number } {
  const field = (name: keyof typeof BOUNDS) => f32[shape.bounds + BOUNDS[name]]!;
  const count = field('count') + field('lastCount');
  const hasLast = field('lastCount') > 0;
  const low = hasLast ? Math.min(field('low'), field('lastLow')) : field('low');
  const high = hasLast ? Math.max(field('high'), field('lastHigh')) : field('high');
  const onLow =
    (field('low') === low ? field('lowCount') : 0) + (hasLast && field('lastLow') === low ? field('lastLowCount') : 0);
  const onHigh =
    (field('high') === high ? field('highCount') : 0) +
    (hasLast && field('lastHigh') === high ? field('lastHighCount') : 0);
  const isBound = (on: number) => low < high && count >= LEAST_SAMPLES && on >= BOUND_SHARE * count;
  return {
    low: isBound(onLow) ? low : Number.NEGATIVE_INFINITY,
    high: isBound(onHigh) ? high : Number.POSITIVE_INFINITY,
  };
}
