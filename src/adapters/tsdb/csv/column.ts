import type { Grid } from '../../../series/grid.ts';
import type { Labels } from '../../../series/labels.ts';

/** The samples of one series, in the order of the file until `settle`, then rising in time. */
export class Column {
  readonly labels: Labels;
  #times = new Float64Array(256);
  #values = new Float64Array(256);
  #count = 0;
  #backward = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  get samples(): number {
    return this.#count;
  }

  append(timeMs: number, value: number): void {
    if (this.#count === this.#times.length) {
      this.#times = grown(this.#times);
      this.#values = grown(this.#values);
    }
    if (this.#count > 0 && timeMs < this.#times[this.#count - 1]!) this.#backward++;
    this.#times[this.#count] = timeMs;
    this.#values[this.#count++] = value;
  }

  /**
   * Puts the samples in order, keeps the last of those with one timestamp, and gives spare memory back. Answers how
   * many samples stood before an older one's place, and how many were replaced.
   */
  settle(): { readonly backward: number; readonly replaced: number } {
    let times = this.#times.subarray(0, this.#count);
    let values = this.#values.subarray(0, this.#count);
    if (this.#backward > 0) {
      const unsorted = times;
      // Stable, so that of equal timestamps the one that came last stays last.
      const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => unsorted[a]! - unsorted[b]! || a - b);
      times = Float64Array.from(order, (i) => this.#times[i]!);
      values = Float64Array.from(order, (i) => this.#values[i]!);
    }
    let kept = 0;
    for (let i = 0; i < times.length; i++) {
      if (kept > 0 && times[kept - 1] === times[i]) kept--;
      times[kept] = times[i]!;
      values[kept++] = values[i]!;
    }
    const summary = { backward: this.#backward, replaced: this.#count - kept };
    this.#times = times.slice(0, kept);
    this.#values = values.slice(0, kept);
    this.#count = kept;
    this.#backward = 0;
    return summary;
  }

  /** Whether a sample lies in (fromMs, toMs]. */
  hasBetween(fromMs: number, toMs: number): boolean {
    const at = this.#firstAfter(fromMs);
    return at < this.#count && this.#times[at]! <= toMs;
  }

  /** The newest sample in (instant − step, instant] of each instant of the grid; instants without one are left alone. */
  writeOnto(grid: Grid, row: Float64Array): void {
    let at = this.#firstAfter(grid.startMs - grid.stepMs);
    for (; at < this.#count; at++) {
      const step = Math.ceil((this.#times[at]! - grid.startMs) / grid.stepMs);
      if (step >= grid.steps) return;
      row[step] = this.#values[at]!;
    }
  }

  #firstAfter(timeMs: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle]! <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function grown(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
