import { deviationsOf } from './normal.ts';
import { quantileOf } from './sorted-window.ts';
import { windowedTechnique } from './windowed.ts';

/** Quartile of the standard normal distribution. */
const NORMAL_QUARTILE = 0.67449;

/**
 * Tukey's fences: quartiles of the last samples, moved out by some of the distances between them. How many follows the
 * confidence level as it would for a normal distribution: 1.41 at 0.99, and the customary 1.5 at 0.993.
 */
export const iqr = windowedTechnique('iqr', (confidenceLevel) => {
  const fences = Math.max(0, deviationsOf(confidenceLevel) / NORMAL_QUARTILE - 1) / 2;
  return (sorted) => {
    const low = quantileOf(sorted, 0.25);
    const high = quantileOf(sorted, 0.75);
    const reach = fences * (high - low);
    return { expected: quantileOf(sorted, 0.5), lower: low - reach, upper: high + reach };
  };
});
