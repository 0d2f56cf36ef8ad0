import { fillTemplate, fillTemplateSpread } from '../../../forecast/template.ts';
import { asinh } from './asinh.ts';
import { CHANNELS, type ModelManifest, PATCH_STEPS } from './manifest.ts';
import { type Scaling, scalingOf, toUnits } from './scaling.ts';

/** Of the periods of a series, how many have a template. */
export const USED_PERIODS = 2;

/** What a model is asked about: the past of a series up to an instant. */
export interface PastWindow {
  /** NaN is a missing sample. All of it counts: templates and coarse tokens look back beyond the context tokens. */
  readonly values: Float64Array;
  /** Periods in steps, best first; `USED_PERIODS` of them are used. */
  readonly periods: readonly number[];
}

/** Numbers in a token: for each channel one of every step. */
const TOKEN = CHANNELS * PATCH_STEPS;

/** Steps of a patch are a power of two: where a step lies is found without a division. */
const PATCH_BITS = Math.log2(PATCH_STEPS);

/** Channels of context and horizon tokens. Horizon tokens have no value, but templates that go on. */
const VALUE = 0;
const OBSERVED = 1;
const TEMPLATE = 2;
const HAS_TEMPLATE = 3;
const SPREAD = 4;
const SECOND_TEMPLATE = 5;
const HAS_SECOND_TEMPLATE = 6;
/** Channels of coarse tokens, which tell of bins instead of steps. */
const LOWEST = 2;
const HIGHEST = 3;

/**
 * Builds what a patch model reads of a series, float32: coarse tokens, context tokens, horizon tokens. It keeps its
 * scratch columns, so one builder serves one thread.
 */
export class FeatureBuilder {
  readonly #manifest: ModelManifest;
  #template = new Float64Array(0);
  #spread = new Float64Array(0);

  constructor(manifest: ModelManifest) {
    this.#manifest = manifest;
  }

  /** Length of the features of one series. */
  length(horizonPatches: number): number {
    const { coarseTokens, contextPatches } = this.#manifest;
    return (coarseTokens + contextPatches + horizonPatches) * TOKEN;
  }

  /** Writes the features of a series into the whole of `target`, and answers how to read the model's units. */
  fill(past: PastWindow, target: Float32Array): Scaling {
    const { coarseTokens, contextPatches } = this.#manifest;
    const { values, periods } = past;
    target.fill(0);
    const contextSteps = contextPatches * PATCH_STEPS;
    const context = values.subarray(Math.max(0, values.length - contextSteps));
    const scaling = scalingOf(context);
    const fine = target.subarray(coarseTokens * TOKEN);
    const offset = contextSteps - context.length;
    for (let i = 0; i < context.length; i++) {
      const value = context[i]!;
      if (Number.isNaN(value)) continue;
      const cell = cellOf(offset + i);
      fine[cell + VALUE * PATCH_STEPS] = toUnits(value, scaling);
      fine[cell + OBSERVED * PATCH_STEPS] = 1;
    }
    const steps = (fine.length / TOKEN) * PATCH_STEPS;
    const from = values.length - contextSteps;
    if (periods[0] !== undefined) this.#fillFirst(values, periods[0], { from, steps, scaling }, fine);
    if (periods[1] !== undefined) this.#fillSecond(values, periods[1], { from, steps, scaling }, fine);
    if (coarseTokens > 0) this.#fillCoarse(values.subarray(0, Math.max(0, from)), scaling, target);
    return scaling;
  }

  #fillFirst(values: Float64Array, period: number, at: TemplateRange, fine: Float32Array): void {
    const template = this.#templateColumn(at.steps);
    fillTemplate(values, period, at.from, template);
    fillTemplateChannel(template, at.scaling, fine, { value: TEMPLATE, exists: HAS_TEMPLATE });
    if (this.#spread.length < at.steps) this.#spread = new Float64Array(at.steps);
    const spread = this.#spread.subarray(0, at.steps);
    fillTemplateSpread(values, period, { from: at.from, template }, spread);
    for (let i = 0; i < at.steps; i++) {
      if (spread[i]! > 0) fine[cellOf(i) + SPREAD * PATCH_STEPS] = asinh(spread[i]! / at.scaling.scale);
    }
  }

  #fillSecond(values: Float64Array, period: number, at: TemplateRange, fine: Float32Array): void {
    const template = this.#templateColumn(at.steps);
    fillTemplate(values, period, at.from, template);
    fillTemplateChannel(template, at.scaling, fine, { value: SECOND_TEMPLATE, exists: HAS_SECOND_TEMPLATE });
  }

  #templateColumn(steps: number): Float64Array {
    if (this.#template.length < steps) this.#template = new Float64Array(steps);
    return this.#template.subarray(0, steps);
  }

  /** `older`: everything before the context. */
  #fillCoarse(older: Float64Array, scaling: Scaling, target: Float32Array): void {
    const { coarseTokens, coarseBinSteps } = this.#manifest;
    const bins = coarseTokens * PATCH_STEPS;
    for (let bin = 0; bin < bins; bin++) {
      const start = older.length - (bins - bin) * coarseBinSteps;
      if (start + coarseBinSteps <= 0) continue;
      const sum = sumUp(older, Math.max(0, start), start + coarseBinSteps);
      if (sum === undefined) continue;
      const cell = cellOf(bin);
      target[cell + VALUE * PATCH_STEPS] = toUnits(sum.mean, scaling);
      target[cell + OBSERVED * PATCH_STEPS] = 1;
      target[cell + LOWEST * PATCH_STEPS] = toUnits(sum.lowest, scaling);
      target[cell + HIGHEST * PATCH_STEPS] = toUnits(sum.highest, scaling);
      target[cell + SPREAD * PATCH_STEPS] = asinh(sum.spread / scaling.scale);
    }
  }
}

/** Positions from, from + 1, … of a column; a template may begin before the column and end after it. */
interface TemplateRange {
  readonly from: number;
  readonly steps: number;
  readonly scaling: Scaling;
}

/** Where the first channel of a step lies. */
function cellOf(step: number): number {
  return (step >> PATCH_BITS) * TOKEN + (step & (PATCH_STEPS - 1));
}

function fillTemplateChannel(
  template: Float64Array,
  scaling: Scaling,
  fine: Float32Array,
  channels: { readonly value: number; readonly exists: number },
): void {
  for (let i = 0; i < template.length; i++) {
    if (Number.isNaN(template[i]!)) continue;
    const cell = cellOf(i);
    fine[cell + channels.value * PATCH_STEPS] = toUnits(template[i]!, scaling);
    fine[cell + channels.exists * PATCH_STEPS] = 1;
  }
}

/** Mean, extremes, and mean distance from the mean of the samples from `from` to before `to`; undefined where there is none. */
function sumUp(values: Float64Array, from: number, to: number) {
  let count = 0;
  let total = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    count++;
    total += value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (count === 0) return undefined;
  const mean = total / count;
  let distance = 0;
  for (let i = from; i < to; i++) if (!Number.isNaN(values[i]!)) distance += Math.abs(values[i]! - mean);
  return { mean, lowest, highest, spread: distance / count };
}
