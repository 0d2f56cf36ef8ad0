/** 10^0 … 10^22: every power of ten that a double holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Powers beyond that, good to half a unit in the last place. */
const POWERS = Float64Array.from({ length: 31 }, (_, i) => Number(`1e${i}`));

/** Digits that a double holds exactly as an integer, whatever they are. */
const HEAD_DIGITS = 15;
/** Digits after those that are read here; longer numbers are rare and left to `Number`. */
const TAIL_DIGITS = 7;

/** Veltkamp's constant, 2^27 + 1: splits a double in two halves whose products are exact. */
const SPLITTER = 134_217_729;
const HIGH_HALVES = EXACT_POWERS.map((power) => power * SPLITTER - (power * SPLITTER - power));
const LOW_HALVES = EXACT_POWERS.map((power, i) => power - HIGH_HALVES[i]!);

/** Far above the error of the sum below (2^-97 of it), far below the distance of two doubles (2^-52). */
const MARGIN = 2 ** -90;

/**
 * Reads decimal numbers from bytes, correctly rounded, without making a string of them: up to 15 digits by one exact
 * division, up to 22 by a division in two doubles (Dekker, "A floating-point technique for extending the available
 * precision", 1971) whose result is taken only if its error cannot change the rounding (Ziv's test).
 */
export class DecimalReader {
  /** Just after the number read last; −1 when the bytes were not of the kind read here, and a slower way must try. */
  end = -1;

  /** The number that starts at `from`, `-12.5e3` say. Its bytes must be followed by one that is no digit. */
  read(bytes: Uint8Array, from: number): number {
    this.end = -1;
    let at = from;
    const negative = bytes[at] === 0x2d;
    if (negative) at++;
    const start = at;
    let point = -1;
    let head = 0;
    let digits = 0;
    let tail = 0;
    let tailDigits = 0;
    for (; ; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit >= 0 && digit <= 9) {
        if (digits < HEAD_DIGITS) {
          head = head * 10 + digit;
          // Leading zeros say nothing but where the point is.
          if (head !== 0) digits++;
        } else {
          tail = tail * 10 + digit;
          tailDigits++;
        }
      } else if (bytes[at] === 0x2e && point < 0) point = at;
      else break;
    }
    if (at === start || point === start || point === at - 1) return Number.NaN;
    let scale = point < 0 ? 0 : point + 1 - at;
    if (tailDigits > TAIL_DIGITS) return Number.NaN;
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at = this.#exponent(bytes, at + 1);
      if (at < 0) return Number.NaN;
      scale += this.#exponentValue;
    }
    const magnitude = tail === 0 ? scaled(head, scale + tailDigits) : scaledLong(head, tail, scale, tailDigits);
    if (magnitude < 0) return Number.NaN;
    this.end = at;
    return negative ? -magnitude : magnitude;
  }

  #exponentValue = 0;

  #exponent(bytes: Uint8Array, from: number): number {
    let at = from;
    const sign = bytes[at];
    if (sign === 0x2b || sign === 0x2d) at++;
    const start = at;
    let value = 0;
    for (; at - start < 4; at++) {
      const digit = bytes[at]! - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    this.#exponentValue = sign === 0x2d ? -value : value;
    return at === start || at - start === 4 ? -1 : at;
  }
}

/** head · 10^scale for a head of at most 15 digits; −1 where that takes more than one rounding. */
function scaled(head: number, scale: number): number {
  if (scale === 0 || head === 0) return head;
  if (scale < 0) return scale >= -22 ? head / EXACT_POWERS[-scale]! : -1;
  return scale <= 22 ? head * EXACT_POWERS[scale]! : -1;
}

/** (head · 10^tailDigits + tail) · 10^scale; −1 where the rounding cannot be told. */
function scaledLong(head: number, tail: number, scale: number, tailDigits: number): number {
  const headScale = scale + tailDigits;
  if (headScale > 0 || headScale < -22) {
    const whole = scale === 0 ? head * EXACT_POWERS[tailDigits]! + tail : Infinity;
    return whole <= Number.MAX_SAFE_INTEGER ? whole : -1;
  }
  const power = -headScale;
  const divisor = EXACT_POWERS[power]!;
  const high = HIGH_HALVES[power]!;
  const low = LOW_HALVES[power]!;
  const quotient = head / divisor;
  // The remainder of the division, exactly: head − quotient · divisor.
  const product = quotient * divisor;
  const stretched = quotient * SPLITTER;
  const quotientHigh = stretched - (stretched - quotient);
  const quotientLow = quotient - quotientHigh;
  const productError = quotientHigh * high - product + quotientHigh * low + quotientLow * high + quotientLow * low;
  const remainder = head - product - productError;
  const rest = remainder / divisor + tail / POWERS[power + tailDigits]!;
  const sum = quotient + rest;
  const error = rest - (sum - quotient);
  const margin = sum * MARGIN;
  return sum + (error + margin) === sum && sum + (error - margin) === sum ? sum : -1;
}
