import type { RangePiece, RangeQuery } from '../ports/tsdb-client.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { type Labels, withLabels, withoutLabel } from '../series/labels.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { TaskPorts } from './task-ports.ts';

/** Steps read again at each increment, for samples that came late. */
export const OVERLAP_STEPS = 2;

/** A first read takes its time: a week of many series from a busy server. The next slot tries again. */
const FIRST_READ_TIMEOUT_MS = 120_000;
/** An increment is small. One that takes longer than the interval makes slots miss, so it is given up and told. */
const LEAST_READ_TIMEOUT_MS = 10_000;

/** More newcomers than this at once are read with the whole query: a selector that names them all would be too long. */
const NARROW_UP_TO = 64;

/** Labels a series of a pipeline is published with: the input's without the metric name, the pipeline's own on top. */
export function outputLabels(pipeline: Pipeline, input: Labels): Labels {
  return withLabels(withoutLabel(input, '__name__'), { ...pipeline.labels, pipeline: pipeline.name });
}

export interface ReadResult {
  /** Slots of series that were not known before. */
  readonly newcomers: readonly number[];
  /**
   * The sample of a slot at an instant as it was read. Contexts round to float32 offsets, which is fine to forecast
   * from; what is published is the exact value where the increment still has it.
   */
  valueAt(slot: number, timeMs: number): number;
}

/** Reads [startMs, endMs] into the contexts; series that were not known are added. The state is advanced to `endMs`. */
export async function readInto(
  state: PipelineState,
  what: {
    readonly pipeline: Pipeline;
    readonly startMs: number;
    readonly endMs: number;
    readonly only?: readonly Labels[];
  },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<ReadResult> {
  const { pipeline } = what;
  const knownToMs = state.contexts.endMs;
  const isFirstRead = knownToMs === undefined;
  const query: RangeQuery = {
    query: pipeline.query,
    startMs: what.startMs,
    endMs: what.endMs,
    stepMs: pipeline.stepMs,
    limit: pipeline.limit,
    timeoutMs: isFirstRead || what.only !== undefined ? FIRST_READ_TIMEOUT_MS : incrementTimeoutMs(pipeline),
    ...(what.only && { only: what.only }),
  };
  const held: RangePiece[] = [];
  let newest: RangePiece | undefined;
  const newcomers: number[] = [];
  const apply = (piece: RangePiece) => {
    for (const slot of writePiece(
      state,
      { pipeline, piece, admits: what.only === undefined, keepToMs: knownToMs },
      ports,
    ))
      newcomers.push(slot);
  };
  const timer = startTimer(ports, pipeline);
  try {
    if (isFirstRead) state.contexts.advanceTo(what.endMs);
    for await (const piece of ports.source.queryRange(query, signal)) {
      // A first read goes straight into a state that is thrown away on failure. An increment is applied as a whole, or
      // a failure half-way would leave a hole that the next increment does not read again.
      if (isFirstRead) {
        apply(piece);
        newest = piece;
      } else held.push(piece);
    }
  } catch (error) {
    timer.end('failed');
    throw error;
  }
  timer.end('success');
  state.contexts.advanceTo(what.endMs);
  for (const piece of held) apply(piece);
  return { newcomers, valueAt: exactValues(state, newest ?? held.at(-1)) };
}

/** The history of series that turned up in an increment. Answers whether it was read. */
export async function readHistory(
  state: PipelineState,
  what: { readonly pipeline: Pipeline; readonly slots: readonly number[]; readonly mayReadAll: boolean },
  ports: TaskPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const { pipeline, slots } = what;
  const narrows = slots.length <= NARROW_UP_TO && ports.source.narrows?.(pipeline.query) === true;
  if (!narrows && !what.mayReadAll) return false;
  const endMs = state.contexts.endMs!;
  const startMs = endMs - (state.contexts.capacitySteps - 1) * pipeline.stepMs;
  await readInto(
    state,
    { pipeline, startMs, endMs, only: slots.map((slot) => state.contexts.labelsOf(slot)) },
    ports,
    signal,
  );
  return true;
}

function writePiece(
  state: PipelineState,
  what: {
    readonly pipeline: Pipeline;
    readonly piece: RangePiece;
    readonly admits: boolean;
    readonly keepToMs: number | undefined;
  },
  { telemetry, logger }: TaskPorts,
): number[] {
  const { pipeline, piece } = what;
  const { labels, grid, values } = piece.block;
  const newcomers: number[] = [];
  for (let s = 0; s < labels.length; s++) {
    let slot = state.contexts.slotOf(labels[s]!);
    if (slot === undefined) {
      if (!what.admits) continue;
      slot = state.add(labels[s]!, outputLabels(pipeline, labels[s]!));
      if (slot === undefined) {
        logger.log('debug', 'series left out: another one differs in its metric name only', {
          pipeline: pipeline.name,
        });
        continue;
      }
      newcomers.push(slot);
    }
    const run = { startMs: grid.startMs, values, from: s * grid.steps, count: grid.steps };
    state.contexts.write(slot, run, what.keepToMs);
  }
  telemetry.samplesRead.inc({ pipeline: pipeline.name }, piece.samples);
  telemetry.queryBytes.inc({ datasource: pipeline.datasource }, piece.bytes);
  if (piece.histograms > 0) telemetry.histogramsSkipped.inc({ pipeline: pipeline.name }, piece.histograms);
  for (const warning of piece.warnings)
    logger.log('warn', 'the data source warns', { pipeline: pipeline.name, warning });
  return newcomers;
}

function startTimer({ telemetry, clock }: TaskPorts, { datasource }: Pipeline) {
  const startedMs = clock.nowMs();
  return {
    end(outcome: 'success' | 'failed'): void {
      telemetry.queries.inc({ datasource, outcome });
      telemetry.queryDuration.observe({ datasource }, (clock.nowMs() - startedMs) / 1000);
    },
  };
}

function exactValues(state: PipelineState, piece: RangePiece | undefined): ReadResult['valueAt'] {
  const fromContext = (slot: number, timeMs: number) => state.contexts.at(slot, timeMs);
  if (piece === undefined) return fromContext;
  const { labels, grid, values } = piece.block;
  const rowOfSlot = new Map<number, number>();
  labels.forEach((series, row) => {
    const slot = state.contexts.slotOf(series);
    if (slot !== undefined) rowOfSlot.set(slot, row);
  });
  return (slot, timeMs) => {
    const step = Math.round((timeMs - grid.startMs) / grid.stepMs);
    if (step < 0 || step >= grid.steps) return fromContext(slot, timeMs);
    const row = rowOfSlot.get(slot);
    return row === undefined ? Number.NaN : values[row * grid.steps + step]!;
  };
}

function incrementTimeoutMs({ intervalMs }: Pipeline): number {
  return Math.min(Math.max(intervalMs, LEAST_READ_TIMEOUT_MS), FIRST_READ_TIMEOUT_MS);
}
