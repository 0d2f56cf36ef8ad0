import { bytesOf, joinBytes, takeBytes } from './memory.ts';
import {
  type AffineFeatures,
  followPath,
  growTree,
  nodesOf,
  type PathEnd,
  pathLength,
  restOfPath,
  type TreeNodes,
  walkPath,
} from './tree.ts';

/** Thresholds that an edge is looked for over; a forest has some thousand. */
const MOST_THRESHOLDS = 4000;

export interface ForestShape {
  readonly features: number;
  readonly trees: number;
  /** Levels of a tree; it is grown from 2^depth samples. */
  readonly depth: number;
  /** Samples that are remembered, of which trees take some. */
  readonly rows: number;
  /** Share of samples that take the place of a remembered one, once there are enough. */
  readonly turnover: number;
  readonly seed: number;
}

const HEAD = 5;

/**
 * An isolation forest that is never finished: it remembers samples of the last days, a random one giving way to a newer
 * one, and grows one tree anew for every sample it has scored. So it follows what is usual without a training that
 * would have to be waited for. Chance is seeded: the same samples give the same forest.
 */
export class Forest {
  readonly #shape: ForestShape;
  readonly #nodes: TreeNodes;
  readonly #rows: Float64Array;
  readonly #picks: Int32Array;
  /** Rows held, next tree, state of chance, whether trees were grown, samples seen. */
  readonly #head = new Uint32Array(HEAD);

  constructor(shape: ForestShape) {
    this.#shape = shape;
    const nodes = shape.trees * nodesOf(shape.depth);
    this.#nodes = { feature: new Uint16Array(nodes), number: new Float32Array(nodes) };
    this.#rows = new Float64Array(shape.rows * shape.features);
    this.#picks = new Int32Array(2 ** shape.depth);
    this.#head[2] = shape.seed >>> 0;
  }

  get bytes(): number {
    const { feature, number } = this.#nodes;
    return feature.byteLength + number.byteLength + this.#rows.byteLength + this.#picks.byteLength;
  }

  /** Samples remembered. */
  get held(): number {
    return this.#head[0]!;
  }

  /** Samples after which trees can be grown. */
  get least(): number {
    return 2 ** this.#shape.depth;
  }

  row(index: number): Float64Array {
    const { features } = this.#shape;
    return this.#rows.subarray(index * features, (index + 1) * features);
  }

  learn(sample: Float64Array): void {
    const { rows, turnover, features } = this.#shape;
    let place = this.held;
    if (place === rows) {
      if (this.#random() >= turnover) return;
      place = Math.floor(this.#random() * rows);
    } else this.#head[0] = place + 1;
    this.#rows.set(sample.subarray(0, features), place * features);
  }

  /** Grows every tree the first time, then one. */
  refresh(): void {
    const { trees } = this.#shape;
    const isFirst = this.#head[3] === 0;
    for (let i = 0; i < (isFirst ? trees : 1); i++) this.#growNext();
    this.#head[3] = 1;
  }

  /** 2 to the power of −(mean path length, in units of what is usual): about ½ for usual samples, towards 1 for lone ones. */
  isolation(sample: Float64Array): number {
    const { trees, depth } = this.#shape;
    const size = nodesOf(depth);
    let sum = 0;
    for (let tree = 0; tree < trees; tree++) sum += pathLength(this.#nodes, tree * size, sample);
    return 2 ** (-sum / trees / restOfPath(2 ** depth));
  }

  /**
   * What each feature has to do with a sample being alone, summing to 1: the splits on its paths, short paths weighing
   * more (after the local feature importance of Carletti, Terzi, Susto: DIFFI, 2019).
   */
  contributions(sample: Float64Array, target: Float64Array): void {
    const { trees, depth } = this.#shape;
    const size = nodesOf(depth);
    target.fill(0);
    let total = 0;
    for (let tree = 0; tree < trees; tree++) {
      const length = Math.max(pathLength(this.#nodes, tree * size, sample), 1);
      const weight = Math.max(1 / length - 1 / (depth + 1), 0) / length;
      walkPath(this.#nodes, tree * size, sample, (feature) => {
        target[feature]! += weight;
        total += weight;
      });
    }
    if (total > 0) for (let feature = 0; feature < target.length; feature++) target[feature]! /= total;
  }

  /**
   * The edge, on one side (−1, 1) of a value, of the interval around it in which isolation stays below `most`; infinite
   * where it does so for ever. A path changes only where the value crosses a threshold, so the edge is found exactly, from
   * threshold to threshold: the more isolation is allowed, the wider the interval, and never the other way round.
   */
  edge(from: number, side: number, features: AffineFeatures, most: number): number {
    const { trees, depth } = this.#shape;
    const size = nodesOf(depth);
    const least = -Math.log2(most) * restOfPath(2 ** depth) * trees;
    const lengths = new Float64Array(trees);
    const nexts = new Float64Array(trees);
    const end: PathEnd = { length: 0, next: 0 };
    let sum = 0;
    let value = from;
    const follow = (tree: number) => {
      followPath(this.#nodes, tree * size, { value, side, features }, end);
      sum += end.length - lengths[tree]!;
      lengths[tree] = end.length;
      nexts[tree] = end.next;
    };
    for (let tree = 0; tree < trees; tree++) follow(tree);
    for (let i = 0; i < MOST_THRESHOLDS && sum > least; i++) {
      let next = side * Number.POSITIVE_INFINITY;
      for (let tree = 0; tree < trees; tree++) if (side * nexts[tree]! < side * next) next = nexts[tree]!;
      if (!Number.isFinite(next)) return next;
      value = next;
      for (let tree = 0; tree < trees; tree++) if (nexts[tree] === value) follow(tree);
    }
    return value;
  }

  export(): Uint8Array {
    return joinBytes(this.#parts().map(bytesOf));
  }

  /** Takes back what `export` gave; answers the bytes behind it. Other lengths throw RangeError. */
  import(bytes: Uint8Array): Uint8Array {
    return takeBytes(bytes, this.#parts());
  }

  #parts() {
    return [this.#head, this.#rows, this.#nodes.feature, this.#nodes.number];
  }

  #growNext(): void {
    const { trees, depth, features } = this.#shape;
    const tree = this.#head[1]!;
    const random = () => this.#random();
    for (let i = 0; i < this.#picks.length; i++) this.#picks[i] = Math.floor(random() * this.held);
    const samples = { rows: this.#rows, features, picks: this.#picks };
    growTree(this.#nodes, tree * nodesOf(depth), samples, { depth, random });
    this.#head[1] = (tree + 1) % trees;
  }

  /** Uniform in [0, 1): mulberry32. */
  #random(): number {
    const state = (this.#head[2]! + 0x6d2b79f5) >>> 0;
    this.#head[2] = state;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
