/** Up to here the power series, beyond it the continued fraction; with these terms both have ten digits there. */
const SERIES_UP_TO = 3;
const SERIES_TERMS = 60;
const FRACTION_TERMS = 60;
const MOST_DEVIATIONS = 38;
const HALVINGS = 60;

/**
 * Mass of the standard normal distribution beyond x ≥ 0: by its power series near 0, by the continued fraction
 * φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))) farther out.
 */
export function normalTail(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < SERIES_UP_TO) {
    let term = x;
    let sum = x;
    for (let n = 1; n < SERIES_TERMS; n++) {
      term *= (x * x) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let denominator = x;
  for (let n = FRACTION_TERMS; n > 0; n--) denominator = x + n / denominator;
  return density / denominator;
}

/** Deviations from the mean within which a share of a normal distribution lies: 2.576 for 0.99. */
export function deviationsOf(share: number): number {
  const tail = (1 - share) / 2;
  let low = 0;
  let high = MOST_DEVIATIONS;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
