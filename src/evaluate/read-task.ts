import type { RangePiece, RangeQuery } from '../ports/tsdb-client.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { SeriesBlock } from '../series/block.ts';
import { alignDown, gridEnd } from '../series/grid.ts';
import { formatLabels, type Labels, withLabels, withoutLabel } from '../series/labels.ts';
import { learnRun } from './online-past.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { TaskPorts } from './task-ports.ts';

/** Steps read again at each increment, for samples that came late. */
export const OVERLAP_STEPS = 2;

/** A first read takes its time: a week of many series from a busy server. The next slot tries again. */
const FIRST_READ_TIMEOUT_MS = 120_000;
/** An increment is small. One that takes longer than the interval makes slots miss, so it is given up and told. */
const LEAST_READ_TIMEOUT_MS = 10_000;

/** Samples learnt between two breaths: some milliseconds where an online engine learns too. */
const SAMPLES_BETWEEN_BREATHS = 5000;

/** More newcomers than this at once are read with the whole query: a selector that names them all would be too long. */
const NARROW_UP_TO = 64;

/** As many of the series that are left out are counted. */
const MOST_LEFT_OUT = 100_000;

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
    /** Samples after it are kept as they were read until the result is dropped; undefined: all of an increment. */
    readonly exactAfterMs?: number;
    /** Who learns the samples up to `exactAfterMs` as they pass, since no context keeps them. */
    readonly teaches?: Pupils | undefined;
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
  const { exactAfterMs = Number.NEGATIVE_INFINITY } = what;
  const held: RangePiece[] = [];
  const exact: ExactPiece[] = [];
  const newcomers: number[] = [];
  const apply = async (piece: RangePiece) => {
    const how = { pipeline, piece, admits: what.only === undefined, keepToMs: knownToMs };
    const slotOfRow = writePiece(state, how, newcomers, ports);
    if (what.teaches !== undefined)
      await teachPiece(state, { piece, slotOfRow, toMs: exactAfterMs, pupils: what.teaches }, ports.breathe);
    if (gridEnd(piece.block.grid) > exactAfterMs) exact.push({ piece, slotOfRow });
  };
  const timer = startTimer(ports, pipeline);
  try {
    if (isFirstRead) state.contexts.advanceTo(what.endMs);
    for await (const piece of ports.source.queryRange(query, signal)) {
      // A first read goes straight into a state that is thrown away on failure. An increment is applied as a whole, or
      // a failure half-way would leave a hole that the next increment does not read again.
      if (isFirstRead) await apply(piece);
      else held.push(piece);
    }
  } catch (error) {
    timer.end('failed');
    throw error;
  }
  timer.end('success');
  state.contexts.advanceTo(what.endMs);
  for (const piece of held) await apply(piece);
  return { newcomers, valueAt: exactValues(state, exact) };
}

/** `online`: the online engine alone, since the technique has learnt these samples, or does without. */
export type Pupils = 'all' | 'online';

/**
 * The history of series that turned up in an increment: up to the newest scored instant, or, where the whole query may
 * be read, as far as there are samples. Answers whether it was read.
 */
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
  const only = slots.map((slot) => state.contexts.labelsOf(slot));
  if (state.online === undefined) {
    const startMs = endMs - (state.contexts.capacitySteps - 1) * pipeline.stepMs;
    await readInto(state, { pipeline, startMs, endMs, only }, ports, signal);
    return true;
  }
  const startMs = alignDown(endMs - pipeline.contextWindowMs, pipeline.stepMs);
  const exactAfterMs = what.mayReadAll ? endMs : (state.scoredMs ?? endMs);
  // What they have learnt since they turned up is in the history too.
  for (const slot of slots) state.online.add(slot);
  await readInto(state, { pipeline, startMs, endMs, only, exactAfterMs, teaches: 'online' }, ports, signal);
  return true;
}

/** A piece whose samples are wanted as they were read; row r of its block belongs to slotOfRow[r]. */
interface ExactPiece {
  readonly piece: RangePiece;
  readonly slotOfRow: Int32Array;
}

/** A row of a series that is not ours: unknown and not admitted, or published as another one is. */
const NO_SLOT = -1;
/** A slot that has no sample in a piece. */
const NO_ROW = -1;

async function teachPiece(
  state: PipelineState,
  { piece, slotOfRow, toMs, pupils }: ExactPiece & { readonly toMs: number; readonly pupils: Pupils },
  breathe: () => Promise<void>,
): Promise<void> {
  const { startMs, stepMs, steps } = piece.block.grid;
  const count = Math.min(steps, Math.floor((toMs - startMs) / stepMs) + 1);
  if (count <= 0) return;
  let untilBreath = SAMPLES_BETWEEN_BREATHS;
  for (let row = 0; row < slotOfRow.length; row++) {
    const slot = slotOfRow[row]!;
    if (slot === NO_SLOT) continue;
    const run = { startMs, values: piece.block.values, from: row * steps, count };
    if (pupils === 'all') state.scorer.learn(slot, run);
    if (state.online !== undefined) learnRun(state, slot, run, toMs);
    untilBreath -= count;
    if (untilBreath > 0) continue;
    untilBreath = SAMPLES_BETWEEN_BREATHS;
    await breathe();
  }
}

/** Writes a piece into the contexts; answers the slot of each row. Slots of series that were not known go to `newcomers`. */
function writePiece(
  state: PipelineState,
  what: {
    readonly pipeline: Pipeline;
    readonly piece: RangePiece;
    readonly admits: boolean;
    readonly keepToMs: number | undefined;
  },
  newcomers: number[],
  { telemetry, logger }: TaskPorts,
): Int32Array {
  const { pipeline, piece } = what;
  const { labels, grid, values } = piece.block;
  const slotOfRow = new Int32Array(labels.length).fill(NO_SLOT);
  for (let s = 0; s < labels.length; s++) {
    let slot = state.contexts.slotOf(labels[s]!);
    if (slot === undefined) {
      if (!what.admits) continue;
      slot = state.add(labels[s]!, outputLabels(pipeline, labels[s]!));
      if (slot === undefined) {
        tellLeftOut(state, { pipeline: pipeline.name, labels: labels[s]! }, logger);
        continue;
      }
      newcomers.push(slot);
    }
    slotOfRow[s] = slot;
    const run = { startMs: grid.startMs, values, from: s * grid.steps, count: grid.steps };
    state.contexts.write(slot, run, what.keepToMs);
  }
  telemetry.samplesRead.inc({ pipeline: pipeline.name }, piece.samples);
  telemetry.queryBytes.inc({ datasource: sourceName(pipeline) }, piece.bytes);
  if (piece.histograms > 0) telemetry.histogramsSkipped.inc({ pipeline: pipeline.name }, piece.histograms);
  for (const warning of piece.warnings)
    logger.log('warn', 'the data source warns', { pipeline: pipeline.name, warning });
  return slotOfRow;
}

/** Told once for a pipeline, with the first such series; the metric has how many there are. */
function tellLeftOut(
  state: PipelineState,
  { pipeline, labels }: { readonly pipeline: string; readonly labels: Labels },
  logger: TaskPorts['logger'],
): void {
  if (state.leftOut.size === 0)
    logger.log(
      'warn',
      'series left out: another one has the same labels but for the metric name, which is not published; tell them apart by a label, such as label_replace makes it of the name',
      { pipeline, example: formatLabels(labels) },
    );
  if (state.leftOut.size < MOST_LEFT_OUT) state.leftOut.add(labels.key);
}

/** What reads of streams are counted as: they ask a data source for the past only. */
const STREAM = 'proxy';

function sourceName({ datasource, stream }: Pipeline): string {
  return stream === undefined ? datasource : STREAM;
}

function startTimer({ telemetry, clock }: TaskPorts, pipeline: Pipeline) {
  const datasource = sourceName(pipeline);
  const startedMs = clock.nowMs();
  return {
    end(outcome: 'success' | 'failed'): void {
      telemetry.queries.inc({ datasource, outcome });
      telemetry.queryDuration.observe({ datasource }, (clock.nowMs() - startedMs) / 1000);
    },
  };
}

function exactValues(state: PipelineState, exact: readonly ExactPiece[]): ReadResult['valueAt'] {
  const pieces = exact.map(({ piece, slotOfRow }) => {
    const rowOfSlot = new Int32Array(state.contexts.slotCount).fill(NO_ROW);
    slotOfRow.forEach((slot, row) => {
      if (slot !== NO_SLOT) rowOfSlot[slot] = row;
    });
    return { ...piece.block, rowOfSlot };
  });
  const holds = ({ grid }: SeriesBlock, timeMs: number) => timeMs >= grid.startMs && timeMs <= gridEnd(grid);
  // Callers go instant by instant over the slots.
  let block = pieces.at(-1);
  return (slot, timeMs) => {
    if (block === undefined || !holds(block, timeMs)) block = pieces.find((piece) => holds(piece, timeMs));
    if (block === undefined) return state.contexts.at(slot, timeMs);
    const row = block.rowOfSlot[slot] ?? NO_ROW;
    const step = Math.round((timeMs - block.grid.startMs) / block.grid.stepMs);
    return row === NO_ROW ? Number.NaN : block.values[row * block.grid.steps + step]!;
  };
}

function incrementTimeoutMs({ intervalMs }: Pipeline): number {
  return Math.min(Math.max(intervalMs, LEAST_READ_TIMEOUT_MS), FIRST_READ_TIMEOUT_MS);
}
