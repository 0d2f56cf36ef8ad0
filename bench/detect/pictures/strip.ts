import type { JudgedSet } from '../../data/judged-set.ts';
import { labelsOnGrid } from '../unit.ts';
import type { Watched } from '../watch.ts';
import {
  areaBetween,
  COLOURS,
  dotAt,
  lineAt,
  type Point,
  pathThrough,
  picture,
  scaleOf,
  textAt,
  ticksIn,
} from './chart.ts';

const [LEFT, RIGHT] = [60, 940];
const VALUES = { top: 50, bottom: 215 };
const SCORES = { top: 233, bottom: 304 };
const HEIGHT = 330;
const HOUR_MS = 3_600_000;
/** The band may not make a strip higher than this many times what the values need. */
const MOST_STRETCH = 2.4;
/** Flags so many steps apart are told of once. */
const SPELL_STEPS = 3;

/** A stretch of a series that was watched, with what is said of it. */
export interface Strip {
  readonly title: string;
  readonly note: string;
  readonly set: JudgedSet;
  readonly watched: Watched;
  readonly fromMs: number;
  readonly toMs: number;
  /** Names of the views: then each spell of flags says which of them spoke. */
  readonly views?: readonly string[];
}

/** Strips below one another: value, band and flags above, the score below. */
export function stripsPicture(title: string, strips: readonly Strip[]): string {
  return picture(
    title,
    strips.length * HEIGHT + 10,
    strips.map((strip, i) => stripAt(strip, i * HEIGHT)),
  );
}

function stripAt(strip: Strip, y: number): string {
  const { set, watched, fromMs, toMs } = strip;
  const first = Math.round((fromMs - set.startMs) / set.stepMs);
  const count = Math.round((toMs - fromMs) / set.stepMs) + 1;
  const part = (column: ArrayLike<number>) => Array.from({ length: count }, (_, i) => column[first + i]!);
  const values = part(set.values);
  const [lower, upper, score] = [part(watched.lower), part(watched.upper), part(watched.score)];
  const x = scaleOf([0, count - 1], [LEFT, RIGHT]);
  const [low, high] = rangeOf(values, lower, upper);
  const valueY = scaleOf([low, high], [y + VALUES.bottom, y + VALUES.top]);
  const clipped = (value: number) => valueY(Math.max(low, Math.min(high, value)));
  const most = Math.max(1.2, ...score.filter(Number.isFinite));
  const scoreY = scaleOf([0, most], [y + SCORES.bottom, y + SCORES.top]);
  const points = (column: readonly number[], at: (value: number) => number): Point[] =>
    column.map((value, i) => [x(i), at(value)]);
  const flagged = score.flatMap((each, i) => (each > 1 ? [i] : []));
  return [
    textAt(LEFT, y + 24, strip.title, { kind: 't' }),
    textAt(LEFT, y + 40, strip.note, { kind: 's' }),
    ...labelBoxes(part(labelsOnGrid(set)), x, y),
    ...ticksIn(low, high, 4).flatMap((tick) => gridLine(valueY(tick), String(tick))),
    areaBetween(points(lower, clipped), points(upper, clipped), COLOURS.band),
    pathThrough(points(values, valueY), COLOURS.value),
    ...flagged.map((i) => dotAt([x(i), valueY(values[i]!)], COLOURS.flag)),
    ...spellNotes(strip, flagged, { first, x, valueY, values }),
    ...ticksIn(0, most, 3).flatMap((tick) => gridLine(scoreY(tick), String(tick))),
    pathThrough(points(score, scoreY), COLOURS.score),
    lineAt([LEFT, scoreY(1)], [RIGHT, scoreY(1)], { stroke: COLOURS.flag, dash: '3 3' }),
    textAt(LEFT + 4, y + SCORES.top, 'score; dashed: 1', { kind: 's' }),
    ...hourMarks(strip, y),
  ].join('');
}

function gridLine(y: number, text: string): string[] {
  return [lineAt([LEFT, y], [RIGHT, y]), textAt(LEFT - 8, y + 4, text, { kind: 's', anchor: 'end' })];
}

/** What the values need, widened for the band as far as it stays readable. */
function rangeOf(values: readonly number[], lower: readonly number[], upper: readonly number[]): [number, number] {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = ((MOST_STRETCH - 1) / 2) * (high - low || Math.abs(high) || 1);
  const least = Math.min(low, ...lower.filter(Number.isFinite));
  const most = Math.max(high, ...upper.filter(Number.isFinite));
  return [Math.max(low - room, least), Math.min(high + room, most)];
}

function labelBoxes(labels: readonly number[], x: (step: number) => number, y: number): string[] {
  return labels.flatMap((label, from) => {
    if (label === 0 || labels[from - 1] === 1) return [];
    const end = labels.indexOf(0, from);
    const to = end < 0 ? labels.length : end;
    const [left, width] = [x(from - 0.5), x(to - 0.5) - x(from - 0.5)].map((pixels) => pixels.toFixed(1));
    const height = SCORES.bottom - VALUES.top;
    return [`<rect x="${left}" y="${y + VALUES.top}" width="${width}" height="${height}" fill="${COLOURS.label}"/>`];
  });
}

interface SpellPlaces {
  readonly first: number;
  readonly x: (step: number) => number;
  readonly valueY: (value: number) => number;
  readonly values: readonly number[];
}

function spellNotes({ views, watched }: Strip, flagged: readonly number[], at: SpellPlaces): string[] {
  if (views === undefined) return [];
  const spells: number[][] = [];
  for (const step of flagged) {
    const newest = spells.at(-1);
    if (newest !== undefined && step - newest.at(-1)! <= SPELL_STEPS) newest.push(step);
    else spells.push([step]);
  }
  return spells.map((steps) => {
    const spoke = new Set(steps.map((step) => watched.view[at.first + step]!));
    const names = views.filter((_, view) => spoke.has(view)).join(', ');
    const begin = steps[0]!;
    return textAt(at.x(begin) + 5, at.valueY(at.values[begin]!) - 6, names, { kind: 's', fill: COLOURS.flag });
  });
}

function hourMarks({ fromMs, toMs }: Strip, y: number): string[] {
  const apartMs = [1, 2, 4].map((hours) => hours * HOUR_MS).find((each) => (toMs - fromMs) / each <= 6) ?? 6 * HOUR_MS;
  const count = Math.floor((toMs - fromMs) / apartMs);
  const x = scaleOf([fromMs, toMs], [LEFT, RIGHT]);
  return Array.from({ length: count + 1 }, (_, i) => {
    const timeMs = fromMs + i * apartMs;
    const anchor = i === 0 ? 'start' : timeMs === toMs ? 'end' : 'middle';
    const clock = new Date(timeMs).toISOString().slice(11, 16);
    return textAt(x(timeMs), y + SCORES.bottom + 16, clock, { kind: 's', anchor });
  });
}
