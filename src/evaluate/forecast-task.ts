import type { Pipeline } from '../rules/pipeline.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { TaskPorts } from './task-ports.ts';

/** Series of one request: bounds the copy of contexts that is in flight, the engine cuts smaller batches itself. */
const REQUEST_SERIES = 256;
/** Requests in flight, so that the next copy is made while the workers are busy. */
const REQUESTS_IN_FLIGHT = 2;

/** Series forecast by an online engine between two breaths: a few milliseconds. */
const ONLINE_SERIES = 128;

/**
 * Makes a forecast path for each slot from its context up to and including `asOfMs`, and puts it into the state.
 * Rejects with the engine's error; slots whose request succeeded keep their new path.
 */
export async function forecastSlots(
  state: PipelineState,
  what: { readonly pipeline: Pipeline; readonly slots: readonly number[]; readonly asOfMs: number },
  ports: Pick<TaskPorts, 'engine' | 'breathe'>,
  signal: AbortSignal,
): Promise<void> {
  if (state.online !== undefined) return forecastOnline(state, what, ports, signal);
  let next = 0;
  const takeRequests = async () => {
    while (next < what.slots.length) {
      const slots = what.slots.slice(next, next + REQUEST_SERIES);
      next += REQUEST_SERIES;
      await forecastOnce(state, { ...what, slots }, ports, signal);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, takeRequests));
}

/** From what the online engine has learnt, which must reach up to `asOfMs` and no farther. No context is sent anywhere. */
async function forecastOnline(
  state: PipelineState,
  { slots, asOfMs }: { readonly slots: readonly number[]; readonly asOfMs: number },
  { breathe }: Pick<TaskPorts, 'breathe'>,
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < slots.length; from += ONLINE_SERIES) {
    signal.throwIfAborted();
    const some = slots.slice(from, from + ONLINE_SERIES);
    const forecast = state.online!.forecast(some, asOfMs, state.pathSteps);
    some.forEach((slot, index) => {
      state.setPath(slot, forecast, index);
    });
    await breathe();
  }
}

async function forecastOnce(
  state: PipelineState,
  what: { readonly pipeline: Pipeline; readonly slots: readonly number[]; readonly asOfMs: number },
  { engine }: Pick<TaskPorts, 'engine'>,
  signal: AbortSignal,
): Promise<void> {
  const { contexts } = state;
  const behind = Math.round((contexts.endMs! - what.asOfMs) / contexts.stepMs);
  const known = Math.max(...what.slots.map((slot) => contexts.knownSteps(slot) - behind));
  const steps = Math.max(2, Math.min(known, engine.traits.maxContextSteps, contexts.capacitySteps));
  const forecast = await engine.forecast(
    {
      context: contexts.block(what.slots, what.asOfMs, steps),
      horizonSteps: state.pathSteps,
      engine: what.pipeline.model.id,
      parameters: what.pipeline.model.parameters,
      locale: { timezone: what.pipeline.timezone, holidays: what.pipeline.holidays },
      hints: what.slots.map((slot) => state.hint(slot)),
    },
    signal,
  );
  what.slots.forEach((slot, index) => {
    state.setPath(slot, forecast, index);
  });
}
