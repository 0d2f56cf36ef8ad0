import { QUANTILE_LEVELS } from '../quantile.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LEVELS = QUANTILE_LEVELS.length;

/** Cells of the smooth profile of a day: half hours. */
const MOST_DAY_CELLS = 48;
/** Cells in which spikes are looked for: five minutes. */
const MOST_SPIKE_CELLS = 288;
/** Cells of the hour: what runs every hour, every quarter, every five minutes. */
const MOST_HOUR_CELLS = 60;
/** Rows of the profile: all days, weekdays and weekends, and the seven days. */
export const PROFILE_ROWS = 10;

/** Memories, in steps, of the levels that follow the values without their season. 1 is the last value itself. */
export const SEASONAL_MEMORIES = [1, 3, 10, 40, 160, 640, 2560, 10_240];
/** Memories of the levels that follow the values as they are. */
export const PLAIN_MEMORIES = [3, 40, 640];
/** Memory of the level that has a trend. */
export const TREND_MEMORY = 40;
export const SEASONAL = SEASONAL_MEMORIES.length;
export const PLAIN = PLAIN_MEMORIES.length;
/** Levels followed side by side: seasonal, plain, and the one with a trend. */
export const CANDIDATES = SEASONAL + PLAIN + 1;
export const TREND_CANDIDATE = SEASONAL + PLAIN;

/** Index of the level that spikes are measured from: forty steps. */
export const NEAR_LEVEL = 3;

/** Leads at which errors are known, in steps; those between are interpolated. */
export const LEADS = [1, 4, 16, 64, 256, 1024];
/** A forecast is kept for later at every so many steps, */
export const LEAD_STRIDES = [1, 1, 2, 8, 32, 128];
/** so that this many wait for their sample. */
export const LEAD_RING = LEADS.map((lead, j) => lead / LEAD_STRIDES[j]!);

/** Float64 fields of a series. */
export const F64 = {
  first: 0,
  last: 1,
  samples: 2,
  base: 3,
  scale: 4,
  reference: 5,
  trend: 6,
  shiftUp: 7,
  shiftDown: 8,
  shiftUpSum: 9,
  shiftDownSum: 10,
  shiftUpCount: 11,
  shiftDownCount: 12,
  /** 0 while the first day is being seen, 1 from then on. */
  isSeasonal: 13,
  levels: 14,
  size: 14 + CANDIDATES,
} as const;

/** What one lead keeps beside its waiting forecasts. */
export const LEAD_FIELDS = { count: 0, size: 1, quantiles: 2, losses: 2 + LEVELS, total: 2 + LEVELS + CANDIDATES };

/** Where the parts of a series' memory lie; the same for all series of a step. */
export interface CalendarShape {
  readonly stepMs: number;
  readonly stepsPerDay: number;
  readonly dayCells: number;
  /** 0: the step is too long for cells finer than those of the day. */
  readonly spikeCells: number;
  readonly hourCells: number;
  readonly usesHours: boolean;
  readonly usesWeek: boolean;
  /** Offsets into the float32 part. */
  readonly profile: number;
  readonly spikes: number;
  readonly hours: number;
  readonly spread: number;
  readonly deviations: number;
  readonly leads: number;
  readonly waiting: readonly number[];
  readonly visits: number;
  readonly bounds: number;
  readonly f32: number;
  /** Counts, one byte a cell, in the order profile, spikes, hours, spread. */
  readonly counts: number;
  /** Bytes of a series. */
  readonly bytes: number;
}

/** Running sums of the visits to the present cells, and which they are. */
export const VISITS = {
  dayCell: 0,
  dayRow: 1,
  daySum: 2,
  dayCount: 3,
  spikeCell: 4,
  spikeSum: 5,
  spikeCount: 6,
  hourCell: 7,
  hourSum: 8,
  hourCount: 9,
  spreadSum: 10,
  spreadCount: 11,
  size: 12,
} as const;

/** Extremes of this and of the last stretch of samples, and how many lie exactly on them. */
export const BOUNDS = {
  count: 0,
  low: 1,
  lowCount: 2,
  high: 3,
  highCount: 4,
  lastCount: 5,
  lastLow: 6,
  lastLowCount: 7,
  lastHigh: 8,
  lastHighCount: 9,
  size: 10,
} as const;

/** What the calendar looks at. */
export type Seasonality = 'hour_of_day' | 'day_of_week' | 'minute_of_hour';
export const SEASONALITIES = ['hour_of_day', 'day_of_week', 'minute_of_hour'] as const satisfies readonly Seasonality[];

export function calendarShape(stepMs: number, seasonality: readonly Seasonality[] = SEASONALITIES): CalendarShape {
  const stepsPerDay = Math.max(1, Math.round(DAY_MS / stepMs));
  const usesDay = seasonality.includes('hour_of_day');
  const dayCells = usesDay ? Math.min(MOST_DAY_CELLS, stepsPerDay) : 1;
  const spikeCells = usesDay && stepsPerDay > dayCells ? Math.min(MOST_SPIKE_CELLS, stepsPerDay) : 0;
  const stepsPerHour = Math.floor(HOUR_MS / stepMs);
  const usesMinutes = seasonality.includes('minute_of_hour') && stepsPerHour >= 2;
  const hourCells = usesMinutes ? Math.min(MOST_HOUR_CELLS, stepsPerHour) : 0;
  let at = 0;
  const take = (size: number) => {
    at += size;
    return at - size;
  };
  const profile = take(PROFILE_ROWS * dayCells);
  const spikes = take(spikeCells);
  const hours = take(hourCells);
  const spread = take(dayCells);
  const counts = at;
  const deviations = take(CANDIDATES);
  const leads = take(LEADS.length * LEAD_FIELDS.total);
  const waiting = LEAD_RING.map((ring) => take(ring * CANDIDATES));
  const visits = take(VISITS.size);
  const bounds = take(BOUNDS.size);
  return {
    stepMs,
    stepsPerDay,
    dayCells,
    spikeCells,
    hourCells,
    usesHours: usesDay,
    usesWeek: seasonality.includes('day_of_week'),
    profile,
    spikes,
    hours,
    spread,
    deviations,
    leads,
    waiting,
    visits,
    bounds,
    f32: at,
    counts,
    bytes: Math.ceil((F64.size * 8 + at * 4 + counts) / 8) * 8,
  };
}

/** Goes up with every change of what the memory means: older ones are then learnt anew. */
export const CALENDAR_VERSION = 1;

/** The memory of one series: three views of one buffer, which is all that a snapshot needs to keep. */
export interface CalendarMemory {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u8: Uint8Array;
}

/** Memory of a series that has not been seen yet, or the one whose bytes are given. */
export function calendarMemory(shape: CalendarShape, bytes?: ArrayBuffer): CalendarMemory {
  const buffer = bytes ?? new ArrayBuffer(shape.bytes);
  const memory = {
    f64: new Float64Array(buffer, 0, F64.size),
    f32: new Float32Array(buffer, F64.size * 8, shape.f32),
    u8: new Uint8Array(buffer, F64.size * 8 + shape.f32 * 4, shape.counts),
  };
  if (bytes === undefined) memory.f32.fill(Number.NaN, shape.waiting[0], shape.visits);
  return memory;
}
