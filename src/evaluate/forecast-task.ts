import type { ForecastBlock } from '../forecast/forecast.ts';
import type { ForecastRequest } from '../ports/model-engine.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { TaskPorts } from './task-ports.ts';
import type { Turns } from './turns.ts';

/** Fewer known steps than this make no forecast worth showing. */
const LEAST_CONTEXT_STEPS = 20;
/** Series of one request: as many as a batch of the engine has, so that copies are short and paths come in as they are made. */
const REQUEST_SERIES = 64;
/** Requests in flight: bounds the copy of contexts, and keeps workers busy while the next copy is made. */
const REQUESTS_IN_FLIGHT = 8;
/** Series forecast by an online engine between two breaths: a few milliseconds. */
const ONLINE_SERIES = 128;

interface Slots {
  readonly pipeline: Pipeline;
  readonly slots: readonly number[];
}

/** Slots that have enough context for a forecast. */
export function forecastable(state: PipelineState): number[] {
  return state.members.slots.filter((slot) => isKnown(state, slot, 0));
}

/** Whether there are enough samples for a forecast, `behind` steps before the end. */
export function isKnown(state: PipelineState, slot: number, behind: number): boolean {
  // An online engine has learnt just what lies before the forecast.
  if (state.online !== undefined) return state.online.samples(slot) >= LEAST_CONTEXT_STEPS;
  const { contexts } = state;
  return contexts.knownSteps(slot) - behind >= Math.min(LEAST_CONTEXT_STEPS, contexts.capacitySteps);
}

/**
 * Makes a forecast path for each slot from its context up to and including `asOfMs`, and puts it into the state, which
 * nobody else may change meanwhile. Rejects with the engine's error; slots whose request succeeded keep their new path.
 */
export function forecastSlots(
  state: PipelineState,
  what: Slots & { readonly asOfMs: number },
  { engine, breathe }: Pick<TaskPorts, 'engine' | 'breathe'>,
  signal: AbortSignal,
): Promise<void> {
  return inPieces(state, what.slots, async (slots) => {
    signal.throwIfAborted();
    if (state.online !== undefined) {
      forecastOnline(state, slots, what.asOfMs);
      return breathe();
    }
    const request = requestOf(state, { ...what, slots }, engine.traits.maxContextSteps);
    setPaths(state, slots, await engine.forecast(request, signal));
  });
}

/**
 * The same as of the newest instant there is, for a state that goes on meanwhile: it is looked at and changed in turns,
 * and while an engine works others have theirs.
 */
export function forecastInTurns(
  state: PipelineState,
  what: Slots,
  { engine, turns }: Pick<TaskPorts, 'engine'> & { readonly turns: Turns },
  signal: AbortSignal,
): Promise<void> {
  return inPieces(state, what.slots, async (piece) => {
    const asked = await turns.run(() => {
      signal.throwIfAborted();
      // Series go, and others take their slots.
      const slots = piece.filter((slot) => state.contexts.has(slot) && isKnown(state, slot, 0));
      const asOfMs = state.contexts.endMs!;
      if (state.online === undefined && slots.length > 0)
        return { slots, request: requestOf(state, { ...what, slots, asOfMs }, engine.traits.maxContextSteps) };
      forecastOnline(state, slots, asOfMs);
      return undefined;
    });
    if (asked === undefined) return;
    const { slots, request } = asked;
    const forecast = await engine.forecast(request, signal);
    const { labels } = request.context;
    await turns.run(() => setPaths(state, slots, forecast, (slot, i) => state.contexts.slotOf(labels[i]!) === slot));
  });
}

/** Calls `forecast` for pieces of the slots, as many at a time as keep an engine busy. After a failure none begins. */
async function inPieces(
  state: PipelineState,
  slots: readonly number[],
  forecast: (slots: readonly number[]) => Promise<void>,
): Promise<void> {
  const isOnline = state.online !== undefined;
  const size = isOnline ? ONLINE_SERIES : REQUEST_SERIES;
  let next = 0;
  const takePieces = async () => {
    while (next < slots.length) {
      const piece = slots.slice(next, next + size);
      next += size;
      try {
        await forecast(piece);
      } catch (error) {
        next = slots.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: isOnline ? 1 : REQUESTS_IN_FLIGHT }, takePieces));
}

/** From what the online engine has learnt, which must reach up to `asOfMs` and no farther. No context is sent anywhere. */
function forecastOnline(state: PipelineState, slots: readonly number[], asOfMs: number): void {
  setPaths(state, slots, state.online!.forecast(slots, asOfMs, state.pathSteps));
}

function requestOf(
  state: PipelineState,
  { pipeline, slots, asOfMs }: Slots & { readonly asOfMs: number },
  mostSteps: number,
): ForecastRequest {
  const { contexts } = state;
  const behind = Math.round((contexts.endMs! - asOfMs) / contexts.stepMs);
  const known = Math.max(...slots.map((slot) => contexts.knownSteps(slot) - behind));
  const steps = Math.max(2, Math.min(known, mostSteps, contexts.capacitySteps));
  return {
    context: contexts.block(slots, asOfMs, steps),
    horizonSteps: state.pathSteps,
    engine: pipeline.model.id,
    parameters: pipeline.model.parameters,
    locale: { timezone: pipeline.timezone, holidays: pipeline.holidays },
    hints: slots.map((slot) => state.hint(slot)),
  };
}

function setPaths(
  state: PipelineState,
  slots: readonly number[],
  forecast: ForecastBlock,
  isStill: (slot: number, index: number) => boolean = () => true,
): void {
  slots.forEach((slot, index) => {
    if (isStill(slot, index)) state.setPath(slot, forecast, index);
  });
}
