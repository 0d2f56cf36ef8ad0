import { select } from '../../../forecast/select.ts';
import { asinh } from './asinh.ts';

/** What brings a series to a size the network knows: u = asinh((value − location) / scale). */
export interface Scaling {
  readonly location: number;
  readonly scale: number;
}

/** Least scale as a share of the range and of the location: a series that hardly moves is not blown up. */
const LEAST_OF_RANGE = 1e-3;
const LEAST_OF_LOCATION = 1e-6;
const LEAST_SCALE = 1e-9;
/** Scale of a constant, as a share of its value. */
const SCALE_OF_CONSTANT = 0.1;
const LEAST_SCALE_OF_CONSTANT = 1e-6;
/**
 * A distance counts for at most FAR times the one that this share of them does not exceed, so that an incident of an
 * hour and a half in a context of seventeen does not stretch the scale until nothing of the noise around it can be told.
 */
const USUAL_SHARE = 0.9;
const FAR = 3;
/** Beyond this asinh value nothing is believed: e^12 scales from the median. */
const MOST_UNITS = 12;

const scratch = new Float64Array(1024);

/** Median of a window and mean distance from it, bounded, NaN left out; 0 and 1 for a window without samples. */
export function scalingOf(window: Float64Array): Scaling {
  const kept = window.length <= scratch.length ? scratch : new Float64Array(window.length);
  let count = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < window.length; i++) {
    const value = window[i]!;
    if (Number.isNaN(value)) continue;
    kept[count++] = value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (count === 0) return { location: 0, scale: 1 };
  const values = kept.subarray(0, count);
  const location = medianOf(values);
  const range = high - low;
  if (range === 0) {
    return { location, scale: Math.max(Math.abs(location) * SCALE_OF_CONSTANT, LEAST_SCALE_OF_CONSTANT) };
  }
  for (let i = 0; i < count; i++) values[i] = Math.abs(values[i]! - location);
  const usual = select(values, Math.trunc(USUAL_SHARE * (count - 1)));
  // Where nine in ten rest on the median there is no usual distance, and what is far is all there is to tell.
  const most = usual > 0 ? FAR * usual : Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.min(most, values[i]!);
  const least = Math.max(LEAST_OF_RANGE * range, LEAST_OF_LOCATION * Math.abs(location), LEAST_SCALE);
  return { location, scale: Math.max(sum / count, least) };
}

/** Reorders the values, of which there is at least one. */
function medianOf(values: Float64Array): number {
  const middle = values.length >> 1;
  const upper = select(values, middle);
  if (values.length % 2 === 1) return upper;
  let lower = values[0]!;
  for (let i = 1; i < middle; i++) if (values[i]! > lower) lower = values[i]!;
  return (lower + upper) / 2;
}

export function toUnits(value: number, { location, scale }: Scaling): number {
  return asinh((value - location) / scale);
}

export function fromUnits(units: number, { location, scale }: Scaling): number {
  return Math.sinh(Math.max(-MOST_UNITS, Math.min(MOST_UNITS, units))) * scale + location;
}
