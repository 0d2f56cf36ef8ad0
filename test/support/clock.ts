import type { Clock } from '../../src/ports/clock.ts';

/** A clock that stands still until told. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Any instant, earlier ones too: wall clocks are set back now and then. */
  setTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}
