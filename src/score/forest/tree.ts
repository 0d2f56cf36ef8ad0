/**
 * Isolation trees (Liu, Ting, Zhou: Isolation Forest, 2008) in two flat arrays: a node is a feature and a threshold, or a
 * leaf and the length of the path to it. Node n has its children at 2n + 1 (below the threshold) and 2n + 2. Thresholds are
 * also drawn a little beyond the samples, so that a value beyond all of them is alone early, not where the largest is.
 */

/** In the place of a feature: the node is a leaf. */
const LEAF = 65_535;
/**
 * How far beyond the samples a threshold may lie, in their range; where they do not move, in their size. Two splits of three
 * then look beyond the samples, since what was never seen matters more here than thin places among what was.
 */
const MARGIN = 1;
const STILL_MARGIN = 1e-3;
const LEAST_MARGIN = 1e-9;

const EULER = 0.5772156649015329;

export function nodesOf(depth: number): number {
  return 2 ** (depth + 1) - 1;
}

/** Mean length of an unsuccessful search in a binary tree of `size` samples: what a leaf's samples would still need. */
export function restOfPath(size: number): number {
  if (size <= 1) return 0;
  if (size === 2) return 1;
  return 2 * (Math.log(size - 1) + EULER) - (2 * (size - 1)) / size;
}

export interface TreeNodes {
  readonly feature: Uint16Array;
  /** Threshold of a node, path length of a leaf. */
  readonly number: Float32Array;
}

export interface Samples {
  /** Row r is rows[r · features …]. */
  readonly rows: Float64Array;
  readonly features: number;
  /** The rows the tree is grown from; their order is changed. */
  readonly picks: Int32Array;
}

/** Grows a tree of at most `depth` levels into the nodes from `at` on. `random` is uniform in [0, 1). */
export function growTree(
  nodes: TreeNodes,
  at: number,
  samples: Samples,
  { depth, random }: { readonly depth: number; readonly random: () => number },
): void {
  const grow = (node: number, from: number, to: number, level: number): void => {
    if (level === depth || to - from <= 1) {
      nodes.feature[at + node] = LEAF;
      nodes.number[at + node] = level + restOfPath(to - from);
      return;
    }
    const feature = Math.floor(random() * samples.features);
    const threshold = Math.fround(drawThreshold(samples, { feature, from, to }, random));
    nodes.feature[at + node] = feature;
    nodes.number[at + node] = threshold;
    const middle = split(samples, { feature, from, to }, threshold);
    grow(2 * node + 1, from, middle, level + 1);
    grow(2 * node + 2, middle, to, level + 1);
  };
  grow(0, 0, samples.picks.length, 0);
}

/** Length of the path of a sample. */
export function pathLength({ feature, number }: TreeNodes, at: number, sample: Float64Array): number {
  let node = 0;
  for (let f = feature[at]!; f !== LEAF; f = feature[at + node]!)
    node = 2 * node + (sample[f]! < number[at + node]! ? 1 : 2);
  return number[at + node]!;
}

/** Calls `credit` with the feature and level of each node on the path of a sample. */
export function walkPath(
  { feature, number }: TreeNodes,
  at: number,
  sample: Float64Array,
  credit: (feature: number) => void,
): void {
  let node = 0;
  for (let f = feature[at]!; f !== LEAF; f = feature[at + node]!) {
    credit(f);
    node = 2 * node + (sample[f]! < number[at + node]! ? 1 : 2);
  }
}

interface Part {
  readonly feature: number;
  readonly from: number;
  readonly to: number;
}

function drawThreshold({ rows, features, picks }: Samples, { feature, from, to }: Part, random: () => number): number {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    const value = rows[picks[i]! * features + feature]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const range = most - least;
  const margin = range > 0 ? MARGIN * range : Math.max(STILL_MARGIN * Math.abs(most), LEAST_MARGIN);
  const place = random();
  if (range > 0) return least - margin + place * (range + 2 * margin);
  return place < 0.5 ? least - margin * (1 - 2 * place) : most + margin * (2 * place - 1);
}

function split({ rows, features, picks }: Samples, { feature, from, to }: Part, threshold: number): number {
  let middle = from;
  for (let i = from; i < to; i++) {
    const pick = picks[i]!;
    if (rows[pick * features + feature]! >= threshold) continue;
    picks[i] = picks[middle]!;
    picks[middle] = pick;
    middle++;
  }
  return middle;
}

/** Features that are affine in the newest value: feature k is slope[k] · (value − centre[k]). */
export interface AffineFeatures {
  readonly slope: Float64Array;
  readonly centre: Float64Array;
}

/** Where a path stands: its length, and the value at which it changes next on a side. */
export interface PathEnd {
  length: number;
  next: number;
}

/** Follows the path of a value, taken as just beyond `value` on a side (−1 or 1). */
export function followPath(
  { feature, number }: TreeNodes,
  at: number,
  from: { readonly value: number; readonly side: number; readonly features: AffineFeatures },
  end: PathEnd,
): void {
  const { value, side, features } = from;
  let next = side * Number.POSITIVE_INFINITY;
  let node = 0;
  for (let f = feature[at]!; f !== LEAF; f = feature[at + node]!) {
    const threshold = number[at + node]! / features.slope[f]! + features.centre[f]!;
    const isBelow = side > 0 ? value < threshold : value <= threshold;
    if (isBelow === side > 0 && side * threshold < side * next) next = threshold;
    node = 2 * node + (isBelow ? 1 : 2);
  }
  end.length = number[at + node]!;
  end.next = next;
}
