/** A bucket of tokens: one comes each interval, at most `burst` are kept, a request takes one. */
export class RateLimit {
  readonly #nowMs: () => number;
  #tokens = 0;
  #filledMs: number | undefined;

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  take(intervalMs: number, burst: number): boolean {
    const nowMs = this.#nowMs();
    const grown = this.#filledMs === undefined ? burst : (nowMs - this.#filledMs) / intervalMs;
    this.#tokens = Math.min(burst, this.#tokens + grown);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
