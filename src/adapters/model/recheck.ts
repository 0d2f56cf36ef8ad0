/** A context is looked at again when it has grown by this share: young series learn their rhythm soon. */
const GROWTH = 0.25;
/** Horizons after which periods and engine may be looked at again. */
const LEAST_HORIZONS = 6;
/** Series of one batch get to live this much less at most, each its own share, so that their looks do not coincide. */
const SPREAD = 0.5;
const GOLDEN_RATIO = 0.618033988749895;

interface Span {
  /** End of the context. */
  readonly endMs: number;
  readonly contextMs: number;
  readonly horizonMs: number;
}

/**
 * Whether what was found at `checkedMs` still holds: it does for up to `recheckMs` or six horizons, whichever is longer, but
 * not while the context has grown by a quarter since. A hint from after the context's end (a backtest, a clock set
 * back) does not hold. `index` tells series of a batch apart.
 */
export function isFresh(checkedMs: number, span: Span, recheckMs: number, index: number): boolean {
  const ageMs = span.endMs - checkedMs;
  if (ageMs < 0) return false;
  const longestMs = Math.max(recheckMs, LEAST_HORIZONS * span.horizonMs);
  const life = 1 - SPREAD * ((index * GOLDEN_RATIO) % 1);
  return ageMs < life * Math.min(longestMs, GROWTH * (span.contextMs - ageMs) + span.horizonMs);
}
