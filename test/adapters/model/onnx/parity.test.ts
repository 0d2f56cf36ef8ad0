import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { FeatureBuilder } from '../../../../src/adapters/model/onnx/features.ts';
import { type ModelFiles, readModelFiles, shippedModelsDir } from '../../../../src/adapters/model/onnx/model-files.ts';
import { type ModelSession, onnxSessions } from '../../../../src/adapters/model/onnx/session.ts';
import { findPeriods } from '../../../../src/forecast/periods.ts';

/** What the training code says of one history; models/README.md describes the file. */
interface ParityCase {
  readonly name: string;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
  readonly periods: readonly number[];
  readonly horizonPatches: number;
  readonly merged: boolean;
  readonly features: string;
  readonly outputs: string;
}

const MODEL = 'openanomaly-tiny';
const FEATURE_TOLERANCE = 1e-5;
const OUTPUT_TOLERANCE = 1e-3;

const parity = JSON.parse(readFileSync(join(shippedModelsDir(), `${MODEL}.parity.json`), 'utf8')) as {
  readonly model_sha256: string;
  readonly cases: readonly ParityCase[];
};

function floatsOf(text: string): Float32Array {
  return new Float32Array(new Uint8Array(inflateSync(Buffer.from(text, 'base64'))).buffer);
}

function historyOf({ values }: ParityCase): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

/** Largest difference, as a share of the size where that is more than 1. */
function distance(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    most = difference <= most ? most : difference;
  }
  return most;
}

describe('the shipped model and the code it was trained with', () => {
  let files: ModelFiles;
  let session: ModelSession;
  beforeAll(async () => {
    files = await readModelFiles(shippedModelsDir(), MODEL);
    session = await onnxSessions()(files);
  });

  it('are compared on fifty cases of the model that ships', () => {
    expect(parity.model_sha256).toBe(files.manifest.sha256);
    expect(parity.cases.length).toBeGreaterThanOrEqual(50);
  });

  describe.each(parity.cases.map((parityCase, i) => ({ ...parityCase, title: `${i + 1}: ${parityCase.name}` })))(
    '$title',
    (parityCase) => {
      it('find the same periods', () => {
        expect(findPeriods(historyOf(parityCase), parityCase.stepMs)).toEqual(parityCase.periods);
      });

      it('build the same features', () => {
        const builder = new FeatureBuilder(files.manifest);
        const features = new Float32Array(builder.length(parityCase.horizonPatches));
        builder.fill({ values: historyOf(parityCase), periods: parityCase.periods }, features);
        expect(distance(features, floatsOf(parityCase.features))).toBeLessThan(FEATURE_TOLERANCE);
      });

      it('answer the same', async () => {
        const outputs = await session.run(floatsOf(parityCase.features), 1, parityCase.merged);
        expect(distance(outputs, floatsOf(parityCase.outputs))).toBeLessThan(OUTPUT_TOLERANCE);
      });
    },
  );
});
