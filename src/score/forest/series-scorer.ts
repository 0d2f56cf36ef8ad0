import type { SampleRun } from '../../series/context.ts';
import { EMPTY_LABELS, hash32, type Labels } from '../../series/labels.ts';
import {
  type ScoreColumns,
  type ScoreInstant,
  type ScoreOptions,
  type Scorer,
  settleBand,
  setUnscored,
} from '../score.ts';
import { forestEdgeOf, IsolationCalibration, START_ROWS } from './calibration.ts';
import { Forest } from './forest.ts';
import { bytesOf, joinBytes, takeBytes } from './memory.ts';
import type { AffineFeatures } from './tree.ts';

/** A forest of a series: small, since there may be thousands. About 40 kB with what it remembers. */
const TREES = 32;
const DEPTH = 6;
const ROWS = 512;
/** Samples are remembered for this long on average, once the memory is full. */
const MEMORY_MS = 3 * 86_400_000;
/** Newest values that features look at, beside the one that is scored. */
const LAGS = 5;
const FEATURES = 3;
/** Times as far from a calm value as anything remembered is: outside, whatever the trees say. */
const FAR = 5;
const LEAST_EXTENT_SHARE = 1e-3;
const LEAST_EXTENT = 1e-9;
/** A third of a millisecond each, the first time: some series, then a breath. */
const SERIES_AT_ONCE = 32;

/** What is known of one series. */
interface Memory {
  readonly forest: Forest;
  readonly calibration: IsolationCalibration;
  /** Values before the newest, newest first; NaN where there is none. */
  readonly lags: Float64Array;
}

/**
 * Isolation forest of each series by itself, over the newest value, its step from the value before, and the mean of the
 * newest three against the three before.
 */
export class SeriesForestScorer implements Scorer {
  readonly atOnce = SERIES_AT_ONCE;
  readonly #stepMs: number;
  readonly #memories: (Memory | undefined)[] = [];
  readonly #features: AffineFeatures = {
    slope: Float64Array.of(1, 1, 1 / 3),
    centre: new Float64Array(FEATURES),
  };
  readonly #sample = new Float64Array(FEATURES);
  #bytes = 0;

  constructor({ stepMs }: { readonly stepMs: number }) {
    this.#stepMs = stepMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(slot: number, labels: Labels = EMPTY_LABELS): void {
    this.remove(slot);
    const turnover = Math.min(1, (ROWS * this.#stepMs) / MEMORY_MS);
    const shape = { features: FEATURES, trees: TREES, depth: DEPTH, rows: ROWS, turnover, seed: hash32(labels.key) };
    const forest = new Forest(shape);
    const lags = new Float64Array(LAGS).fill(Number.NaN);
    this.#memories[slot] = { forest, lags, calibration: new IsolationCalibration() };
    this.#bytes += forest.bytes;
  }

  remove(slot: number): void {
    this.#bytes -= this.#memories[slot]?.forest.bytes ?? 0;
    this.#memories[slot] = undefined;
  }

  isWarm(slot: number): boolean {
    const memory = this.#memories[slot]!;
    return memory.forest.held >= 2 * memory.forest.least;
  }

  learn(slot: number, run: SampleRun): void {
    const memory = this.#memories[slot]!;
    for (let i = 0; i < run.count; i++) {
      const value = run.values[run.from + i]!;
      if (!Number.isFinite(value)) continue;
      if (this.#look(memory, value)) memory.forest.learn(this.#sample);
      push(memory.lags, value);
    }
  }

  score(columns: ScoreColumns, { slots }: ScoreInstant, options: ScoreOptions): void {
    columns.view.fill(0);
    const edge = forestEdgeOf(options.confidenceLevel);
    for (let i = 0; i < columns.count; i++) {
      const value = columns.value[i]!;
      const memory = this.#memories[slots[i]!]!;
      setUnscored(columns, i);
      if (!Number.isFinite(value)) continue;
      if (this.#look(memory, value)) {
        if (this.isWarm(slots[i]!)) this.#scoreOne(columns, i, { memory, edge }, options);
        this.#look(memory, value);
        memory.forest.learn(this.#sample);
      }
      push(memory.lags, value);
    }
  }

  exportSlot(slot: number): Uint8Array {
    const { forest, calibration, lags } = this.#memories[slot]!;
    return joinBytes([forest.export(), bytesOf(calibration.row), bytesOf(lags)]);
  }

  importSlot(slot: number, memory: Uint8Array): void {
    const { forest, calibration, lags } = this.#memories[slot]!;
    takeBytes(forest.import(memory), [calibration.row, lags]);
  }

  #scoreOne(
    columns: ScoreColumns,
    i: number,
    { memory, edge }: { readonly memory: Memory; readonly edge: number },
    options: ScoreOptions,
  ): void {
    const { forest, calibration, lags } = memory;
    const value = columns.value[i]!;
    const isolation = this.#isolation(memory, value);
    const most = calibration.isolationAt(edge, this.#stepMs);
    const centre = this.#calmPlace(memory, most);
    const lower = centre === undefined ? lags[0]! : this.#edge(forest, centre, -1, most);
    const upper = centre === undefined ? lags[0]! : this.#edge(forest, centre, 1, most);
    calibration.learn(isolation);
    const raw = calibration.rarity(isolation, this.#stepMs) / edge;
    settleBand(columns, i, { lower, upper, expected: centre ?? lags[0]!, raw }, options);
  }

  /** Isolation of a value; the first time the trees are grown, and what they say of their own samples is learnt. */
  #isolation(memory: Memory, value: number): number {
    const { forest, calibration } = memory;
    forest.refresh();
    if (!calibration.isStarted) {
      const rows = Math.min(START_ROWS, forest.held);
      calibration.start(Float64Array.from({ length: rows }, (_, row) => forest.isolation(forest.row(row))));
    }
    this.#look(memory, value);
    return forest.isolation(this.#sample);
  }

  /** Far beyond everything that is remembered is outside, also where isolation would be enough only farther out, or never. */
  #edge(forest: Forest, centre: number, side: number, most: number): number {
    const edge = forest.edge(centre, side, this.#features, most);
    let extent = Math.max(LEAST_EXTENT_SHARE * Math.abs(centre), LEAST_EXTENT);
    for (let row = 0; row < forest.held; row++) extent = Math.max(extent, Math.abs(forest.row(row)[0]! - centre));
    const far = centre + side * FAR * extent;
    return Number.isFinite(edge) && Math.abs(edge - centre) < FAR * extent ? edge : far;
  }

  /** A value at which a sample would not be anomalous: that before it, or one of those before. */
  #calmPlace(memory: Memory, most: number): number | undefined {
    for (const value of memory.lags) {
      this.#look(memory, value);
      if (memory.forest.isolation(this.#sample) < most) return value;
    }
    return undefined;
  }

  /** Puts features of a value into the sample; answers whether enough is known. */
  #look({ lags }: Memory, value: number): boolean {
    if (Number.isNaN(lags[LAGS - 1]!)) return false;
    const { slope, centre } = this.#features;
    centre[1] = lags[0]!;
    centre[2] = lags[2]! + lags[3]! + lags[4]! - lags[0]! - lags[1]!;
    for (let k = 0; k < FEATURES; k++) this.#sample[k] = slope[k]! * (value - centre[k]!);
    return true;
  }
}

function push(lags: Float64Array, value: number): void {
  lags.copyWithin(1, 0, LAGS - 1);
  lags[0] = value;
}
