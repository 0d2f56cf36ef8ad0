import type { JudgedSet } from '../../data/judged-set.ts';
import { addCounts, countAlarms, measuresOf } from '../scoring/alarms.ts';
import type { Unit } from '../unit.ts';
import { watch } from '../watch.ts';
import { COLOURS, dotAt, lineAt, type Point, pathThrough, picture, scaleOf, textAt } from './chart.ts';
import { type Strip, stripsPicture } from './strip.ts';

const SOURCE = 'of the AIOps challenge 2018 (MIT licence)';

/** Stretches that show a series as one wishes it, and one on its second day. */
const INCIDENTS = [
  {
    name: '8723f0fb',
    from: '2017-04-05T06:00Z',
    hours: 10,
    title: 'Found, and a small one beside it that nobody labelled',
  },
  { name: '431a8542', from: '2017-05-02T15:00Z', hours: 10, title: 'Five of a kind on the second day of a series' },
];

export async function incidentsPicture(sets: readonly JudgedSet[]): Promise<string> {
  const strips: Strip[] = [];
  for (const { name, from, hours, title } of INCIDENTS) {
    const set = sets.find((each) => each.name.includes(name));
    if (set === undefined) throw new Error(`no KPI ${name} among the data`);
    const note = `KPI ${name} ${SOURCE}, ${set.stepMs / 1000} s a sample; yellow: labelled as anomalous, red: flagged`;
    const watched = await watch(set, { rule: ['mode: anomaly_only'] });
    const fromMs = Date.parse(from);
    strips.push({ title, note, set, watched, fromMs, toMs: fromMs + hours * 3_600_000 });
  }
  return stripsPicture('Labelled incidents of web KPIs, as tail sees them', strips);
}

const KNOBS = { left: 70, right: 890, top: 50, bottom: 280 };
/** Rates below it have no place on the axis. */
const LEAST_RATE = 0.001;
const THRESHOLDS = Array.from({ length: 33 }, (_, i) => 0.8 + 0.025 * i);

/** Recall and false alarms by threshold. */
export function knobsPicture(units: readonly Unit[]): string {
  const counts = units.map((unit) => countAlarms(unit, THRESHOLDS));
  const measures = THRESHOLDS.map((_, i) => measuresOf(addCounts(counts.map((own) => own[i]!))));
  const days = Math.round(addCounts(counts.map(([first]) => first!)).days);
  const x = scaleOf([0.8, 1.6], [KNOBS.left, KNOBS.right]);
  const share = scaleOf([0, 1], [KNOBS.bottom, KNOBS.top]);
  const rate = scaleOf([-3, 0], [KNOBS.bottom, KNOBS.top]);
  const points = (y: (i: number) => number): Point[] => THRESHOLDS.map((threshold, i) => [x(threshold), y(i)]);
  return picture('Recall and false alarms by threshold', 340, [
    textAt(KNOBS.left, 20, 'What a threshold costs and finds', { kind: 't' }),
    textAt(KNOBS.left, 38, `${units.length} web KPIs ${SOURCE}, ${days} series-days, every setting at its default`, {
      kind: 's',
    }),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((each) => [
      lineAt([KNOBS.left, share(each)], [KNOBS.right, share(each)]),
      textAt(KNOBS.left - 8, share(each) + 4, `${100 * each} %`, { kind: 's', anchor: 'end' }),
    ]),
    ...[1, 0.1, 0.01, 0.001].map((each) =>
      textAt(KNOBS.right + 8, rate(Math.log10(each)) + 4, String(each), { kind: 's' }),
    ),
    ...[0.8, 1, 1.2, 1.4, 1.6].map((each) =>
      textAt(x(each), KNOBS.bottom + 18, String(each), { kind: 's', anchor: 'middle' }),
    ),
    ...[
      { at: 1, name: 'threshold' },
      { at: 1.2, name: 'paging_threshold' },
    ].flatMap(({ at, name }) => [
      lineAt([x(at), KNOBS.top], [x(at), KNOBS.bottom], { stroke: COLOURS.muted, dash: '3 3' }),
      textAt(x(at) + 5, KNOBS.top + 12, name, { kind: 's' }),
    ]),
    pathThrough(
      points((i) => share(measures[i]!.event_recall)),
      COLOURS.restless,
      1.6,
    ),
    pathThrough(
      points((i) => rate(Math.log10(atLeast(LEAST_RATE, measures[i]!.false_alarms_per_series_day)))),
      COLOURS.flag,
      1.6,
    ),
    textAt(x(1.42), share(0.45), 'incidents found (left axis)', { fill: COLOURS.restless }),
    textAt(x(0.815), share(0.33), 'false alarms a series and day (right axis, logarithmic)', { fill: COLOURS.flag }),
  ]);
}

const atLeast = (least: number, value: number) => (value < least ? Number.NaN : value);

const TAILS = { left: 84, right: 934, top: 60, bottom: 330 };
const TAIL_FROM = 0.96;
const EDGE_DECADES = 2.65;
const MOST_DECADES = 5;

interface Tail {
  /** Sizes of moves in the mean size, ascending. */
  readonly sizes: Float64Array;
  readonly start: number;
  readonly index: number;
}

function tailOf({ values }: JudgedSet): Tail {
  const moves = Float64Array.from(values, (value, i) => Math.abs(value - (values[i - 1] ?? Number.NaN))).filter(
    Number.isFinite,
  );
  const mean = moves.reduce((sum, move) => sum + move, 0) / moves.length;
  const sizes = moves.map((move) => move / mean).sort();
  const from = Math.floor(TAIL_FROM * sizes.length);
  const start = sizes[from]!;
  const index = sizes.subarray(from).reduce((sum, size) => sum + Math.log(size / start), 0) / (sizes.length - from);
  return { sizes, start, index };
}

/** Where a tail reaches a rarity in decades. */
function sizeAt({ start, index }: Tail, decades: number): number {
  return start * 10 ** (index * (decades + Math.log10(1 - TAIL_FROM)));
}

/** Tails of three series, from a light one to a heavy one, beside that of the normal distribution. */
export function tailsPicture(sets: readonly JudgedSet[]): string {
  const tails = sets
    .map(tailOf)
    .filter(({ start }) => start > 0)
    .sort((a, b) => a.index - b.index);
  const at = (share: number) => tails[Math.round(share * (tails.length - 1))]!;
  const shown = [
    { name: 'a calm one', tail: at(0.1), colour: COLOURS.calm },
    { name: 'a restless one', tail: at(0.5), colour: COLOURS.restless },
    { name: 'a wild one', tail: at(0.9), colour: COLOURS.wild },
  ];
  const x = scaleOf([-1, 2], [TAILS.left, TAILS.right]);
  const y = scaleOf([0, MOST_DECADES], [TAILS.top, TAILS.bottom]);
  const spot = (size: number, decades: number): Point => [x(Math.log10(size)), y(decades)];
  const note = `three web KPIs ${SOURCE}; dots: share of samples; lines: power law from the 96 % quantile on; both axes logarithmic`;
  return picture('Tails of three series', 380, [
    textAt(TAILS.left, 20, 'How often a series moves so far: its own tail, and the normal distribution', { kind: 't' }),
    textAt(TAILS.left, 38, note, { kind: 's' }),
    ...[0, 1, 2, 3, 4, 5].flatMap((decades) => [
      lineAt([TAILS.left, y(decades)], [TAILS.right, y(decades)]),
      textAt(TAILS.left - 8, y(decades) + 4, decades === 0 ? '1' : `1 in ${10 ** decades}`, {
        kind: 's',
        anchor: 'end',
      }),
    ]),
    ...[0.1, 1, 10, 100].map((size) =>
      textAt(x(Math.log10(size)), TAILS.bottom + 18, String(size), { kind: 's', anchor: 'middle' }),
    ),
    textAt((TAILS.left + TAILS.right) / 2, 366, '|sample − sample before|, in what is usual for the series', {
      kind: 's',
      anchor: 'middle',
    }),
    lineAt([TAILS.left, y(EDGE_DECADES)], [TAILS.right, y(EDGE_DECADES)], { stroke: COLOURS.flag, dash: '3 3' }),
    textAt(TAILS.left + 6, y(EDGE_DECADES) - 5, `${EDGE_DECADES} decades: the edge at a confidence level of 0.99`, {
      kind: 's',
    }),
    pathThrough(
      normalTail().map(([size, decades]) => spot(size, decades)),
      COLOURS.muted,
      1,
      '5 4',
    ),
    ...shown.flatMap(({ name, tail, colour }, i) => [
      ...dotsOf(tail).map(([size, decades]) => dotAt(spot(size, decades), colour, 2.2)),
      pathThrough(
        lineOf(tail).map(([size, decades]) => spot(size, decades)),
        colour,
      ),
      textAt(
        684,
        78 + 18 * i,
        `● ${name}: index ${tail.index.toFixed(2)}, edge at ${sizeAt(tail, EDGE_DECADES).toFixed(1)}`,
        { fill: colour },
      ),
    ]),
    textAt(684, 132, '- -  a normal distribution: edge at 3.8', { kind: 's' }),
  ]);
}

type SizeAndDecades = readonly [size: number, decades: number];

function dotsOf({ sizes }: Tail): SizeAndDecades[] {
  const dots: SizeAndDecades[] = [];
  for (let decades = 0.02; decades <= MOST_DECADES; decades += 0.06) {
    const rank = sizes.length - Math.round(sizes.length / 10 ** decades);
    const size = sizes[Math.min(rank, sizes.length - 1)]!;
    if (size >= 0.1 && size <= 100) dots.push([size, decades]);
  }
  return dots;
}

function lineOf(tail: Tail): SizeAndDecades[] {
  const from = -Math.log10(1 - TAIL_FROM);
  const to = Math.min(MOST_DECADES, from + Math.log10(100 / tail.start) / tail.index);
  return [from, to].map((decades) => [sizeAt(tail, decades), decades]);
}

/** Sizes in mean sizes, which are .798 of a deviation. */
function normalTail(): SizeAndDecades[] {
  return Array.from({ length: 60 }, (_, i): SizeAndDecades => {
    const size = 10 ** (-1 + i * 0.03);
    return [size, -Math.log10(twoSided(size * Math.sqrt(2 / Math.PI)))];
  }).filter(([, decades]) => decades <= MOST_DECADES);
}

/** Share of a normal distribution beyond z on either side (Abramowitz and Stegun 7.1.26, error below 2e-7). */
function twoSided(z: number): number {
  const t = 1 / (1 + (0.3275911 * z) / Math.SQRT2);
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sum * Math.exp((-z * z) / 2);
}
