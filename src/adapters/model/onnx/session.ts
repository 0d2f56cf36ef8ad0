import { describeError, OpenAnomalyError } from '../../../errors.ts';
import type { NativeGate } from '../native-gate.ts';
import { CHANNELS, PATCH_STEPS } from './manifest.ts';
import type { ModelFiles } from './model-files.ts';
import { silenceRuntime } from './silence.ts';

/** A loaded network: features (batch × tokens × channels × patch) in, rows in asinh space out, both float32. */
export interface ModelSession {
  /**
   * `features` holds exactly `batch` series; the answer is batch × horizon patches × patch × levels. `merge`: the oldest
   * tokens go on as some that stand for them, where the manifest tells of a pooling.
   */
  run(features: Float32Array, batch: number, merge: boolean): Promise<Float32Array>;
}

/** Opens a session on one thread. Throws `engine_unavailable` where the runtime or the file cannot be loaded. */
export type OpenSession = (files: ModelFiles) => Promise<ModelSession>;

type Runtime = typeof import('onnxruntime-node');

/** Nothing but what ends the process: errors are thrown too, and told by us. */
const LOG_SEVERITY = 4;
const TOKEN_WIDTH = CHANNELS * PATCH_STEPS;

/** Sessions of onnxruntime-node, an optional package: it is loaded with the first session, never at start-up. */
export function onnxSessions(
  importRuntime: () => Promise<Runtime> = async () => (await import('onnxruntime-node')).default,
): OpenSession {
  return async ({ manifest, model }) => {
    const { InferenceSession, Tensor } = await loadRuntime(importRuntime);
    const { inputName, outputName, pooling } = manifest;
    try {
      // One thread: the pool decides how many cores forecasting may use.
      const session = await InferenceSession.create(model, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: LOG_SEVERITY,
      });
      for (const name of pooling === undefined ? [inputName] : [inputName, pooling.name]) {
        if (!session.inputNames.includes(name)) throw new Error(`it has no input "${name}"`);
      }
      if (!session.outputNames.includes(outputName)) throw new Error(`it has no output "${outputName}"`);
      const poolingOf = (merged: number) =>
        pooling && { [pooling.name]: new Tensor('float32', ...poolingMatrix(pooling.patches, merged)) };
      const whole = poolingOf(1);
      const merged = poolingOf(pooling?.merged ?? 1);
      return {
        async run(features, batch, merge) {
          const shape = [batch, features.length / batch / TOKEN_WIDTH, TOKEN_WIDTH];
          const input = new Tensor('float32', features, shape);
          const answer = await session.run({ [inputName]: input, ...(merge ? merged : whole) });
          return answer[outputName]!.data as Float32Array;
        },
      };
    } catch (cause) {
      const what = `the ONNX runtime cannot load model ${manifest.id}: ${describeError(cause)}`;
      throw new OpenAnomalyError('engine_unavailable', what, { cause });
    }
  };
}

/** Which of `patches` tokens make up each token that goes on, `merged` of them in a row: its numbers and its shape. */
function poolingMatrix(patches: number, merged: number): [Float32Array, [number, number]] {
  const rows = patches / merged;
  const matrix = new Float32Array(rows * patches);
  for (let i = 0; i < patches; i++) matrix[Math.floor(i / merged) * patches + i] = 1;
  return [matrix, [rows, patches]];
}

/** The same sessions, opened and run within the gate alone. */
export function sessionsBehind(gate: NativeGate, openSession: OpenSession): OpenSession {
  return async (files) => {
    const session = await gate.pass(() => openSession(files));
    return { run: (features, batch, merge) => gate.pass(() => session.run(features, batch, merge)) };
  };
}

async function loadRuntime(importRuntime: () => Promise<Runtime>): Promise<Runtime> {
  silenceRuntime();
  try {
    return await importRuntime();
  } catch (cause) {
    const advice = 'install the optional package onnxruntime-node, which needs glibc on Linux';
    throw new OpenAnomalyError(
      'engine_unavailable',
      `the ONNX runtime does not load (${messageOf(cause)}); ${advice}`,
      {
        cause,
      },
    );
  }
}

/** The first line: a missing package comes with the whole stack of who wanted it. */
function messageOf(cause: unknown): string {
  return describeError(cause).split('\n')[0]!;
}
