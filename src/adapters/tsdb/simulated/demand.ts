const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** The epoch began on a Thursday; the table begins on a Monday. */
const EPOCH_IN_WEEK_MS = 3 * 24 * HOUR_MS;
const SLOT_MS = 300_000;
const SLOTS = WEEK_MS / SLOT_MS;

/** Share of the peak that is there in the dead of night. */
const NIGHT = 0.2;
const WEEKDAY_HUMPS = [
  { hour: 12.8, width: 3.3, height: 0.9 },
  { hour: 20.2, width: 2.1, height: 0.85 },
] as const;
const WEEKEND_HUMPS = [
  { hour: 14.8, width: 4.2, height: 0.74 },
  { hour: 20.8, width: 2.2, height: 0.4 },
] as const;

/**
 * How busy the shop is on average at an instant of the week (UTC): about 1 at the busiest minute, linear between the
 * five-minute points of the table.
 */
export function demandAt(timeMs: number): number {
  const position = (timeMs + EPOCH_IN_WEEK_MS) / SLOT_MS;
  const slot = Math.floor(position);
  const index = ((slot % SLOTS) + SLOTS) % SLOTS;
  const left = WEEK[index]!;
  return left + (WEEK[index + 1]! - left) * (position - slot);
}

/** One entry more than there are slots: the first again, so that the last has a neighbour. */
const WEEK = Float64Array.from({ length: SLOTS + 1 }, (_, slot) => meanDemand(((slot % SLOTS) * SLOT_MS) / HOUR_MS));

function meanDemand(hourOfWeek: number): number {
  const hour = hourOfWeek % 24;
  const weekend = weekendShare(hourOfWeek);
  return NIGHT + (1 - NIGHT) * ((1 - weekend) * humps(WEEKDAY_HUMPS, hour) + weekend * humps(WEEKEND_HUMPS, hour));
}

/** Passes from 0 to 1 in the night to Saturday and back in the night to Monday. */
function weekendShare(hourOfWeek: number): number {
  const into = ease((hourOfWeek - (4 * 24 + 21)) / 9);
  const out = ease((hourOfWeek - (6 * 24 + 21)) / 9);
  const fromLastWeek = 1 - ease((hourOfWeek + 3) / 9);
  return into - out + fromLastWeek;
}

function ease(x: number): number {
  const f = Math.min(1, Math.max(0, x));
  return f * f * (3 - 2 * f);
}

function humps(list: readonly { hour: number; width: number; height: number }[], hour: number): number {
  let sum = 0;
  for (const hump of list) {
    const apart = Math.abs(hour - hump.hour);
    const distance = Math.min(apart, 24 - apart) / hump.width;
    sum += hump.height * Math.exp(-0.5 * distance * distance);
  }
  return sum;
}
