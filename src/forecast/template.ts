/** Same-phase values a template looks back on: enough for a robust mean, few enough to follow a changing rhythm. */
export const TEMPLATE_CYCLES = 6;

/**
 * Seasonal template for positions from, from + 1, … of a column, one per entry of `target`: what the same phase of
 * the last cycles says, without the extremes (of three or four values the median, of more the mean without the
 * largest and the smallest), so that one bad cycle leaves no copy of itself. A position only sees values at least
 * `lead` steps before it and before the column's end, so differences to the template are honest forecast errors. NaN
 * where no cycle has a value.
 */
export function fillTemplate(values: Float64Array, period: number, from: number, target: Float64Array, lead = 1): void {
  const end = values.length;
  const back = period * Math.ceil(lead / period);
  for (let i = 0; i < target.length; i++) {
    let position = from + i - back;
    if (position >= end) position -= period * Math.ceil((position - end + 1) / period);
    if (position >= (TEMPLATE_CYCLES - 1) * period) {
      const mean = middleOfSix(values, position, period);
      if (Number.isFinite(mean)) {
        target[i] = mean;
        continue;
      }
    }
    let count = 0;
    let low = 0;
    let high = 0;
    let inner = 0;
    for (let cycle = 0; cycle < TEMPLATE_CYCLES && position >= 0; cycle++, position -= period) {
      const value = values[position]!;
      if (Number.isNaN(value)) continue;
      if (count === 0) {
        low = value;
        high = value;
      } else if (value < low) {
        if (count > 1) inner += low;
        low = value;
      } else if (value > high) {
        if (count > 1) inner += high;
        high = value;
      } else if (count === 1) high = value;
      else inner += value;
      count++;
    }
    target[i] = count === 0 ? Number.NaN : low === high ? low : count < 3 ? (low + high) / 2 : inner / (count - 2);
  }
}

/**
 * Mean of six values without the largest and the smallest, which nearly every position has: three times as quick as
 * one after the other, since nothing in it has to be guessed. NaN when one of them is missing.
 */
function middleOfSix(values: Float64Array, at: number, period: number): number {
  const a = values[at]!;
  const b = values[at - period]!;
  const c = values[at - 2 * period]!;
  const d = values[at - 3 * period]!;
  const e = values[at - 4 * period]!;
  const f = values[at - 5 * period]!;
  if (Number.isNaN(a + b + c + d + e + f)) return Number.NaN;
  const low1 = a < b ? a : b;
  const high1 = a < b ? b : a;
  const low2 = c < d ? c : d;
  const high2 = c < d ? d : c;
  const low3 = e < f ? e : f;
  const high3 = e < f ? f : e;
  const lower = low1 > low2 ? low2 : low1;
  const higher = high1 < high2 ? high2 : high1;
  const lows = (low1 > low2 ? low1 : low2) + (lower > low3 ? lower : low3);
  const highs = (high1 < high2 ? high1 : high2) + (higher < high3 ? higher : high3);
  return (lows + highs) / (TEMPLATE_CYCLES - 2);
}

/**
 * How far the same-phase values a template was made of lie from it, on average, for positions from, from + 1, … of a
 * column: `template` is what `fillTemplate` wrote for them. 0 where fewer than two values are known.
 */
export function fillTemplateSpread(
  values: Float64Array,
  period: number,
  { from, template }: { readonly from: number; readonly template: Float64Array },
  target: Float64Array,
): void {
  const end = values.length;
  for (let i = 0; i < target.length; i++) {
    let position = from + i - period;
    if (position >= end) position -= period * Math.ceil((position - end + 1) / period);
    const center = template[i]!;
    if (position >= (TEMPLATE_CYCLES - 1) * period) {
      let whole = 0;
      for (let cycle = 0; cycle < TEMPLATE_CYCLES; cycle++)
        whole += Math.abs(values[position - cycle * period]! - center);
      if (!Number.isNaN(whole)) {
        target[i] = whole / TEMPLATE_CYCLES;
        continue;
      }
    }
    let count = 0;
    let distance = 0;
    for (let cycle = 0; cycle < TEMPLATE_CYCLES && position >= 0; cycle++, position -= period) {
      const value = values[position]!;
      if (Number.isNaN(value)) continue;
      distance += Math.abs(value - center);
      count++;
    }
    target[i] = count > 1 ? distance / count : 0;
  }
}

/** As `fillTemplate` for several periods: the mean of their templates where they exist. Zero without a period. */
export function fillSeasonal(
  values: Float64Array,
  periods: readonly number[],
  from: number,
  target: Float64Array,
): void {
  if (periods.length === 0) {
    target.fill(0);
    return;
  }
  fillTemplate(values, periods[0]!, from, target);
  if (periods.length === 1) return;
  const other = new Float64Array(target.length);
  fillTemplate(values, periods[1]!, from, other);
  for (let i = 0; i < target.length; i++) {
    const a = target[i]!;
    const b = other[i]!;
    target[i] = Number.isNaN(a) ? b : Number.isNaN(b) ? a : (a + b) / 2;
  }
}
