import { describeError, OpenAnomalyError } from '../../../errors.ts';
import type { NativeGate } from '../native-gate.ts';
import { CHANNELS, PATCH_STEPS } from './manifest.ts';
import type { ModelFiles } from './model-files.ts';
import { silenceRuntime } from './silence.ts';

/** A loaded network: features (batch × tokens × channels × patch) in, rows in asinh space out, both float32. */
export interface ModelSession {
  /** `features` holds exactly `batch` series; the answer is batch × horizon patches × patch × levels. */
  run(features: Float32Array, batch: number): Promise<Float32Array>;
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
    const { inputName, outputName } = manifest;
    try {
      // One thread: the pool decides how many cores forecasting may use.
      const session = await InferenceSession.create(model, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: LOG_SEVERITY,
      });
      if (!session.inputNames.includes(inputName)) throw new Error(`it has no input "${inputName}"`);
      if (!session.outputNames.includes(outputName)) throw new Error(`it has no output "${outputName}"`);
      return {
        async run(features, batch) {
          const shape = [batch, features.length / batch / TOKEN_WIDTH, TOKEN_WIDTH];
          const answer = await session.run({ [inputName]: new Tensor('float32', features, shape) });
          return answer[outputName]!.data as Float32Array;
        },
      };
    } catch (cause) {
      const what = `the ONNX runtime cannot load model ${manifest.id}: ${describeError(cause)}`;
      throw new OpenAnomalyError('engine_unavailable', what, { cause });
    }
  };
}

/** The same sessions, opened and run within the gate alone. */
export function sessionsBehind(gate: NativeGate, openSession: OpenSession): OpenSession {
  return async (files) => {
    const session = await gate.pass(() => openSession(files));
    return { run: (features, batch) => gate.pass(() => session.run(features, batch)) };
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
