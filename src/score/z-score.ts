import { deviationsOf } from './normal.ts';
import { medianDistance, quantileOf } from './sorted-window.ts';
import { windowedTechnique } from './windowed.ts';

/** Standard deviation of a normal distribution in median absolute deviations, and in mean ones. */
const SIGMA_PER_MEDIAN = 1.4826;
const SIGMA_PER_MEAN = 1.2533;

/**
 * Distance from the median of the last samples in robust standard deviations: 1.4826 median absolute deviations, or
 * where more than half of the samples are the same, 1.2533 mean ones. The band is as wide as a normal distribution of
 * that deviation is at the confidence level: 2.58 deviations at 0.99.
 */
export const zScore = windowedTechnique('z_score', (confidenceLevel) => {
  const deviations = deviationsOf(confidenceLevel);
  return (sorted) => {
    const expected = quantileOf(sorted, 0.5);
    const median = medianDistance(sorted, expected);
    const sigma = median > 0 ? SIGMA_PER_MEDIAN * median : SIGMA_PER_MEAN * meanDistance(sorted, expected);
    return { expected, lower: expected - deviations * sigma, upper: expected + deviations * sigma };
  };
});

function meanDistance(sorted: Float64Array, point: number): number {
  let sum = 0;
  for (const value of sorted) sum += Math.abs(value - point);
  return sum / sorted.length;
}
