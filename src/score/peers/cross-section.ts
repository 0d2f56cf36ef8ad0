/**
 * Median, and median distance from it, of all members but one, for every member of a group at one instant. What is said
 * of a member never depends on its own sample, so that its band is known without it.
 */
export class CrossSection {
  /** Median of the others, one a member. */
  centre = new Float64Array(0);
  /** Median distance of the others from that median. */
  spread = new Float64Array(0);
  #sorted = new Float64Array(0);
  #distances = new Float64Array(0);

  /** Looks at the first `count` values, all finite, of two members at least. */
  take(values: Float64Array, count: number): void {
    if (this.centre.length < count) {
      this.centre = new Float64Array(count);
      this.spread = new Float64Array(count);
      this.#sorted = new Float64Array(count);
      this.#distances = new Float64Array(count);
    }
    const sorted = this.#sorted.subarray(0, count);
    sorted.set(values.subarray(0, count));
    sorted.sort();
    for (let i = 0; i < count; i++) {
      this.centre[i] = medianWithout(sorted, values[i]!);
      this.spread[i] = Number.NaN;
    }
    // The median of the others takes three values at most, by the side on which the one left out lies.
    for (let i = 0; i < count; i++)
      if (Number.isNaN(this.spread[i]!)) this.#spreadAround(this.centre[i]!, values, count);
  }

  #spreadAround(centre: number, values: Float64Array, count: number): void {
    const distances = this.#distances.subarray(0, count);
    for (let i = 0; i < count; i++) distances[i] = Math.abs(values[i]! - centre);
    distances.sort();
    for (let i = 0; i < count; i++)
      if (this.centre[i] === centre) this.spread[i] = medianWithout(distances, Math.abs(values[i]! - centre));
  }
}

/** Median of ascending values without one that is among them. */
function medianWithout(sorted: Float64Array, value: number): number {
  const gone = placeOf(sorted, value);
  const rest = sorted.length - 1;
  const at = (k: number) => sorted[k < gone ? k : k + 1]!;
  const upper = at(rest >> 1);
  return rest % 2 === 1 ? upper : at((rest >> 1) - 1) / 2 + upper / 2;
}

function placeOf(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
