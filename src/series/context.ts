import type { SeriesBlock } from './block.ts';
import type { Labels } from './labels.ts';

/**
 * The recent past of many series on one grid, a ring each. Values are kept as float32 offsets from the series' first
 * value: half the memory of float64, and exact where a series does not move. Cells are addressed by absolute step
 * (instant / step), so late samples land where they belong and nothing is copied when time moves on.
 *
 * A slot is a small integer that names a series while it lives; slots of removed series are used again.
 */
export class ContextSet {
  readonly stepMs: number;
  readonly capacitySteps: number;
  readonly #slotByKey = new Map<string, number>();
  readonly #labels: (Labels | undefined)[] = [];
  readonly #rings: (Float32Array | undefined)[] = [];
  readonly #base: number[] = [];
  /** Oldest and newest step ever written, per slot; Infinity and −Infinity before the first sample. */
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  /** Newest step that had a sample, in the window or before it; −Infinity before the first. */
  readonly #newest: number[] = [];
  readonly #free: number[] = [];
  /** Newest step the set was advanced to. */
  #endStep = Number.NEGATIVE_INFINITY;

  constructor(stepMs: number, capacitySteps: number) {
    this.stepMs = stepMs;
    this.capacitySteps = capacitySteps;
  }

  /** Newest instant the set was advanced to; undefined before the first advance. */
  get endMs(): number | undefined {
    return Number.isFinite(this.#endStep) ? this.#endStep * this.stepMs : undefined;
  }

  get size(): number {
    return this.#slotByKey.size;
  }

  /** One more than the highest slot in use: the length columns over slots need. */
  get slotCount(): number {
    return this.#labels.length;
  }

  slots(): IterableIterator<number> {
    return this.#slotByKey.values();
  }

  slotOf(labels: Labels): number | undefined {
    return this.#slotByKey.get(labels.key);
  }

  has(slot: number): boolean {
    return this.#labels[slot] !== undefined;
  }

  labelsOf(slot: number): Labels {
    return this.#labels[slot]!;
  }

  /** Instant of the newest finite sample of a slot, whether the window still holds it or not; −Infinity when it had none. */
  lastSampleMs(slot: number): number {
    return this.#newest[slot]! * this.stepMs;
  }

  /** Steps between the oldest sample of a slot and the end of the set, both counted; 0 without samples. */
  knownSteps(slot: number): number {
    const first = Math.max(this.#first[slot]!, this.#endStep - this.capacitySteps + 1);
    return Number.isFinite(first) ? this.#endStep - first + 1 : 0;
  }

  add(labels: Labels): number {
    const known = this.#slotByKey.get(labels.key);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#labels.length;
    this.#slotByKey.set(labels.key, slot);
    this.#labels[slot] = labels;
    this.#rings[slot] = undefined;
    this.#base[slot] = 0;
    this.#first[slot] = Number.POSITIVE_INFINITY;
    this.#last[slot] = Number.NEGATIVE_INFINITY;
    this.#newest[slot] = Number.NEGATIVE_INFINITY;
    return slot;
  }

  remove(slot: number): void {
    const labels = this.#labels[slot];
    if (labels === undefined) return;
    this.#slotByKey.delete(labels.key);
    this.#labels[slot] = undefined;
    this.#rings[slot] = undefined;
    this.#free.push(slot);
  }

  /** Moves the end of the set; the steps in between are missing until written. Never moves backwards. */
  advanceTo(endMs: number): void {
    this.#endStep = Math.max(this.#endStep, Math.round(endMs / this.stepMs));
  }

  /**
   * Writes a run of samples that starts at an instant. NaN leaves a cell as it is, cells outside the window are dropped.
   * Up to `keepToMs` only missing cells are filled: a late sample lands there, what is known already stays.
   */
  write(slot: number, run: SampleRun, keepToMs = Number.NEGATIVE_INFINITY): void {
    const startStep = Math.round(run.startMs / this.stepMs);
    const keepToStep = Math.round(keepToMs / this.stepMs);
    const oldest = this.#endStep - this.capacitySteps + 1;
    const count = Math.min(run.count, this.#endStep - startStep + 1);
    this.#seeNewest(slot, startStep, run, count);
    for (let i = Math.max(0, oldest - startStep); i < count; i++) {
      const step = startStep + i;
      const value = run.values[run.from + i]!;
      if (!Number.isFinite(value)) continue;
      if (step <= keepToStep && Number.isFinite(this.#read(slot, step))) continue;
      this.#writeCell(slot, step, value);
    }
  }

  #seeNewest(slot: number, startStep: number, { values, from }: SampleRun, count: number): void {
    for (let i = count - 1; i >= 0 && startStep + i > this.#newest[slot]!; i--)
      if (Number.isFinite(values[from + i]!)) this.#newest[slot] = startStep + i;
  }

  /** Puts another value where a sample is, for contexts that must not learn from it. */
  replace(slot: number, timeMs: number, value: number): void {
    const step = Math.round(timeMs / this.stepMs);
    if (Number.isFinite(this.#read(slot, step))) this.#writeCell(slot, step, value);
  }

  #writeCell(slot: number, step: number, value: number): void {
    let ring = this.#rings[slot];
    if (ring === undefined) {
      // Not filled with NaN: pages of steps that never had a sample are never touched and cost no memory. Reads stay
      // between first and last, and the holes inside are made below.
      ring = new Float32Array(this.capacitySteps);
      this.#rings[slot] = ring;
      this.#base[slot] = value;
      this.#first[slot] = step;
      this.#last[slot] = step;
    } else if (step > this.#last[slot]!) {
      this.#fillHole(ring, Math.max(this.#last[slot]! + 1, step - this.capacitySteps + 1), step);
      this.#last[slot] = step;
    } else if (step < this.#first[slot]!) {
      this.#fillHole(ring, step + 1, this.#first[slot]!);
      this.#first[slot] = step;
    }
    ring[step % this.capacitySteps] = value - this.#base[slot]!;
  }

  #fillHole(ring: Float32Array, fromStep: number, toStep: number): void {
    for (let step = fromStep; step < toStep; step++) ring[step % this.capacitySteps] = Number.NaN;
  }

  /** The sample of a slot at an instant; NaN when it is missing or outside the window. */
  at(slot: number, timeMs: number): number {
    return this.#read(slot, Math.round(timeMs / this.stepMs));
  }

  #read(slot: number, step: number): number {
    const ring = this.#rings[slot];
    const isKnown =
      step <= this.#last[slot]! && step >= this.#first[slot]! && step > this.#endStep - this.capacitySteps;
    return ring !== undefined && isKnown ? this.#base[slot]! + ring[step % this.capacitySteps]! : Number.NaN;
  }

  /** Contexts of some slots, all ending at `endMs`, `steps` long, as a block in the order of `slots`. */
  block(slots: readonly number[], endMs: number, steps: number): SeriesBlock {
    const values = new Float64Array(slots.length * steps);
    const endStep = Math.round(endMs / this.stepMs);
    const startStep = endStep - steps + 1;
    for (let s = 0; s < slots.length; s++) this.#copy(slots[s]!, startStep, steps, values, s * steps);
    return {
      labels: slots.map((slot) => this.#labels[slot]!),
      grid: { startMs: startStep * this.stepMs, stepMs: this.stepMs, steps },
      values,
    };
  }

  #copy(slot: number, startStep: number, steps: number, target: Float64Array, at: number): void {
    const ring = this.#rings[slot];
    const from = Math.max(startStep, this.#first[slot]!, this.#endStep - this.capacitySteps + 1);
    const to = Math.min(startStep + steps - 1, this.#last[slot]!);
    if (ring === undefined || to < from) {
      target.fill(Number.NaN, at, at + steps);
      return;
    }
    target.fill(Number.NaN, at, at + from - startStep);
    target.fill(Number.NaN, at + to - startStep + 1, at + steps);
    const base = this.#base[slot]!;
    const capacity = this.capacitySteps;
    let cell = from % capacity;
    for (let i = at + from - startStep, end = at + to - startStep; i <= end; i++) {
      target[i] = base + ring[cell]!;
      if (++cell === capacity) cell = 0;
    }
  }

  /** Bytes held in rings. */
  get bytes(): number {
    let bytes = 0;
    for (const slot of this.#slotByKey.values()) bytes += this.#rings[slot]?.byteLength ?? 0;
    return bytes;
  }

  /** A slot's samples from the oldest to the newest in the window, as a snapshot keeps them. */
  exportRing(slot: number): RingMemory | undefined {
    const ring = this.#rings[slot];
    const firstStep = Math.max(this.#first[slot]!, this.#endStep - this.capacitySteps + 1);
    const lastStep = this.#last[slot]!;
    if (ring === undefined || lastStep < firstStep) return undefined;
    const offsets = new Float32Array(lastStep - firstStep + 1);
    for (let i = 0; i < offsets.length; i++) offsets[i] = ring[(firstStep + i) % this.capacitySteps]!;
    return { startMs: firstStep * this.stepMs, base: this.#base[slot]!, offsets };
  }

  importRing(slot: number, memory: RingMemory): void {
    const ring = new Float32Array(this.capacitySteps);
    const firstStep = Math.round(memory.startMs / this.stepMs);
    for (let i = 0; i < memory.offsets.length; i++) ring[(firstStep + i) % this.capacitySteps] = memory.offsets[i]!;
    this.#rings[slot] = ring;
    this.#base[slot] = memory.base;
    this.#first[slot] = firstStep;
    this.#last[slot] = firstStep + memory.offsets.length - 1;
    this.#newest[slot] = this.#last[slot]!;
  }
}

/** `count` values from `values[from]` on, one a step from `startMs`. */
export interface SampleRun {
  readonly startMs: number;
  readonly values: Float64Array;
  readonly from: number;
  readonly count: number;
}

/** Samples of one series as offsets from `base`, one a step from `startMs`; NaN is missing. At most a window long. */
export interface RingMemory {
  readonly startMs: number;
  readonly base: number;
  readonly offsets: Float32Array;
}
