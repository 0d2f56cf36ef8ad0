/** Cosines and negated sines of the first half turn in n steps: what a transform of length n turns by. */
export interface Turns {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

export function turnsOf(n: number): Turns {
  const cosines = new Float64Array(n / 2);
  const sines = new Float64Array(n / 2);
  for (let i = 0; i < n / 2; i++) {
    cosines[i] = Math.cos((2 * Math.PI * i) / n);
    sines[i] = -Math.sin((2 * Math.PI * i) / n);
  }
  return { cosines, sines };
}

/**
 * Discrete Fourier transform of complex numbers, in place, forward, without scaling: radix 2, so the length must be a
 * power of two, the one the turns are for. Applied twice it gives the input reversed (index k to n − k) times n.
 */
export function transform(real: Float64Array, imaginary: Float64Array, { cosines, sines }: Turns): void {
  const n = real.length;
  reverseBits(real, imaginary);
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const a = start + k;
        const b = a + half;
        const c = cosines[k * stride]!;
        const s = sines[k * stride]!;
        const turnedReal = real[b]! * c - imaginary[b]! * s;
        const turnedImaginary = real[b]! * s + imaginary[b]! * c;
        real[b] = real[a]! - turnedReal;
        imaginary[b] = imaginary[a]! - turnedImaginary;
        real[a]! += turnedReal;
        imaginary[a]! += turnedImaginary;
      }
    }
  }
}

function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const a = real[i]!;
    const b = imaginary[i]!;
    real[i] = real[j]!;
    imaginary[i] = imaginary[j]!;
    real[j] = a;
    imaginary[j] = b;
  }
}
