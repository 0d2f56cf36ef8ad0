import type { JudgedSet } from '../data/judged-set.ts';
import type { Row } from './rows.ts';
import { eventsOf, MERGED_ROWS } from './scoring/alarms.ts';
import { joined, labelsOnGrid } from './unit.ts';
import type { Watched } from './watch.ts';

/** A stretch of a series that is worth a look: an event that was missed, or an alarm that was false. */
export interface Scene {
  readonly set: string;
  readonly kind: 'miss' | 'false alarm';
  readonly name: string;
  /** Highest score of the event, or of the alarm. */
  readonly peak: number;
  readonly startMs: number;
  readonly stepMs: number;
  readonly values: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** First and last step that is labelled, or alarms. */
  readonly first: number;
  readonly last: number;
}

/** Steps shown before and behind, and of a long stretch at most. */
const AROUND = 120;
const LONGEST = 240;
const KEPT = 12;

type Stretch = Pick<Scene, 'kind' | 'peak' | 'first' | 'last'>;

/** Keeps the worst misses and the loudest false alarms of each set: those that were least, and most, conspicuous. */
export class SceneCollector {
  readonly #kept = new Map<string, Scene[]>();

  get scenes(): readonly Scene[] {
    return [...this.#kept.values()].flat();
  }

  add(set: JudgedSet, watched: Watched, { join }: Pick<Row, 'join'>, threshold: number): void {
    const { judgement, steps } = set;
    if (judgement.kind === 'faults') return;
    const labels = labelsOnGrid(set);
    const from = set.firstRow;
    const add = (scores: Float32Array, seriesOf: (stretch: Stretch) => number) => {
      for (const stretch of stretchesOf({ scores, labels, from, threshold }))
        this.#offer(stretch, () => sceneOf(set, watched, seriesOf(stretch), stretch), set.set);
    };
    if (judgement.kind === 'labels' && set.series.length > 1)
      add(joined(set, watched.score, join), (stretch) => loudestSeries(set, watched, stretch));
    else set.series.forEach((_, s) => void add(watched.score.subarray(s * steps, (s + 1) * steps), () => s));
  }

  #offer(stretch: Stretch, scene: () => Scene, set: string): void {
    const key = `${set} ${stretch.kind}`;
    const kept = this.#kept.get(key) ?? [];
    const sign = stretch.kind === 'miss' ? 1 : -1;
    if (kept.length === KEPT && sign * (stretch.peak - kept.at(-1)!.peak) >= 0) return;
    kept.push(scene());
    kept.sort((a, b) => sign * (a.peak - b.peak));
    this.#kept.set(key, kept.slice(0, KEPT));
  }
}

/** Events without a flag, and alarms without a labelled step. */
function stretchesOf(what: {
  readonly scores: Float32Array;
  readonly labels: Uint8Array;
  readonly from: number;
  readonly threshold: number;
}): Stretch[] {
  const { scores, labels, from, threshold } = what;
  const peakOf = (first: number, last: number) => {
    let peak = 0;
    for (let step = first; step <= last; step++) if (scores[step]! > peak) peak = scores[step]!;
    return peak;
  };
  const misses = eventsOf(labels)
    .filter(([first]) => first >= from)
    .map(([first, last]): Stretch => ({ kind: 'miss', peak: peakOf(first, last), first, last }))
    .filter(({ peak }) => peak <= threshold);
  const alarms: [number, number][] = [];
  for (let step = from; step < scores.length; step++) {
    if (!(scores[step]! > threshold)) continue;
    const newest = alarms.at(-1);
    if (newest !== undefined && step - newest[1] <= MERGED_ROWS) newest[1] = step;
    else alarms.push([step, step]);
  }
  const falseAlarms = alarms
    .filter(([first, last]) => !labels.subarray(first, last + 1).includes(1))
    .map(([first, last]): Stretch => ({ kind: 'false alarm', peak: peakOf(first, last), first, last }));
  return [...misses, ...falseAlarms];
}

/** Of a server, the metric that scored highest. */
function loudestSeries({ series, steps }: JudgedSet, { score }: Watched, { first, last }: Stretch): number {
  let loudest = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < series.length; s++)
    for (let step = first; step <= last; step++) {
      if (!(score[s * steps + step]! > most)) continue;
      most = score[s * steps + step]!;
      loudest = s;
    }
  return loudest;
}

function sceneOf(set: JudgedSet, { lower, upper }: Watched, s: number, stretch: Stretch): Scene {
  const from = Math.max(0, stretch.first - AROUND);
  const to = Math.min(set.steps, Math.min(stretch.last, stretch.first + LONGEST) + AROUND);
  const part = (column: ArrayLike<number>) =>
    Float64Array.from({ length: to - from }, (_, i) => column[s * set.steps + from + i]!);
  return {
    ...stretch,
    set: set.set,
    name: set.series.length === 1 ? set.name : `${set.name} ${set.series[s]}`,
    startMs: set.startMs + from * set.stepMs,
    stepMs: set.stepMs,
    values: part(set.values),
    lower: part(lower),
    upper: part(upper),
    first: stretch.first - from,
    last: Math.min(stretch.last, to - 1) - from,
  };
}
