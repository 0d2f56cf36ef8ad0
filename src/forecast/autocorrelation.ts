import { transform, turnsOf } from './fft.ts';

/** Share of the samples on each end that is pulled in to the rest: spikes would hide every rhythm. */
const TRIM = 0.005;
/** Most samples, evenly spaced, that the ends are judged by. */
const TRIM_SAMPLES = 3000;
/** A lag needs this many pairs of samples to mean anything. */
const LEAST_PAIRS = 10;

/**
 * Autocorrelation at lags 0 … maxLag of a column in which NaN is missing: the mean product of the pairs that exist,
 * relative to lag 0. All zeros for a constant column.
 *
 * Values and presence travel as real and imaginary part of one transform; the power spectra of both are even, so one
 * more transform gives the two autocorrelations.
 */
export function autocorrelation(values: Float64Array, maxLag: number): Float64Array {
  const result = new Float64Array(maxLag + 1);
  const stride = Math.ceil(values.length / TRIM_SAMPLES);
  const sorted = values.filter((value, i) => i % stride === 0 && !Number.isNaN(value)).sort();
  if (sorted.length < LEAST_PAIRS) return result;
  const low = sorted[Math.floor(TRIM * sorted.length)]!;
  const high = sorted[sorted.length - 1 - Math.floor(TRIM * sorted.length)]!;
  if (low === high) return result;

  let n = 1;
  while (n < values.length + maxLag + 1) n *= 2;
  const real = new Float64Array(n);
  const imaginary = new Float64Array(n);
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += Math.min(high, Math.max(low, value));
    count++;
  }
  const mean = sum / count;
  // Values share the transform with zeros and ones: in another order of magnitude one would drown the other.
  const scale = 1 / (high - low);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    real[i] = (Math.min(high, Math.max(low, value)) - mean) * scale;
    imaginary[i] = 1;
  }
  const turns = turnsOf(n);
  transform(real, imaginary, turns);
  toPowerSpectra(real, imaginary);
  transform(real, imaginary, turns);

  const variance = real[0]! / imaginary[0]!;
  for (let lag = 0; lag <= maxLag; lag++) {
    const pairs = imaginary[lag]! / n;
    result[lag] = pairs >= LEAST_PAIRS ? real[lag]! / imaginary[lag]! / variance : 0;
  }
  return result;
}

/** From the transform of a + ib (a, b real) to |A|² + i|B|². */
function toPowerSpectra(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let k = 0; k <= n / 2; k++) {
    const mirror = (n - k) & (n - 1);
    const aReal = (real[k]! + real[mirror]!) / 2;
    const aImaginary = (imaginary[k]! - imaginary[mirror]!) / 2;
    const bReal = (imaginary[k]! + imaginary[mirror]!) / 2;
    const bImaginary = (real[mirror]! - real[k]!) / 2;
    const a = aReal * aReal + aImaginary * aImaginary;
    const b = bReal * bReal + bImaginary * bImaginary;
    real[k] = a;
    real[mirror] = a;
    imaginary[k] = b;
    imaginary[mirror] = b;
  }
}
