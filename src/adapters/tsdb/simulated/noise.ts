import { hash32 } from '../../../series/labels.ts';

/** The shop reports a sample at every multiple of this. */
export const NATIVE_STEP_MS = 5000;

/** A key for an independent stream of noise. */
export function noiseKey(seed: number, name: string): number {
  return mix(hash32(name), seed);
}

/** Thirty-two evenly spread bits of (key, cell): the finalizer of MurmurHash3 over both. */
export function mix(key: number, cell: number): number {
  let h = key ^ Math.imul(cell | 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** In [0, 1). */
export function uniform(key: number, cell: number): number {
  return mix(key, cell) / 0x1_0000_0000;
}

/** Nearly normal, mean 0 and variance 1: the four bytes of one hash, added up. */
export function gauss(key: number, cell: number): number {
  const h = mix(key, cell);
  return ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510) / 147.8;
}

export interface NoiseScale {
  readonly cellMs: number;
  readonly amplitude: number;
}

/**
 * Adds smooth noise of one scale to a column: a normal value at each border of a cell, eased between, divided so that
 * the variance is the same everywhere. Every value depends on its instant alone; the borders are only kept for speed.
 */
export function addSmoothNoise(column: Float64Array, instants: Float64Array, key: number, scale: NoiseScale): void {
  const { cellMs, amplitude } = scale;
  const phaseMs = key % cellMs;
  let cell = Number.NaN;
  let left = 0;
  let right = 0;
  for (let i = 0; i < column.length; i++) {
    const position = (instants[i]! + phaseMs) / cellMs;
    const here = Math.floor(position);
    if (here !== cell) {
      left = here === cell + 1 ? right : gauss(key, here);
      right = gauss(key, here + 1);
      cell = here;
    }
    const f = position - here;
    const w = f * f * (3 - 2 * f);
    column[i]! += (amplitude * (left + (right - left) * w)) / Math.sqrt(w * w + (1 - w) * (1 - w));
  }
}

/** Adds noise that is new at every native sample. */
export function addWhiteNoise(column: Float64Array, instants: Float64Array, key: number, amplitude: number): void {
  for (let i = 0; i < column.length; i++) column[i]! += amplitude * gauss(key, instants[i]! / NATIVE_STEP_MS);
}

/** A count with the given mean, from one hash: by inversion when small, by a normal approximation when large. */
export function poisson(mean: number, key: number, cell: number): number {
  if (mean <= 0) return 0;
  if (mean > 20) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss(key, cell)));
  const u = uniform(key, cell);
  let term = Math.exp(-mean);
  let below = term;
  let count = 0;
  while (u > below && term > 1e-12) {
    count++;
    term *= mean / count;
    below += term;
  }
  return count;
}
