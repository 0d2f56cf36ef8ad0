import { describeError, OpenAnomalyError } from '../../../errors.ts';
import { readModelFiles, shippedModelsDir } from './model-files.ts';
import { PatchModel } from './patch-model.ts';
import { type OpenSession, onnxSessions } from './session.ts';

/** Keeps the model of one thread: opened when it is first asked for, warm from then on. What failed fails again. */
export class ModelShelf {
  readonly #options: { readonly dir: string; readonly id: string; readonly openSession: OpenSession };
  #opening: Promise<PatchModel> | undefined;
  #problem: string | undefined;

  constructor(options: { readonly dir?: string; readonly id?: string; readonly openSession?: OpenSession } = {}) {
    this.#options = {
      dir: options.dir ?? shippedModelsDir(),
      id: options.id ?? 'openanomaly-tiny',
      openSession: options.openSession ?? onnxSessions(),
    };
  }

  /** Why there is no model; undefined while it was not asked for, or is there. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Throws `engine_unavailable` where the model or its runtime cannot be had. */
  open(): Promise<PatchModel> {
    this.#opening ??= this.#openOnce();
    return this.#opening;
  }

  async openIfAvailable(): Promise<PatchModel | undefined> {
    return this.open().catch(() => undefined);
  }

  async #openOnce(): Promise<PatchModel> {
    const { dir, id, openSession } = this.#options;
    try {
      return await PatchModel.open(await readModelFiles(dir, id), openSession);
    } catch (cause) {
      this.#problem = describeError(cause);
      if (cause instanceof OpenAnomalyError) throw cause;
      throw new OpenAnomalyError('engine_unavailable', `engine ${id} cannot be opened: ${this.#problem}`, { cause });
    }
  }
}
