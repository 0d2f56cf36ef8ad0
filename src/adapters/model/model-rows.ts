import { QUANTILE_LEVELS } from '../../forecast/quantile.ts';
import { type EngineSetup, FORECASTERS } from './candidates.ts';
import type { PastWindow } from './onnx/features.ts';
import { PATCH_STEPS } from './onnx/manifest.ts';
import type { PatchModel, TakeRows } from './onnx/patch-model.ts';
import { seasonalView } from './statistical/seasonal-view.ts';

/** With fewer samples than a patch in its context, a model guesses. */
const LEAST_SAMPLES = PATCH_STEPS;
/** Models learn from contexts whose newest two patches hold a sample. */
const NEWEST_STEPS = 2 * PATCH_STEPS;

/**
 * Rows of a model for each window, handed out with the window's index, in no particular order. A constant, and a window
 * that tells a model too little, have the rows of `climatology`. Each window holds a sample.
 */
export async function forecastWindows(
  model: PatchModel,
  windows: readonly PastWindow[],
  at: { readonly horizonSteps: number; readonly setup: EngineSetup },
  take: TakeRows,
): Promise<void> {
  const told: number[] = [];
  let rows: Float64Array | undefined;
  for (const [index, { values, periods }] of windows.entries()) {
    if (suits(values, model.contextSteps)) told.push(index);
    else {
      rows ??= new Float64Array(at.horizonSteps * QUANTILE_LEVELS.length);
      FORECASTERS.climatology(seasonalView(values, periods, at.horizonSteps), at.setup, rows);
      take(index, rows);
    }
  }
  const fit = told.map((index) => windows[index]!);
  await model.forecast(fit, at.horizonSteps, (i, answer) => take(told[i]!, answer));
}

function suits(values: Float64Array, contextSteps: number): boolean {
  const n = values.length;
  if (values.subarray(Math.max(0, n - NEWEST_STEPS)).every(Number.isNaN) || isConstant(values)) return false;
  let samples = 0;
  for (let i = Math.max(0, n - contextSteps); i < n && samples < LEAST_SAMPLES; i++) {
    if (!Number.isNaN(values[i]!)) samples++;
  }
  return samples >= LEAST_SAMPLES;
}

function isConstant(values: Float64Array): boolean {
  const first = values.find((value) => !Number.isNaN(value))!;
  return values.every((value) => value === first || Number.isNaN(value));
}
