/** Falling scores that are remembered at once. With four, restless series lost an opening in twenty; with eight, next to none. */
const DEPTH = 8;

/**
 * The largest of each slot's last scores, over a window of samples. Only scores that no later one has beaten are kept,
 * falling from the oldest to the newest. Where there are more of them than places, the newest joins the one before it
 * and keeps its height longer: the memory then errs towards a larger past, which keeps quiet.
 */
export class RecentPeaks {
  #score = new Float32Array(0);
  /** Number of the sample that set it. */
  #at = new Uint32Array(0);
  #count = new Uint8Array(0);

  grow(slots: number): void {
    if (slots <= this.#count.length) return;
    this.#score = grown(this.#score, new Float32Array(slots * DEPTH));
    this.#at = grown(this.#at, new Uint32Array(slots * DEPTH));
    this.#count = grown(this.#count, new Uint8Array(slots));
  }

  clear(slot: number): void {
    this.#count[slot] = 0;
  }

  /** Remembers the score of sample number `at`; numbers ascend. */
  push(slot: number, at: number, score: number): void {
    const from = slot * DEPTH;
    let count = this.#count[slot]!;
    while (count > 0 && this.#score[from + count - 1]! <= score) count--;
    if (count === DEPTH) {
      this.#at[from + count - 1] = at;
    } else {
      this.#score[from + count] = score;
      this.#at[from + count] = at;
      count++;
    }
    this.#count[slot] = count;
  }

  /** The largest score of the samples from number `oldest` on; 0 when none is remembered. */
  largest(slot: number, oldest: number): number {
    const from = slot * DEPTH;
    const count = this.#count[slot]!;
    let gone = 0;
    while (gone < count && this.#at[from + gone]! < oldest) gone++;
    if (gone > 0) {
      this.#score.copyWithin(from, from + gone, from + count);
      this.#at.copyWithin(from, from + gone, from + count);
      this.#count[slot] = count - gone;
    }
    return count > gone ? this.#score[from]! : 0;
  }

  /** Age in samples before number `now`, and score, of what is remembered; oldest first. */
  export(slot: number, now: number): [number, number][] {
    return Array.from({ length: this.#count[slot]! }, (_, i) => [
      now - this.#at[slot * DEPTH + i]!,
      this.#score[slot * DEPTH + i]!,
    ]);
  }

  get bytes(): number {
    return this.#score.byteLength + this.#at.byteLength + this.#count.byteLength;
  }
}

/** `target` with the content of `before` at its start. */
export function grown<T extends Float32Array | Float64Array | Uint32Array | Uint8Array | Int8Array>(
  before: T,
  target: T,
): T {
  target.set(before);
  return target;
}
