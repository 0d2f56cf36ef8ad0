import type { JudgedSet } from '../../data/judged-set.ts';
import { watch } from '../watch.ts';
import { type Strip, stripsPicture } from './strip.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2024, 5, 3);
/** Days before the one that is shown: what a week of operation has taught. */
const PAST_DAYS = 7;
const SHOWN_MS = START_MS + PAST_DAYS * DAY_MS;
const SEED = 11;

/** The value of a minute of the day that is shown, from what it would be and the minute. */
type Event = (usual: number, minute: number) => number;

interface Shape {
  readonly level: number;
  /** Half of the distance of night and day. */
  readonly wave: number;
  readonly noise: number;
}

const minuteOf = (clock: string) => (Date.parse(`1970-01-01T${clock}Z`) / MINUTE_MS) % 1440;
const atClock = (clock: string) => SHOWN_MS + minuteOf(clock) * MINUTE_MS;

/** Noise about a daily wave for a week, then a day in which something happens. */
function seriesOf({ level, wave, noise }: Shape, event: Event): JudgedSet {
  let state = SEED;
  const uniform = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const gaussian = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const steps = (PAST_DAYS + 1) * 1440;
  const shownFrom = PAST_DAYS * 1440;
  const values = Float64Array.from({ length: steps }, (_, i) => {
    const usual = level - wave * Math.cos((2 * Math.PI * (i - 120)) / 1440) + noise * gaussian();
    return i < shownFrom ? usual : event(usual, i - shownFrom);
  });
  return {
    set: 'synthetic',
    part: '',
    name: 'synthetic',
    startMs: START_MS,
    stepMs: MINUTE_MS,
    steps,
    series: ['synthetic'],
    values,
    rows: Int32Array.from(values, (_, i) => i),
    firstRow: 0,
    judgement: { kind: 'clean' },
  };
}

const TAIL = ['mode: anomaly_only'];
const CONFIDENCE_INTERVAL = ['anomaly: {technique: confidence_interval}', 'model: {id: calendar}'];
const USUAL: Shape = { level: 350, wave: 60, noise: 4 };

export async function viewsPicture(views: readonly string[]): Promise<string> {
  const set = seriesOf(USUAL, (usual, minute) => {
    if (minute === minuteOf('13:00')) return usual + 90;
    if (minute >= minuteOf('14:31') && minute < minuteOf('14:46')) return usual - 60;
    const since = minute - minuteOf('16:20');
    return usual + (since >= 0 && since < 28 ? 7 * Math.min(10, since) : 0);
  });
  const strip: Strip = {
    title: 'Which view speaks',
    note: 'synthetic, a minute a sample: a spike, a dip of a quarter of an hour, a hump that takes ten minutes to rise; red: flagged',
    set,
    watched: await watch(set, { rule: TAIL }),
    fromMs: atClock('12:00'),
    toMs: atClock('18:00'),
    views,
  };
  return stripsPicture('Three shapes and the views that find them', [strip]);
}

export async function newLevelPicture(): Promise<string> {
  const set = seriesOf(USUAL, (usual, minute) => usual + (minute >= minuteOf('12:00') ? 120 : 0));
  const when = { set, fromMs: atClock('10:30'), toMs: atClock('16:30') };
  return stripsPicture('A new level as two techniques see it', [
    {
      ...when,
      title: 'tail: flagged until the range of the week has followed',
      note: 'synthetic, a minute a sample; the level rises by 120 at 12:00 and stays',
      watched: await watch(set, { rule: TAIL }),
    },
    {
      ...when,
      title: 'confidence_interval: flagged until it is accepted as a new level, after adapt_after: 1h',
      note: 'the same series, forecast by the calendar',
      watched: await watch(set, { rule: CONFIDENCE_INTERVAL }),
    },
  ]);
}

export async function blindPicture(): Promise<string> {
  const level: Shape = { level: 100, wave: 0, noise: 2 };
  const leak = seriesOf(level, (usual, minute) => usual + 0.06 * Math.max(0, minute - minuteOf('06:00')));
  let last = 0;
  const flat = seriesOf({ level: 100, wave: 15, noise: 2 }, (usual, minute) => {
    if (minute < minuteOf('06:00') || minute >= minuteOf('12:40')) last = usual;
    return last;
  });
  const hours = { fromMs: atClock('04:00'), toMs: atClock('14:00') };
  return stripsPicture('What the score sees late or not at all', [
    {
      ...hours,
      title: 'A slow leak: seen when it leaves the range of the week, nearly two hours after it began',
      note: 'synthetic, a minute a sample; from 06:00 on it gains .06 a minute, its noise has a deviation of 2',
      set: leak,
      watched: await watch(leak, { rule: TAIL }),
    },
    {
      ...hours,
      title: 'A flat line',
      note: 'synthetic; from 06:00 to 12:40 the source repeats its last value; the alert OpenAnomalySeriesStill fires at 06:30',
      set: flat,
      watched: await watch(flat, { rule: TAIL }),
    },
  ]);
}
