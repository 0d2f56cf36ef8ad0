import { EMPTY_LABELS, hash32, type Labels, labelValue } from '../../series/labels.ts';
import {
  compressScore,
  isOutsideRange,
  OUTSIDE_RANGE,
  type ScoreColumns,
  type ScoreInstant,
  type ScoreOptions,
  type Scorer,
  setUnscored,
} from '../score.ts';
import { forestEdgeOf, IsolationCalibration, START_ROWS } from './calibration.ts';
import { Forest } from './forest.ts';
import { bytesOf, joinBytes, takeBytes } from './memory.ts';

/** Larger than that of a series: there are more features to look at, and fewer forests. */
const TREES = 100;
const DEPTH = 7;
const ROWS = 1024;
const MEMORY_MS = 3 * 86_400_000;
/** Features of a member: its value, and its step from the value before. */
const FEATURES = 2;
/** Weight of the newest value in a member's level, which only tells above from below. */
const LEVEL_RATE = 0.01;

/** Series that are one sample together. */
interface Group {
  readonly key: string;
  /** Slots of the members; entry k has the features 2k and 2k + 1. */
  readonly slots: number[];
  readonly names: string[];
  /** Made for the members there are; undefined while they change. */
  body: Body | undefined;
}

interface Body {
  readonly forest: Forest;
  readonly calibration: IsolationCalibration;
  readonly sample: Float64Array;
  readonly contributions: Float64Array;
  /** Newest value and level of each member, NaN before the first. */
  readonly last: Float64Array;
  readonly level: Float64Array;
}

/**
 * One isolation forest over the series of a group: an instant of all of them is one sample. The score is the group's;
 * a member's is that share of it that it has to do with, the largest contributor having all of it.
 */
export class GroupForestScorer implements Scorer {
  readonly atOnce = Number.POSITIVE_INFINITY;
  readonly #by: readonly string[];
  readonly #stepMs: number;
  readonly #groups = new Map<string, Group>();
  readonly #groupOf: (Group | undefined)[] = [];
  /** Memories of groups whose members are not all there yet, after a restart. */
  readonly #kept = new Map<Group, Uint8Array>();

  constructor({ stepMs, by }: { readonly stepMs: number; readonly by: readonly string[] }) {
    this.#stepMs = stepMs;
    this.#by = by;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { body } of this.#groups.values()) bytes += body?.forest.bytes ?? 0;
    return bytes;
  }

  /** A group whose members change starts anew. A slot that is added again as it was stays. */
  add(slot: number, labels: Labels = EMPTY_LABELS): void {
    const key = JSON.stringify(this.#by.map((name) => labelValue(labels, name) ?? ''));
    const known = this.#groupOf[slot];
    if (known?.key === key && known.names[known.slots.indexOf(slot)] === labels.key) return;
    this.remove(slot);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { key, slots: [], names: [], body: undefined };
      this.#groups.set(key, group);
    }
    group.slots.push(slot);
    group.names.push(labels.key);
    group.body = undefined;
    this.#groupOf[slot] = group;
  }

  remove(slot: number): void {
    const group = this.#groupOf[slot];
    if (group === undefined) return;
    this.#groupOf[slot] = undefined;
    const k = group.slots.indexOf(slot);
    group.slots.splice(k, 1);
    group.names.splice(k, 1);
    group.body = undefined;
    if (group.slots.length === 0) this.#groups.delete(group.key);
  }

  isWarm(slot: number): boolean {
    const forest = this.#groupOf[slot]?.body?.forest;
    return forest !== undefined && forest.held >= 2 * forest.least;
  }

  /** A member alone says nothing of the group; the first instants are learnt as they are scored. */
  learn(): void {}

  score(columns: ScoreColumns, { slots, excluded }: ScoreInstant, options: ScoreOptions): void {
    columns.view.fill(0);
    columns.contribution?.fill(Number.NaN);
    const entryOf = new Map<number, number>();
    for (let i = 0; i < columns.count; i++) {
      setUnscored(columns, i);
      if (Number.isFinite(columns.value[i]!) && excluded?.[i] !== 1) entryOf.set(slots[i]!, i);
    }
    for (const group of this.#groups.values()) this.#scoreGroup(group, columns, entryOf, options);
  }

  exportSlot(slot: number): Uint8Array | undefined {
    const group = this.#groupOf[slot];
    // The whole memory of a group goes with its first member.
    if (group?.body === undefined || group.slots[0] !== slot) return undefined;
    const { forest, calibration, last, level } = group.body;
    const names = Uint32Array.of(hash32(group.names.join('\n')));
    return joinBytes([bytesOf(names), forest.export(), bytesOf(calibration.row), bytesOf(last), bytesOf(level)]);
  }

  importSlot(slot: number, memory: Uint8Array): void {
    const group = this.#groupOf[slot];
    if (group !== undefined && group.body === undefined) this.#kept.set(group, memory);
  }

  #bodyOf(group: Group): Body {
    if (group.body !== undefined) return group.body;
    const members = group.slots.length;
    const features = FEATURES * members;
    const turnover = Math.min(1, (ROWS * this.#stepMs) / MEMORY_MS);
    const shape = { features, trees: TREES, depth: DEPTH, rows: ROWS, turnover, seed: hash32(group.key) };
    const body = {
      forest: new Forest(shape),
      calibration: new IsolationCalibration(),
      sample: new Float64Array(features),
      contributions: new Float64Array(features),
      last: new Float64Array(members).fill(Number.NaN),
      level: new Float64Array(members).fill(Number.NaN),
    };
    group.body = body;
    const kept = this.#kept.get(group);
    this.#kept.delete(group);
    const names = Uint32Array.of(0);
    if (kept === undefined) return body;
    const rest = takeBytes(kept, [names]);
    // Other members than when it was written: of no use.
    if (names[0] !== hash32(group.names.join('\n'))) return body;
    takeBytes(body.forest.import(rest), [body.calibration.row, body.last, body.level]);
    return body;
  }

  #scoreGroup(group: Group, columns: ScoreColumns, entryOf: ReadonlyMap<number, number>, options: ScoreOptions): void {
    const present = group.slots.filter((slot) => entryOf.has(slot)).length;
    // Half a group says more about what is missing than about what is there.
    if (2 * present < group.slots.length || present === 0) return;
    const body = this.#bodyOf(group);
    const { sample, last, level, forest } = body;
    for (let k = 0; k < group.slots.length; k++) {
      const entry = entryOf.get(group.slots[k]!);
      const before = last[k]!;
      const value = entry === undefined ? before : columns.value[entry]!;
      sample[2 * k] = Number.isNaN(value) ? 0 : value;
      sample[2 * k + 1] = Number.isNaN(before) ? 0 : value - before;
    }
    if (forest.held >= 2 * forest.least) this.#scoreMembers(group, body, columns, { entryOf, options });
    forest.learn(sample);
    for (let k = 0; k < group.slots.length; k++) {
      const entry = entryOf.get(group.slots[k]!);
      if (entry === undefined) continue;
      const value = columns.value[entry]!;
      last[k] = value;
      level[k] = Number.isNaN(level[k]!) ? value : level[k]! + LEVEL_RATE * (value - level[k]!);
    }
  }

  #scoreMembers(
    group: Group,
    body: Body,
    columns: ScoreColumns,
    { entryOf, options }: { readonly entryOf: ReadonlyMap<number, number>; readonly options: ScoreOptions },
  ): void {
    const { forest, calibration, sample, contributions, level } = body;
    forest.refresh();
    if (!calibration.isStarted) {
      const rows = Math.min(START_ROWS, forest.held);
      calibration.start(Float64Array.from({ length: rows }, (_, row) => forest.isolation(forest.row(row))));
    }
    const isolation = forest.isolation(sample);
    const joint = calibration.rarity(isolation, this.#stepMs) / forestEdgeOf(options.confidenceLevel);
    calibration.learn(isolation);
    forest.contributions(sample, contributions);
    let most = 0;
    for (let k = 0; k < group.slots.length; k++)
      most = Math.max(most, contributions[2 * k]! + contributions[2 * k + 1]!);
    for (let k = 0; k < group.slots.length; k++) {
      const i = entryOf.get(group.slots[k]!);
      if (i === undefined) continue;
      const share = contributions[2 * k]! + contributions[2 * k + 1]!;
      const score = compressScore(most > 0 ? (joint * share) / most : joint);
      if (columns.contribution !== undefined) columns.contribution[i] = share;
      flag(columns, i, { score, side: columns.value[i]! < level[k]! ? -1 : 1 }, options);
    }
  }
}

/** Score and flag of a member. A group has no band in the unit of a member: it would depend on all the others. */
function flag(
  columns: ScoreColumns,
  i: number,
  { score, side }: { readonly score: number; readonly side: number },
  options: ScoreOptions,
): void {
  const outsideRange = isOutsideRange(columns.value[i]!, options.dataRange);
  const settled = outsideRange ? Math.max(score, OUTSIDE_RANGE * Math.max(options.threshold, 1)) : score;
  const isWatched = options.direction === 'both' || (options.direction === 'above') === side > 0;
  columns.score[i] = settled;
  columns.anomaly[i] = outsideRange || (isWatched && settled > options.threshold) ? side : 0;
}
