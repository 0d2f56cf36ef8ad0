import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autocorrelation } from '../../src/forecast/autocorrelation.ts';
import { transform, turnsOf } from '../../src/forecast/fft.ts';
import { gaussian, randomOf } from '../support/random.ts';

describe('transform', () => {
  it('agrees with the sum that defines it', () => {
    const random = randomOf(1);
    const n = 32;
    const real = Float64Array.from({ length: n }, () => gaussian(random));
    const imaginary = Float64Array.from({ length: n }, () => gaussian(random));
    const [re, im] = [real.slice(), imaginary.slice()];
    transform(re, im, turnsOf(n));
    for (let k = 0; k < n; k++) {
      let a = 0;
      let b = 0;
      for (let t = 0; t < n; t++) {
        const angle = (-2 * Math.PI * k * t) / n;
        a += real[t]! * Math.cos(angle) - imaginary[t]! * Math.sin(angle);
        b += real[t]! * Math.sin(angle) + imaginary[t]! * Math.cos(angle);
      }
      expect(re[k]).toBeCloseTo(a, 9);
      expect(im[k]).toBeCloseTo(b, 9);
    }
  });

  it('gives the input back, reversed and n times as large, when applied twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer(), (power, seed) => {
        const n = 2 ** power;
        const random = randomOf(seed);
        const real = Float64Array.from({ length: n }, () => gaussian(random));
        const re = real.slice();
        const im = new Float64Array(n);
        transform(re, im, turnsOf(n));
        transform(re, im, turnsOf(n));
        for (let i = 0; i < n; i++) expect(re[(n - i) % n]! / n).toBeCloseTo(real[i]!, 9);
      }),
    );
  });
});

describe('autocorrelation', () => {
  it('is the mean product of the pairs that exist, relative to lag 0', () => {
    const random = randomOf(7);
    const values = Float64Array.from({ length: 150 }, (_, i) =>
      random() < 0.2 ? Number.NaN : Math.sin(i / 5) + 0.1 * gaussian(random),
    );
    const present = [...values].filter((value) => !Number.isNaN(value));
    const mean = present.reduce((sum, value) => sum + value) / present.length;
    const naive = (lag: number) => {
      let sum = 0;
      let pairs = 0;
      for (let i = 0; i + lag < values.length; i++) {
        const product = (values[i]! - mean) * (values[i + lag]! - mean);
        if (Number.isNaN(product)) continue;
        sum += product;
        pairs++;
      }
      return sum / pairs;
    };
    const result = autocorrelation(values, 60);
    for (const lag of [0, 1, 2, 17, 31, 60]) expect(result[lag]).toBeCloseTo(naive(lag) / naive(0), 9);
  });

  it('sees a rhythm behind spikes', () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => (i % 36 < 4 ? 1 : 0) + (i % 997 === 0 ? 1e6 : 0));
    expect(autocorrelation(values, 100)[36]).toBeGreaterThan(0.8);
  });

  it('is zero for a constant column and for too few samples', () => {
    expect(new Set(autocorrelation(new Float64Array(100).fill(3), 20))).toEqual(new Set([0]));
    expect(new Set(autocorrelation(Float64Array.from([1, 2, 3]), 1))).toEqual(new Set([0]));
  });
});
