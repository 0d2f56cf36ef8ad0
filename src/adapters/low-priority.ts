import { getPriority, setPriority } from 'node:os';

/** Niceness of threads that others must not wait for. */
export const LOW_PRIORITY = 10;

/**
 * Puts the thread that asks behind the one that serves, where cores are few. Linux keeps a niceness for each thread; elsewhere
 * it would be the whole process. A process that was started with less priority stays as it is: going up is for root alone.
 */
export function lowerPriority(): void {
  if (process.platform === 'linux' && getPriority() < LOW_PRIORITY) setPriority(LOW_PRIORITY);
}
