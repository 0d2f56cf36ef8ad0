import { OpenAnomalyError } from '../../../errors.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../forecast/quantile.ts';
import { FeatureBuilder, type PastWindow, USED_PERIODS } from './features.ts';
import { type ModelManifest, PATCH_STEPS } from './manifest.ts';
import type { ModelFiles } from './model-files.ts';
import { fromUnits, type Scaling } from './scaling.ts';
import type { ModelSession, OpenSession } from './session.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** Windows in one run: beyond this many hardly anything gets faster, while the runtime keeps the memory of its largest run. */
const RUN_WINDOWS = 16;

/** Windows that go through the network together. */
interface Run {
  readonly indexes: readonly number[];
  readonly merge: boolean;
  readonly horizonSteps: number;
}

/** Takes the rows of one window: horizon × levels, ascending. They are overwritten after the call. */
export type TakeRows = (index: number, rows: Float64Array) => void;

/** A patch model ready to run: features, network, and back to values. One thread's affair. */
export class PatchModel {
  readonly manifest: ModelManifest;
  readonly #session: ModelSession;
  readonly #features: FeatureBuilder;
  #input = new Float32Array(0);
  #rows = new Float64Array(0);

  private constructor(manifest: ModelManifest, session: ModelSession) {
    this.manifest = manifest;
    this.#session = session;
    this.#features = new FeatureBuilder(manifest);
  }

  /** Opens the network and runs it each way it can be: the next run is a warm one, and a network of another shape is found out. */
  static async open(files: ModelFiles, openSession: OpenSession): Promise<PatchModel> {
    const { manifest } = files;
    const model = new PatchModel(manifest, await openSession(files));
    const trial = new Float32Array(model.#features.length(1));
    for (const merge of manifest.pooling === undefined ? [false] : [false, true]) {
      const { length } = await model.#session.run(trial, 1, merge);
      if (length === PATCH_STEPS * LEVELS) continue;
      const what = `model ${manifest.id} answers ${length} numbers for a patch, not ${PATCH_STEPS * LEVELS}`;
      throw new OpenAnomalyError('engine_unavailable', `${what}: its file and its manifest do not belong together`);
    }
    return model;
  }

  /** Steps of a past that the model sees one by one. */
  get contextSteps(): number {
    return this.manifest.contextPatches * PATCH_STEPS;
  }

  /**
   * Forecasts each window `horizonSteps` ahead, some at a time, and hands out their rows in no particular order. Horizons
   * beyond what one run answers are made in blocks: the median of a block is the past of the next, whose levels are no nearer to
   * their median than those at the end of the block before, since what was guessed is not known.
   */
  async forecast(windows: readonly PastWindow[], horizonSteps: number, take: TakeRows): Promise<void> {
    const blockSteps = this.manifest.mostHorizonPatches * PATCH_STEPS;
    if (horizonSteps <= blockSteps) {
      await this.#forecastBlock(windows, horizonSteps, take);
      return;
    }
    for (const [index, window] of windows.entries()) take(index, await this.#forecastFar(window, horizonSteps));
  }

  async #forecastBlock(windows: readonly PastWindow[], horizonSteps: number, take: TakeRows): Promise<void> {
    if (this.#rows.length !== horizonSteps * LEVELS) this.#rows = new Float64Array(horizonSteps * LEVELS);
    const merges = windows.map(({ periods }) => this.#merges(periods));
    for (const merge of [false, true]) {
      const indexes = [...windows.keys()].filter((index) => merges[index] === merge);
      for (let from = 0; from < indexes.length; from += RUN_WINDOWS) {
        await this.#run(windows, { indexes: indexes.slice(from, from + RUN_WINDOWS), merge, horizonSteps }, take);
      }
    }
  }

  /** Whether the oldest patches tell too little to go through the network one by one: no period reaches back to them. */
  #merges(periods: readonly number[]): boolean {
    const { pooling, contextPatches } = this.manifest;
    if (pooling === undefined) return false;
    const newestSteps = (contextPatches - pooling.patches) * PATCH_STEPS;
    return periods.slice(0, USED_PERIODS).every((period) => period <= newestSteps);
  }

  async #run(windows: readonly PastWindow[], { indexes, merge, horizonSteps }: Run, take: TakeRows): Promise<void> {
    const patches = Math.ceil(horizonSteps / PATCH_STEPS);
    const length = this.#features.length(patches);
    const count = indexes.length;
    if (this.#input.length < count * length) this.#input = new Float32Array(count * length);
    const input = this.#input.subarray(0, count * length);
    const scalings = indexes.map((index, i) =>
      this.#features.fill(windows[index]!, input.subarray(i * length, (i + 1) * length)),
    );
    const output = await this.#session.run(input, count, merge);
    indexes.forEach((index, i) => {
      fillRows(output.subarray(i * patches * PATCH_STEPS * LEVELS), scalings[i]!, this.#rows);
      take(index, this.#rows);
    });
  }

  async #forecastFar({ values, periods }: PastWindow, horizonSteps: number): Promise<Float64Array> {
    const rows = new Float64Array(horizonSteps * LEVELS);
    const blockSteps = this.manifest.mostHorizonPatches * PATCH_STEPS;
    const past = new Float64Array(values.length + horizonSteps);
    past.set(values);
    for (let step = 0; step < horizonSteps; step += blockSteps) {
      const steps = Math.min(blockSteps, horizonSteps - step);
      const window = { values: past.subarray(0, values.length + step), periods };
      await this.#forecastBlock([window], steps, (_, block) => rows.set(block, step * LEVELS));
      if (step > 0) keepWidth(rows, step, steps);
      for (let i = 0; i < steps; i++) past[values.length + step + i] = rows[(step + i) * LEVELS + MEDIAN_INDEX]!;
    }
    return rows;
  }
}

/** From the network's units to values: levels ascend, and nothing lies beyond what the units can say. */
function fillRows(output: Float32Array, scaling: Scaling, rows: Float64Array): void {
  for (let at = 0; at < rows.length; at += LEVELS) {
    for (let level = 0; level < LEVELS; level++) {
      // Sorted by insertion: the levels of a trained network are in order but for a few.
      const units = output[at + level]!;
      let place = at + level;
      while (place > at && rows[place - 1]! > units) {
        rows[place] = rows[place - 1]!;
        place--;
      }
      rows[place] = units;
    }
    for (let level = 0; level < LEVELS; level++) rows[at + level] = fromUnits(rows[at + level]!, scaling);
  }
}

/** Moves the levels of a block away from its median to where they were, on average, over the last patch before it. */
function keepWidth(rows: Float64Array, firstStep: number, steps: number): void {
  for (let level = 0; level < LEVELS; level++) {
    let sum = 0;
    for (let i = 1; i <= PATCH_STEPS; i++) {
      const row = (firstStep - i) * LEVELS;
      sum += rows[row + level]! - rows[row + MEDIAN_INDEX]!;
    }
    const least = sum / PATCH_STEPS;
    for (let i = 0; i < steps; i++) {
      const row = (firstStep + i) * LEVELS;
      const outermost = rows[row + MEDIAN_INDEX]! + least;
      if (level < MEDIAN_INDEX) rows[row + level] = Math.min(rows[row + level]!, outermost);
      else if (level > MEDIAN_INDEX) rows[row + level] = Math.max(rows[row + level]!, outermost);
    }
  }
}
