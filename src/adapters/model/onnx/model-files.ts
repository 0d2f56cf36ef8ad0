import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError, OpenAnomalyError } from '../../../errors.ts';
import { type ModelManifest, parseManifest } from './manifest.ts';

export interface ModelFiles {
  readonly manifest: ModelManifest;
  /** The ONNX file, whose sha256 is that of the manifest. */
  readonly model: Uint8Array;
}

/**
 * The folder `models/` of the package this code belongs to: beside the nearest package.json above it, so that sources,
 * compiled code and an installed package all find the same one.
 */
export function shippedModelsDir(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json')) && dirname(dir) !== dir) dir = dirname(dir);
  return join(dir, 'models');
}

/** Reads `<id>.json` and `<id>.onnx` of a folder. Throws `engine_unavailable` where one is missing or was changed. */
export async function readModelFiles(dir: string, id: string): Promise<ModelFiles> {
  const manifestFile = join(dir, `${id}.json`);
  const manifest = parseManifest((await readBytes(manifestFile)).toString('utf8'), manifestFile);
  const modelFile = join(dir, `${id}.onnx`);
  const model = await readBytes(modelFile);
  const sha256 = createHash('sha256').update(model).digest('hex');
  if (sha256 !== manifest.sha256) {
    const advice = 'install the package again, or put the manifest beside it that belongs to it';
    throw new OpenAnomalyError(
      'engine_unavailable',
      `the model file ${modelFile} is not the one its manifest describes (sha256 ${sha256}): ${advice}`,
    );
  }
  return { manifest, model };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new OpenAnomalyError('engine_unavailable', `the model file cannot be read: ${describeError(cause)}`, {
      cause,
    });
  }
}
