import { gauss, mix, NATIVE_STEP_MS, uniform } from './noise.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Day 6 of the epoch was a Wednesday. */
const WEDNESDAY = 6;

/** Instances are replaced one after the other, this far apart. */
export const ROLLOUT_STEP_MS = 40_000;

/** A version of a service, from its deploy to the next one. */
export interface Release {
  readonly startMs: number;
  /** Start of the next release. */
  readonly endMs: number;
  /** How its cost compares with that of an ordinary release. */
  readonly latencyFactor: number;
  readonly cpuFactor: number;
}

/** The release that runs at an instant. The key belongs to the service. */
export function releaseAt(key: number, timeMs: number): Release {
  const day = Math.floor(timeMs / DAY_MS);
  // Wednesdays never pass without a deploy, so that a week each way is enough.
  const deploys: number[] = [];
  for (let d = day - 7; d <= day + 7; d++) deploys.push(...deploysOfDay(key, d));
  const next = deploys.findIndex((deployMs) => deployMs > timeMs);
  const startMs = deploys[next - 1]!;
  const version = mix(key, startMs / NATIVE_STEP_MS);
  return {
    startMs,
    endMs: deploys[next]!,
    latencyFactor: Math.exp(0.1 * gauss(version, 1)),
    cpuFactor: Math.exp(0.08 * gauss(version, 2)),
  };
}

/** Deploys in working hours (UTC), at most two a day: now and then the second one mends the first. */
function deploysOfDay(key: number, day: number): number[] {
  const weekday = (((day - WEDNESDAY) % 7) + 7) % 7;
  if (weekday === 3 || weekday === 4) return [];
  if (weekday !== 0 && uniform(key, day * 4) > 0.5) return [];
  const first = snap(day * DAY_MS + (8.5 + 6 * uniform(key, day * 4 + 1)) * HOUR_MS);
  if (uniform(key, day * 4 + 2) > 0.15) return [first];
  return [first, snap(first + (0.5 + uniform(key, day * 4 + 3)) * HOUR_MS)];
}

function snap(timeMs: number): number {
  return Math.floor(timeMs / NATIVE_STEP_MS) * NATIVE_STEP_MS;
}
