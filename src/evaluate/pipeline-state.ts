import { CALIBRATION_FLOATS, calibrateRow, initCalibration } from '../forecast/calibrate.ts';
import type { ForecastBlock, SeriesHint } from '../forecast/forecast.ts';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../forecast/quantile.ts';
import type { ScoredStep } from '../ports/publisher.ts';
import type { Scorer } from '../score/score.ts';
import { AlarmColumns, type AlarmMemory } from '../score/shaping/alarm-columns.ts';
import { ContextSet } from '../series/context.ts';
import type { Labels } from '../series/labels.ts';
import { DepartedSet, MOST_DEPARTED, MOST_DEPARTED_YOUNG } from './departed.ts';
import { FlagRate } from './flag-rate.ts';
import type { OnlineColumns } from './online-columns.ts';

const LEVELS = QUANTILE_LEVELS.length;

/** A path is kept as float32 offsets from its first median, like contexts and for the same reasons. */
interface Path {
  startMs: number;
  base: number;
  offsets: Float32Array;
}

/** The published members of a pipeline: entry i of every published column belongs to slots[i] and labels[i]. */
export interface Members {
  readonly slots: readonly number[];
  readonly labels: readonly Labels[];
}

/** The newest step that was published, and whose: entry i of its columns belongs to entry i of the members. */
export interface Shown {
  readonly step: ScoredStep;
  readonly members: Members;
}

/** Everything a pipeline remembers about its series: contexts, forecast paths, calibration, what engines and technique learnt. */
export class PipelineState {
  readonly contexts: ContextSet;
  /** Steps of paths made from now on; one that is there keeps its length. */
  pathSteps: number;
  readonly alarms = new AlarmColumns();
  readonly flagRate: FlagRate;
  /** The memory of the pipeline's technique; its slots are those of the contexts. */
  readonly scorer: Scorer;
  /** What an engine that learns sample by sample knows; its slots are those of the contexts. */
  readonly online: OnlineColumns | undefined;
  /** Input labels of series that are not looked at, since another one is published under the same labels. */
  readonly leftOut = new Set<string>();
  /** Newest instant that was scored; undefined before the first. */
  scoredMs: number | undefined;
  /** What was published last; undefined before the first time. */
  shown: Shown | undefined;
  readonly #departed = new DepartedSet(MOST_DEPARTED);
  readonly #departedYoung = new DepartedSet(MOST_DEPARTED_YOUNG);
  /** Of slots whose series has come back: the newest instant scored before it left. */
  readonly #leftMs: (number | undefined)[] = [];
  readonly #outputLabels: (Labels | undefined)[] = [];
  readonly #outputKeys = new Set<string>();
  readonly #ended: Labels[] = [];
  readonly #paths: (Path | undefined)[] = [];
  readonly #hints: (SeriesHint | undefined)[] = [];
  readonly #flagShare: number[] = [];
  readonly #flags: number[] = [];
  #calibration = new Float32Array(0);
  #members: Members | undefined;

  constructor(options: {
    readonly stepMs: number;
    readonly contextSteps: number;
    readonly pathSteps: number;
    readonly scorer: Scorer;
    readonly online?: OnlineColumns | undefined;
  }) {
    this.contexts = new ContextSet(options.stepMs, options.contextSteps);
    this.pathSteps = options.pathSteps;
    this.scorer = options.scorer;
    this.flagRate = new FlagRate(options.stepMs);
    this.online = options.online;
  }

  /**
   * Adds a series, published under `output`. Answers undefined when another series is published under the same labels
   * already: two inputs that differ in their metric name only.
   */
  add(input: Labels, output: Labels): number | undefined {
    if (this.#outputKeys.has(output.key)) return undefined;
    const slot = this.contexts.add(input);
    this.#outputKeys.add(output.key);
    this.#outputLabels[slot] = output;
    this.#paths[slot] = undefined;
    this.#hints[slot] = undefined;
    this.#flagShare[slot] = 0;
    this.#flags[slot] = 0;
    this.#growCalibration(slot + 1);
    initCalibration(this.#calibration, slot * CALIBRATION_FLOATS);
    this.scorer.add(slot, output);
    const departed = this.#departed.take(output.key) ?? this.#departedYoung.take(output.key);
    if (departed !== undefined) this.scorer.importSlot(slot, departed.memory);
    this.#leftMs[slot] = departed?.leftMs;
    this.online?.add(slot);
    this.alarms.clear(slot);
    this.flagRate.clear(slot);
    this.#members = undefined;
    return slot;
  }

  remove(slot: number): Labels {
    const output = this.#outputLabels[slot]!;
    this.#outputKeys.delete(output.key);
    this.#outputLabels[slot] = undefined;
    this.#paths[slot] = undefined;
    this.#hints[slot] = undefined;
    this.contexts.remove(slot);
    this.scorer.remove(slot);
    this.online?.remove(slot);
    this.#members = undefined;
    return output;
  }

  /** As `remove`, for a series that may come back: what the technique learnt of it is kept for a while. */
  part(slot: number): void {
    const memory = this.scorer.exportSlot(slot);
    const { key } = this.outputLabels(slot);
    if (memory !== undefined && this.scoredMs !== undefined)
      (this.scorer.isWarm(slot) ? this.#departed : this.#departedYoung).keep(key, { memory, leftMs: this.scoredMs });
    this.#ended.push(this.remove(slot));
  }

  /**
   * Output labels of the series that parted since the last call and did not come back. They wait here, since an evaluation
   * may fail between a series' end and the publishing of it.
   */
  takeEnded(): Labels[] {
    return this.#ended.splice(0).filter(({ key }) => !this.#outputKeys.has(key));
  }

  /** Has the technique start anew with a series that has come back. */
  forget(slot: number): void {
    this.scorer.add(slot, this.outputLabels(slot));
    this.#leftMs[slot] = undefined;
  }

  /** Where a series has come back: the newest instant that was scored before it left. */
  leftMs(slot: number): number | undefined {
    return this.#leftMs[slot];
  }

  outputLabels(slot: number): Labels {
    return this.#outputLabels[slot]!;
  }

  get members(): Members {
    if (this.#members === undefined) {
      const slots = [...this.contexts.slots()];
      this.#members = { slots, labels: slots.map((slot) => this.#outputLabels[slot]!) };
    }
    return this.#members;
  }

  /** Whether a path made before an instant reaches it. A path of NaN counts: the engine had nothing to say. */
  covers(slot: number, timeMs: number): boolean {
    const path = this.#paths[slot];
    if (path === undefined) return false;
    return timeMs >= path.startMs && timeMs < path.startMs + (path.offsets.length / LEVELS) * this.contexts.stepMs;
  }

  /** Whether the slot's newest path says something. */
  hasForecast(slot: number): boolean {
    const path = this.#paths[slot];
    return path !== undefined && Number.isFinite(path.base);
  }

  setPath(slot: number, block: ForecastBlock, index: number): void {
    const from = index * block.steps * LEVELS;
    const base = block.quantiles[from + MEDIAN_INDEX]!;
    const size = this.pathSteps * LEVELS;
    const before = this.#paths[slot]?.offsets;
    const offsets = before?.length === size ? before : new Float32Array(size);
    for (let i = 0; i < offsets.length; i++)
      offsets[i] = i < block.steps * LEVELS ? block.quantiles[from + i]! - base : Number.NaN;
    this.#paths[slot] = { startMs: block.startMs, base, offsets };
    this.#hints[slot] = block.hints[index];
  }

  hint(slot: number): SeriesHint | undefined {
    return this.#hints[slot];
  }

  /** Steps ahead an instant lies in the slot's path: 1 for its first step. */
  leadSteps(slot: number, timeMs: number): number {
    return Math.round((timeMs - this.#paths[slot]!.startMs) / this.contexts.stepMs) + 1;
  }

  /** Writes the path's quantiles for an instant as the engine gave them; NaN where the path does not reach. */
  rawRow(slot: number, timeMs: number, target: Float64Array, at: number): void {
    if (!this.covers(slot, timeMs)) {
      target.fill(Number.NaN, at, at + LEVELS);
      return;
    }
    const path = this.#paths[slot]!;
    const from = (this.leadSteps(slot, timeMs) - 1) * LEVELS;
    for (let level = 0; level < LEVELS; level++) target[at + level] = path.base + path.offsets[from + level]!;
  }

  /** As `rawRow`, then recalibrated by the errors of this series. */
  calibratedRow(slot: number, timeMs: number, target: Float64Array, at: number): void {
    this.rawRow(slot, timeMs, target, at);
    if (!Number.isFinite(target[at + MEDIAN_INDEX]!)) return;
    calibrateRow(this.#calibration, slot * CALIBRATION_FLOATS, this.leadSteps(slot, timeMs), target, at);
  }

  get calibration(): Float32Array {
    return this.#calibration;
  }

  /** Share of recent samples of a slot that lay beyond the forecast's band, in an exponential window. */
  flagShare(slot: number): number {
    return this.#flagShare[slot]!;
  }

  learnFlagShare(slot: number, isBeyond: boolean, weight: number): void {
    this.#flagShare[slot]! += weight * ((isBeyond ? 1 : 0) - this.#flagShare[slot]!);
  }

  setFlag(slot: number, flag: number): void {
    this.#flags[slot] = flag;
  }

  /** Flag of the newest scored sample: −1, 0, 1. */
  flag(slot: number): number {
    return this.#flags[slot]!;
  }

  /** Bytes held for contexts, paths, calibration, the technique and what an online engine learnt. */
  get bytes(): number {
    let bytes =
      this.contexts.bytes + this.#calibration.byteLength + this.scorer.bytes + this.alarms.bytes + this.flagRate.bytes;
    bytes += this.#departed.bytes + this.#departedYoung.bytes;
    for (const slot of this.contexts.slots()) {
      bytes += (this.#paths[slot]?.offsets.byteLength ?? 0) + (this.#hints[slot]?.memory?.byteLength ?? 0);
    }
    return bytes + (this.online?.bytes ?? 0);
  }

  /** The parts of a slot that a snapshot keeps beside its context. */
  exportSlot(slot: number): SlotMemory {
    const path = this.#paths[slot];
    return {
      hint: this.#hints[slot],
      path: path && { startMs: path.startMs, base: path.base, offsets: path.offsets },
      calibration: this.#calibration.subarray(slot * CALIBRATION_FLOATS, (slot + 1) * CALIBRATION_FLOATS),
      flagShare: this.#flagShare[slot]!,
      scorer: this.scorer.exportSlot(slot),
      alarm: this.alarms.export(slot),
      online: this.online?.export(slot),
    };
  }

  importSlot(slot: number, memory: SlotMemory): void {
    this.#hints[slot] = memory.hint;
    this.#paths[slot] = memory.path && { ...memory.path };
    this.#calibration.set(memory.calibration, slot * CALIBRATION_FLOATS);
    this.#flagShare[slot] = memory.flagShare;
    if (memory.scorer !== undefined) this.scorer.importSlot(slot, memory.scorer);
    if (memory.alarm !== undefined) this.alarms.import(slot, memory.alarm);
    if (memory.online !== undefined) this.online?.import(slot, memory.online);
  }

  #growCalibration(slots: number): void {
    if (slots * CALIBRATION_FLOATS <= this.#calibration.length) return;
    const grown = new Float32Array(
      Math.max(slots, 16, Math.ceil(this.#calibration.length / CALIBRATION_FLOATS) * 1.5) * CALIBRATION_FLOATS,
    );
    grown.set(this.#calibration);
    this.#calibration = grown;
  }
}

export interface SlotMemory {
  readonly hint: SeriesHint | undefined;
  readonly path: { readonly startMs: number; readonly base: number; readonly offsets: Float32Array } | undefined;
  readonly calibration: Float32Array;
  readonly flagShare: number;
  /** What the technique keeps of the slot. */
  readonly scorer: Uint8Array | undefined;
  readonly alarm: AlarmMemory | undefined;
  /** What the online engine learnt of the slot. */
  readonly online: Uint8Array | undefined;
}
