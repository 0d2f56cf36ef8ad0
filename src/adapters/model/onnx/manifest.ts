import { OpenAnomalyError } from '../../../errors.ts';
import { QUANTILE_LEVELS } from '../../../forecast/quantile.ts';

/** Steps a token stands for, and the kinds of numbers it holds of each: fixed, since the features are built for them. */
export const PATCH_STEPS = 32;
export const CHANNELS = 7;

/** What a model file says of itself; every field that the product reads. models/README.md describes them all. */
export interface ModelManifest {
  readonly id: string;
  readonly version: string;
  readonly licence: string;
  /** Of the ONNX file, in lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
  readonly inputName: string;
  readonly outputName: string;
  /** Tokens of `PATCH_STEPS` steps that end with the context. */
  readonly contextPatches: number;
  /** Tokens before those, of `PATCH_STEPS` bins each that sum up the older past; 0: the model sees none of it. */
  readonly coarseTokens: number;
  /** Steps in a bin of a coarse token. */
  readonly coarseBinSteps: number;
  /** Undefined: each token goes through the whole network. */
  readonly pooling: PoolingInput | undefined;
  /** Patches ahead that one run can answer. */
  readonly mostHorizonPatches: number;
}

/** Where the network is told which of its oldest context tokens go on as one. */
export interface PoolingInput {
  readonly name: string;
  /** Of the oldest context tokens, how many this is about. */
  readonly patches: number;
  /** How many of them go on as one where no rhythm is longer than the context tokens that stay: a divisor of `patches`. */
  readonly merged: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a manifest. Throws `engine_unavailable` that names the field when the text is no manifest, or one of a model
 * whose input and output are not those this version builds and reads.
 */
export function parseManifest(text: string, file: string): ModelManifest {
  const root = parseJson(text, file);
  const input = objectAt(root, 'input', file);
  const output = objectAt(root, 'output', file);
  expectValue(input, 'patch', PATCH_STEPS, file);
  expectValue(input, 'channels', CHANNELS, file);
  expectValue(output, 'space', 'asinh', file);
  if (JSON.stringify(output['levels']) !== JSON.stringify(QUANTILE_LEVELS)) {
    throw problem(file, `output.levels must be ${JSON.stringify(QUANTILE_LEVELS)}`);
  }
  const contextPatches = countAt(input, 'context_patches', file);
  return {
    id: textAt(root, 'id', file),
    version: textAt(root, 'version', file),
    licence: textAt(root, 'licence', file),
    sha256: textAt(root, 'sha256', file),
    bytes: countAt(root, 'bytes', file),
    inputName: textAt(input, 'name', file),
    outputName: textAt(output, 'name', file),
    contextPatches,
    coarseTokens: input['coarse_tokens'] === undefined ? 0 : countAt(input, 'coarse_tokens', file),
    coarseBinSteps: input['coarse_bin'] === undefined ? 0 : countAt(input, 'coarse_bin', file),
    pooling:
      input['pooling'] === undefined ? undefined : poolingAt(objectAt(input, 'pooling', file), contextPatches, file),
    mostHorizonPatches: Math.max(1, countAt(root, 'horizon_patches_max', file)),
  };
}

function poolingAt(parent: Json, contextPatches: number, file: string): PoolingInput {
  const pooling = {
    name: textAt(parent, 'name', file),
    patches: countAt(parent, 'patches', file),
    merged: countAt(parent, 'merged', file),
  };
  const { patches, merged } = pooling;
  if (merged < 1 || patches % merged !== 0) throw problem(file, 'pooling.merged must be a divisor of pooling.patches');
  if (patches > contextPatches)
    throw problem(file, `pooling.patches must be at most context_patches, ${contextPatches}`);
  return pooling;
}

function parseJson(text: string, file: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // Told below: where in the JSON it breaks helps nobody who did not write the file.
  }
  throw problem(file, 'it is no JSON object');
}

function objectAt(parent: Json, name: string, file: string): Json {
  const value = parent[name];
  if (typeof value !== 'object' || value === null) throw problem(file, `${name} must be an object`);
  return value as Json;
}

function textAt(parent: Json, name: string, file: string): string {
  const value = parent[name];
  if (typeof value !== 'string' || value === '') throw problem(file, `${name} must be a text`);
  return value;
}

function countAt(parent: Json, name: string, file: string): number {
  const value = parent[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw problem(file, `${name} must be a whole number`);
  return value as number;
}

function expectValue(parent: Json, name: string, wanted: unknown, file: string): void {
  if (parent[name] !== wanted) throw problem(file, `${name} must be ${String(wanted)}, it is ${String(parent[name])}`);
}

function problem(file: string, what: string): OpenAnomalyError {
  return new OpenAnomalyError('engine_unavailable', `the model manifest ${file} does not fit this version: ${what}`);
}
