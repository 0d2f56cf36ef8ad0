const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `12 s ago`; instants of the near future, which clocks of two machines make, are now. */
export function formatAge(ageMs: number): string {
  return ageMs < SECOND_MS ? 'now' : `${formatSpan(ageMs)} ago`;
}

/** The two largest units that matter to a reader: `38 ms`, `4.2 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function formatSpan(spanMs: number): string {
  const span = Math.max(0, spanMs);
  if (span < 1) return 'under 1 ms';
  if (span < SECOND_MS) return `${Math.round(span)} ms`;
  if (span < 10 * SECOND_MS) return `${Math.floor(span / 100) / 10} s`;
  if (span < MINUTE_MS) return `${Math.floor(span / SECOND_MS)} s`;
  if (span < HOUR_MS) return `${Math.floor(span / MINUTE_MS)} min`;
  if (span < DAY_MS) return pair(span, [HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return pair(span, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

function pair(
  span: number,
  [large, largeName]: readonly [number, string],
  [small, smallName]: readonly [number, string],
) {
  const rest = Math.floor((span % large) / small);
  return `${Math.floor(span / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** With thin spaces between thousands, which no locale reads as a decimal point. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** Scores are read by their size: two digits behind the point, none where they are large. */
export function formatScore(score: number): string {
  if (score >= 1_000_000) return score.toExponential(1);
  return score >= 100 ? formatCount(Math.round(score)) : score.toFixed(2);
}

/** A value of any series in four digits: its unit and its size are not known. */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return value.toPrecision(4);
  return size >= 1000
    ? `${value < 0 ? '-' : ''}${formatCount(Math.round(size))}`
    : String(Number(value.toPrecision(4)));
}
