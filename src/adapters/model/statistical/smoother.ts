/** Weights of the newest innovation in level and trend; a trend weight of 0 means no trend at all. */
export interface Smoothing {
  readonly level: number;
  readonly trend: number;
}

/** From "the last value" to "the mean of the last hundred", and three that follow ramps. */
export const SMOOTHINGS: readonly Smoothing[] = [
  { level: 0.9, trend: 0 },
  { level: 0.4, trend: 0 },
  { level: 0.12, trend: 0 },
  { level: 0.03, trend: 0 },
  { level: 0.2, trend: 0.02 },
  { level: 0.05, trend: 0.005 },
];

/** State of a smoother after each step. */
export interface SmoothedPath {
  readonly levels: Float64Array;
  /** Undefined for a smoother without trend. */
  readonly trends: Float64Array | undefined;
}

/** First samples whose median is the level a smoother starts at. */
const START_SAMPLES = 60;
/** Innovations beyond this many typical ones (mean absolute) count as this many: a spike leaves little behind. */
const MOST_INNOVATIONS = 3;
const INNOVATION_MEMORY = 50;
/** Samples before innovations are limited. */
const FREE_SAMPLES = 20;

/**
 * Runs damped exponential smoothing over a column; a missing sample (NaN) lets level and trend run on. Innovations are
 * limited, so a spike hardly moves the level and a lasting shift is followed within some twenty steps.
 */
export function smooth(
  values: Float64Array,
  smoothing: Smoothing & { readonly damping: number; readonly start: number },
): SmoothedPath {
  const { damping } = smoothing;
  const levels = new Float64Array(values.length);
  const trends = smoothing.trend > 0 ? new Float64Array(values.length) : undefined;
  let level = smoothing.start;
  let trend = 0;
  let typical = 0;
  let seen = 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!;
    trend *= damping;
    const expected = level + trend;
    if (Number.isNaN(value)) level = expected;
    else {
      const innovation = value - expected;
      const size = Math.abs(innovation);
      const most = seen < FREE_SAMPLES ? size : MOST_INNOVATIONS * typical;
      const limited = size > most ? (innovation > 0 ? most : -most) : innovation;
      if (seen < INNOVATION_MEMORY) seen++;
      typical += (size - typical) / seen;
      level = expected + smoothing.level * limited;
      trend += smoothing.trend * limited;
    }
    levels[k] = level;
    if (trends) trends[k] = trend;
  }
  return { levels, trends };
}

/** Trend of now, damped at each step, summed over the steps to a lead. */
export function trendSum(damping: number, lead: number): number {
  return damping === 1 ? lead : (damping * (1 - damping ** lead)) / (1 - damping);
}

/** Median of the first samples: a robust level to start at. */
export function startLevel(values: Float64Array): number {
  const first = values
    .subarray(0, Math.max(START_SAMPLES, values.length >> 3))
    .filter((value) => !Number.isNaN(value))
    .subarray(0, START_SAMPLES)
    .sort();
  return first.length === 0 ? 0 : first[first.length >> 1]!;
}
