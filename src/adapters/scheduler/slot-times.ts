import type { Slot } from '../../ports/scheduler.ts';
import { CronTimes } from '../../rules/cron-times.ts';

/** The instants of a slot, without state: asked again after any jump of the clock, it answers the same. */
export interface SlotTimes {
  /** The first instant after `timeMs`; Infinity when there is none. */
  nextAfter(timeMs: number): number;
}

/** Two slots with the same key share their instants. */
export function timesKey(when: Slot['when']): string {
  return when.kind === 'interval'
    ? `every ${when.everyMs} ${when.phaseMs}`
    : `cron ${when.timezone} ${when.expression}`;
}

/** Throws `config_invalid` for a cron expression or time zone that does not exist. */
export function slotTimes(when: Slot['when']): SlotTimes {
  return when.kind === 'interval' ? intervalTimes(when) : new CronTimes(when.expression, when.timezone);
}

/** Aligned to the epoch plus the phase, so that a restart does not move the slots. */
function intervalTimes({ everyMs, phaseMs }: { readonly everyMs: number; readonly phaseMs: number }): SlotTimes {
  return { nextAfter: (timeMs) => (Math.floor((timeMs - phaseMs) / everyMs) + 1) * everyMs + phaseMs };
}
