/** Samples of a decoded request as columns; cleared and filled again for the next one. */
export class DecodedSamples {
  /** What the series of each sample is known by, never 0. */
  marks = new Int32Array(1024);
  timestampsMs = new Float64Array(1024);
  /** NaN is no sample: a stale marker, or a value that is not a number. */
  values = new Float64Array(1024);
  count = 0;
  /** Samples in the request, those of no interest included. */
  total = 0;

  clear(): void {
    this.count = 0;
    this.total = 0;
  }

  push(mark: number, timestampMs: number, value: number): void {
    if (this.count === this.marks.length) this.#grow();
    const at = this.count++;
    this.marks[at] = mark;
    this.timestampsMs[at] = timestampMs;
    this.values[at] = value;
  }

  #grow(): void {
    const length = this.marks.length * 2;
    const [marks, timestampsMs, values] = [new Int32Array(length), new Float64Array(length), new Float64Array(length)];
    marks.set(this.marks);
    timestampsMs.set(this.timestampsMs);
    values.set(this.values);
    Object.assign(this, { marks, timestampsMs, values });
  }
}
