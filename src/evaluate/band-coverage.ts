/** Samples per series over which the mean is taken. */
const WINDOW = 1000;

/** Which share of the newest samples lay inside the band: an exponential mean, young at first. */
export class BandCoverage {
  #share = 0;
  #weight = 0;

  /** Undefined before the first sample. */
  get share(): number | undefined {
    return this.#weight > 0 ? this.#share : undefined;
  }

  /** Of `scored` samples of so many members `inside` lay inside the band. */
  learn(inside: number, scored: number, members: number): void {
    if (scored === 0) return;
    const keep = (1 - 1 / WINDOW) ** (scored / Math.max(members, 1));
    const weight = keep * this.#weight + (1 - keep);
    this.#share = (keep * this.#weight * this.#share + (1 - keep) * (inside / scored)) / weight;
    this.#weight = weight;
  }
}
