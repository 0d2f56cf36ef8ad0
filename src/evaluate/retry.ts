/** Schedules of forecasts may be a day apart. */
const LONGEST_WAIT_MS = 900_000;

/**
 * When a forecast that failed, or had no series to forecast, is tried again: after one interval, with its evaluation where there is one, then after two more, four, … One
 * that fails since there is too much to do must not add to it.
 */
export class Retry {
  #times = 0;
  #dueMs = Number.POSITIVE_INFINITY;

  isDue(timestampMs: number): boolean {
    return timestampMs >= this.#dueMs;
  }

  /** What is under way is not tried once more beside it. */
  begin(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  putOff(timestampMs: number, intervalMs: number): void {
    this.#dueMs = timestampMs + Math.min(intervalMs * 2 ** this.#times, LONGEST_WAIT_MS);
    this.#times++;
  }

  pass(): void {
    this.#times = 0;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
