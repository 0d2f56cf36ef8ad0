import { OpenAnomalyError } from '../errors.ts';
import { CALENDAR_VERSION } from '../forecast/calendar/shape.ts';
import { CALIBRATION_FLOATS } from '../forecast/calibrate.ts';
import type { SeriesHint } from '../forecast/forecast.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import type { AlarmMemory } from '../score/shaping/alarm-columns.ts';
import { techniqueByName } from '../score/techniques.ts';
import { EMPTY_LABELS, labelsFromRecord, labelsToRecord } from '../series/labels.ts';
import type { FlagRateMemory } from './flag-rate.ts';
import type { PipelineState } from './pipeline-state.ts';
import { outputLabels } from './read-task.ts';
import { contextStepsOf, learnsOnline, makesForecasts } from './state-shape.ts';
import { SHOWN_VALUES, shownRow, stepFromRows } from './step-rows.ts';

/**
 * A pipeline's state as bytes. A head record (JSON), then one record per series: JSON, then columns. Every
 * record is a uint32 length, UTF-8 JSON padded to four bytes, and the columns whose lengths the JSON names, the
 * technique's bytes, those the engine wants back, those of an online engine and what was published last. Little endian. Integrity is the store's affair; here the version and the signature decide whether the content still fits.
 */
const VERSION = 6;

interface Head {
  readonly version: number;
  readonly signature: string;
  readonly endMs: number;
  readonly scoredMs: number | null;
  readonly series: number;
  readonly flagRate?: FlagRateMemory;
  /** Instant of the step that was published last, where it is kept: then each record has its row of it. */
  readonly shownMs?: number;
}

interface SeriesRecord {
  readonly labels: Readonly<Record<string, string>>;
  readonly ring: { readonly startMs: number; readonly base: number; readonly length: number } | null;
  readonly path: { readonly startMs: number; readonly base: number | null; readonly length: number } | null;
  readonly hint: Omit<SeriesHint, 'memory'> | null;
  /** Bytes of the hint's memory; absent without one. */
  readonly memory?: number;
  readonly flagShare: number;
  /** Bytes of the technique's memory. */
  readonly scorer: number;
  readonly alarm?: AlarmMemory;
  /** Bytes of what an online engine learnt; absent without one. */
  readonly online?: number;
}

/** What must be the same for a state to be of use: anything that changes what contexts, paths or labels mean. */
export function stateSignature(pipeline: Pipeline): string {
  const { name, datasource, query, stepMs, contextWindowMs, predictionHorizonMs, labels, model, anomaly } = pipeline;
  const technique = techniqueByName(anomaly.technique);
  const knowsCalendar = learnsOnline(pipeline) || model.id === 'auto';
  return JSON.stringify([
    VERSION,
    CALIBRATION_FLOATS,
    name,
    datasource,
    query,
    stepMs,
    contextWindowMs,
    predictionHorizonMs,
    labels,
    model,
    anomaly.technique,
    anomaly.by,
    pipeline.isMultivariate,
    contextStepsOf(pipeline, technique.needs),
    makesForecasts(pipeline),
    ...(pipeline.stream === undefined ? [] : [pipeline.stream]),
    ...(knowsCalendar ? [CALENDAR_VERSION] : []),
    ...(knowsCalendar || technique.knowsTimeOfDay === true ? [pipeline.timezone] : []),
  ]);
}

/** Chunks of a snapshot, made one series at a time; undefined before the first evaluation. */
export function encodeSnapshot(state: PipelineState, pipeline: Pipeline): Iterable<Uint8Array> | undefined {
  const endMs = state.contexts.endMs;
  return endMs === undefined ? undefined : encodeChunks(state, pipeline, endMs);
}

function* encodeChunks(state: PipelineState, pipeline: Pipeline, endMs: number): Iterable<Uint8Array> {
  const { slots } = state.members;
  // Where members have come or gone since, nothing of it would be shown again for long.
  const shown = state.shown?.members === state.members ? state.shown.step : undefined;
  const head: Head = {
    version: VERSION,
    signature: stateSignature(pipeline),
    endMs,
    scoredMs: state.scoredMs ?? null,
    series: slots.length,
    flagRate: state.flagRate.export(),
    ...(shown && { shownMs: shown.timestampMs }),
  };
  yield encodeRecord(head, []);
  for (const [i, slot] of slots.entries()) {
    const ring = state.contexts.exportRing(slot);
    const { path, hint, calibration, flagShare, scorer, alarm, online } = state.exportSlot(slot);
    const { memory, ...rest } = hint ?? {};
    const record: SeriesRecord = {
      labels: labelsToRecord(state.contexts.labelsOf(slot)),
      ring: ring ? { startMs: ring.startMs, base: ring.base, length: ring.offsets.length } : null,
      path: path
        ? { startMs: path.startMs, base: Number.isFinite(path.base) ? path.base : null, length: path.offsets.length }
        : null,
      hint: hint === undefined ? null : (rest as Omit<SeriesHint, 'memory'>),
      ...(memory && { memory: memory.length }),
      flagShare,
      scorer: scorer?.length ?? 0,
      ...(alarm && { alarm }),
      ...(online && { online: online.length }),
    };
    const row = shown && shownRow(shown, i);
    yield encodeRecord(record, [ring?.offsets, path?.offsets, calibration, scorer, memory, online, row]);
  }
}

/**
 * The state a snapshot holds, or undefined when it belongs to another shape of the pipeline. Throws `snapshot_broken`
 * for bytes that are no snapshot.
 */
export function decodeSnapshot(
  bytes: Uint8Array,
  shape: { readonly pipeline: Pipeline; readonly create: () => PipelineState },
): PipelineState | undefined {
  try {
    return decode(bytes, shape);
  } catch (cause) {
    throw new OpenAnomalyError('snapshot_broken', `the snapshot of pipeline "${shape.pipeline.name}" cannot be read`, {
      cause,
    });
  }
}

function decode(
  bytes: Uint8Array,
  { pipeline, create }: { readonly pipeline: Pipeline; readonly create: () => PipelineState },
): PipelineState | undefined {
  const reader = new RecordReader(bytes);
  const head = reader.json() as Head;
  if (head.version !== VERSION || head.signature !== stateSignature(pipeline)) return undefined;
  const state = create();
  state.contexts.advanceTo(head.endMs);
  state.scoredMs = head.scoredMs ?? undefined;
  if (head.flagRate !== undefined) state.flagRate.import(head.flagRate);
  const rows: Float64Array[] = [];
  for (let i = 0; i < head.series; i++) {
    const record = reader.json() as SeriesRecord;
    const ring = record.ring && { ...record.ring, offsets: reader.floats(record.ring.length) };
    const path = record.path && {
      ...record.path,
      base: record.path.base ?? Number.NaN,
      offsets: reader.floats(record.path.length),
    };
    const calibration = reader.floats(CALIBRATION_FLOATS);
    const scorer = record.scorer === 0 ? undefined : reader.bytes(record.scorer);
    const memory = record.memory === undefined ? undefined : reader.bytes(record.memory);
    const online = record.online === undefined ? undefined : reader.bytes(record.online);
    const row = head.shownMs === undefined ? undefined : reader.doubles(SHOWN_VALUES);
    const labels = Object.keys(record.labels).length === 0 ? EMPTY_LABELS : labelsFromRecord(record.labels);
    const slot = state.add(labels, outputLabels(pipeline, labels));
    if (slot === undefined) continue;
    if (row !== undefined) rows.push(row);
    if (ring) state.contexts.importRing(slot, ring);
    state.importSlot(slot, {
      hint: record.hint ? { ...record.hint, ...(memory && { memory }) } : undefined,
      path: path ?? undefined,
      calibration,
      flagShare: record.flagShare,
      scorer,
      alarm: record.alarm,
      online,
    });
  }
  if (head.shownMs !== undefined) {
    const step = stepFromRows(head.shownMs, rows);
    state.shown = { step, members: state.members };
    state.members.slots.forEach((slot, i) => {
      state.setFlag(slot, step.anomaly[i]! || 0);
    });
  }
  return state;
}

function encodeRecord(
  json: unknown,
  columns: readonly (Float32Array | Float64Array | Uint8Array | undefined)[],
): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const padded = Math.ceil(text.length / 4) * 4;
  const bytes = columns.reduce((sum, column) => sum + (column?.byteLength ?? 0), 0);
  const record = new Uint8Array(4 + padded + bytes);
  new DataView(record.buffer).setUint32(0, text.length, true);
  record.set(text, 4);
  let at = 4 + padded;
  for (const column of columns) {
    if (column === undefined) continue;
    record.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  return record;
}

class RecordReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A view of the plain kind: `slice` of a Node.js Buffer would share memory instead of copying it.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  json(): unknown {
    const length = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 4).getUint32(0, true);
    const text = this.#take(4, length);
    this.#at += Math.ceil(length / 4) * 4 - length;
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  }

  bytes(count: number): Uint8Array {
    return this.#take(0, count).slice();
  }

  floats(count: number): Float32Array {
    // Copied: the file's bytes need not lie on a float boundary, and the whole file must not be kept alive.
    return new Float32Array(this.#take(0, count * 4).slice().buffer);
  }

  doubles(count: number): Float64Array {
    return new Float64Array(this.#take(0, count * 8).slice().buffer);
  }

  #take(skip: number, length: number): Uint8Array {
    const from = this.#at + skip;
    if (from + length > this.#bytes.length) throw new RangeError('the snapshot ends early');
    this.#at = from + length;
    return this.#bytes.subarray(from, from + length);
  }
}
