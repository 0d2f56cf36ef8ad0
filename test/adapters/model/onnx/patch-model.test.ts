import { describe, expect, it } from 'vitest';
import type { PastWindow } from '../../../../src/adapters/model/onnx/features.ts';
import { type ModelManifest, PATCH_STEPS } from '../../../../src/adapters/model/onnx/manifest.ts';
import type { ModelFiles } from '../../../../src/adapters/model/onnx/model-files.ts';
import { PatchModel } from '../../../../src/adapters/model/onnx/patch-model.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../../../src/forecast/quantile.ts';

const LEVELS = QUANTILE_LEVELS.length;
const CONTEXT_PATCHES = 4;
const MOST_PATCHES = 3;
const TOKEN = 7 * PATCH_STEPS;

const files: ModelFiles = {
  manifest: {
    id: 'made-up',
    version: '1',
    licence: 'none',
    sha256: '',
    bytes: 0,
    inputName: 'features',
    outputName: 'quantiles',
    contextPatches: CONTEXT_PATCHES,
    coarseTokens: 0,
    coarseBinSteps: 0,
    pooling: undefined,
    mostHorizonPatches: MOST_PATCHES,
  },
  model: new Uint8Array(),
};

/** A network whose median is the newest value it sees, and whose other levels lie `spread(step)` units around it, unsorted. */
async function lastValueModel(
  spread: (step: number) => number,
  runs: number[] = [],
  { pooling, merges = [] }: { readonly pooling?: ModelManifest['pooling']; readonly merges?: boolean[] } = {},
): Promise<PatchModel> {
  return PatchModel.open({ ...files, manifest: { ...files.manifest, pooling } }, async () => ({
    async run(features, batch, merge) {
      runs.push(batch);
      merges.push(merge);
      const tokens = features.length / batch / TOKEN;
      const steps = (tokens - CONTEXT_PATCHES) * PATCH_STEPS;
      const output = new Float32Array(batch * steps * LEVELS);
      for (let b = 0; b < batch; b++) {
        const newest = features[b * tokens * TOKEN + (CONTEXT_PATCHES - 1) * TOKEN + PATCH_STEPS - 1]!;
        for (let step = 0; step < steps; step++) {
          for (let level = 0; level < LEVELS; level++) {
            output[(b * steps + step) * LEVELS + level] = newest + (MEDIAN_INDEX - level) * spread(step);
          }
        }
      }
      return output;
    },
  }));
}

function window(newest: number, steps = 200): PastWindow {
  return { values: Float64Array.from({ length: steps }, (_, i) => (i === steps - 1 ? newest : i % 2)), periods: [] };
}

async function forecast(model: PatchModel, windows: readonly PastWindow[], horizonSteps: number) {
  const rows: Float64Array[] = [];
  await model.forecast(windows, horizonSteps, (index, row) => {
    rows[index] = row.slice();
  });
  return rows;
}

describe('patch model', () => {
  it('turns units back into values, levels in order', async () => {
    const model = await lastValueModel(() => 0.1);
    const [rows] = await forecast(model, [window(1)], 40);
    expect(rows).toHaveLength(40 * LEVELS);
    for (let step = 0; step < 40; step++) {
      const row = rows!.subarray(step * LEVELS, (step + 1) * LEVELS);
      expect(row[MEDIAN_INDEX]).toBeCloseTo(1, 5);
      expect([...row]).toEqual([...row].sort((a, b) => a - b));
      // Location 0.5 and scale 0.5, give or take: the outermost levels lie 0.6 units from asinh(1).
      expect(row[LEVELS - 1]).toBeCloseTo(0.5 + 0.5 * Math.sinh(Math.asinh(1) + 0.6), 1);
    }
  });

  it('runs windows some at a time', async () => {
    const runs: number[] = [];
    const model = await lastValueModel(() => 0, runs);
    const rows = await forecast(
      model,
      Array.from({ length: 40 }, (_, i) => window(i / 40)),
      5,
    );
    rows.forEach((row, i) => {
      expect(row[MEDIAN_INDEX]).toBeCloseTo(i / 40, 5);
    });
    // The first run is the trial of opening.
    expect(runs).toEqual([1, 16, 16, 8]);
  });

  it('merges the oldest patches of windows whose rhythms fit into the others', async () => {
    const runs: number[] = [];
    const merges: boolean[] = [];
    const pooling = { name: 'pooling', patches: 2, merged: 2 };
    const model = await lastValueModel(() => 0, runs, { pooling, merges });
    const newestSteps = (CONTEXT_PATCHES - pooling.patches) * PATCH_STEPS;
    const kinds = [[], [newestSteps], [newestSteps + 1], [5, newestSteps + 1], [5, 7, newestSteps + 1]];
    const windows = kinds.map((periods, i) => ({ ...window(i / 10), periods }));
    const rows = await forecast(model, windows, 5);
    rows.forEach((row, i) => {
      expect(row[MEDIAN_INDEX]).toBeCloseTo(i / 10, 5);
    });
    // Two trials, then those whose rhythm is too long, then the others.
    expect(runs).toEqual([1, 1, 2, 3]);
    expect(merges).toEqual([false, true, false, true]);
  });

  it('makes far horizons in blocks, on its own median, and never narrower than before', async () => {
    const runs: number[] = [];
    const model = await lastValueModel((step) => 0.001 * (step + 1), runs);
    const blockSteps = MOST_PATCHES * PATCH_STEPS;
    const horizonSteps = 2 * blockSteps + 10;
    const [rows] = await forecast(model, [window(1)], horizonSteps);
    expect(rows).toHaveLength(horizonSteps * LEVELS);
    expect(runs).toEqual([1, 1, 1, 1]);
    const widthAt = (step: number) => rows![step * LEVELS + LEVELS - 1]! - rows![step * LEVELS]!;
    for (let step = 0; step < horizonSteps; step++) {
      expect(rows![step * LEVELS + MEDIAN_INDEX]).toBeCloseTo(1, 4);
    }
    expect(widthAt(blockSteps)).toBeGreaterThan(0.7 * widthAt(blockSteps - 1));
    expect(widthAt(0)).toBeLessThan(0.1 * widthAt(blockSteps - 1));
  });

  it('is not opened where the network answers something else', async () => {
    const opening = PatchModel.open(files, async () => ({ run: async () => new Float32Array(7) }));
    await expect(opening).rejects.toMatchObject({ code: 'engine_unavailable' });
  });

  it('answers nothing for no windows', async () => {
    expect(await forecast(await lastValueModel(() => 0), [], 5)).toEqual([]);
  });
});
