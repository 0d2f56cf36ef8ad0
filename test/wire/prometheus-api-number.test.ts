import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecimalReader } from '../../src/wire/prometheus-api-number.ts';

const reader = new DecimalReader();

function read(text: string): { value: number; end: number } {
  const value = reader.read(Buffer.from(`${text}"`), 0);
  return { value, end: reader.end };
}

/** The value must be that of `Number`, bit for bit, wherever the reader takes the number at all. */
function agrees(text: string): boolean {
  const { value, end } = read(text);
  return end === -1 || (end === text.length && Object.is(value, Number(text)));
}

describe('numbers from bytes', () => {
  it.each([
    '0',
    '-0',
    '0.0',
    '1',
    '-1',
    '42',
    '0.1',
    '0.30000000000000004',
    '1.7976931348623',
    '123456789012345',
    '9007199254740991',
    '9007199254740993',
    '123456789012345678',
    '0.000001234567890123456',
    '1e21',
    '1.5e-7',
    '2E+3',
    '1e22',
    '1e23',
    '100000000000000000000',
    '5e-324',
    '1.7976931348623157e308',
    '123456789012345.678',
    '0.1234567890123456789',
    '1000000000000000.5',
    '4503599627370497.5',
    '9007199254740992.5',
    '0.5000000000000000277',
  ])('%s', (text) => {
    expect(agrees(text)).toBe(true);
  });

  it.each([
    '0',
    '-3.25',
    '0.1',
    '17.123456789012345',
    '0.30000000000000004',
    '98765.43210987654',
    '1e21',
    '3.0517578125e-5',
    '9007199254740991',
    '1795429801',
  ])('takes %s without a string', (text) => {
    expect(read(text).end).toBe(text.length);
  });

  it.each(['', '-', '.', '.5', '5.', 'NaN', '+Inf', 'Inf', '1e', '1e+', '0x10', '+1', '--1'])(
    'does not take %j',
    (text) => {
      const { end } = read(text);
      expect(end === -1 || end < text.length).toBe(true);
    },
  );

  it('rounds every double as Number does, in the notation of Go', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => agrees(String(value))),
      { numRuns: 2_000 },
    );
  });

  it('rounds doubles of the sizes that are measured, and takes nearly all of them', () => {
    let taken = 0;
    let count = 0;
    fc.assert(
      fc.property(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -6, max: 11 }), (value, power) => {
        const text = String(value * 10 ** power);
        if (read(text).end === text.length) taken++;
        count++;
        return agrees(text);
      }),
      { numRuns: 2_000 },
    );
    expect(taken / count).toBeGreaterThan(0.95);
  });

  it('rounds digits of any number and scale', () => {
    const digits = fc
      .integer({ min: 1, max: 24 })
      .chain((length) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`)));
    const exponent = fc.oneof(
      fc.constant(''),
      fc.integer({ min: -330, max: 330 }).map((power) => `e${power}`),
    );
    fc.assert(
      fc.property(
        digits,
        fc.option(digits, { nil: undefined }),
        exponent,
        fc.boolean(),
        (whole, fraction, power, minus) =>
          agrees(`${minus ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}${power}`),
      ),
      { numRuns: 2_000 },
    );
  });

  it('rounds numbers that lie next to the middle of two doubles', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }),
        fc.integer({ min: 1, max: 22 }),
        (mantissa, shift) => {
          // mantissa + 1/2, over 2^shift: exactly between two doubles, written with as many digits as fit.
          const exact = (Number(mantissa) / 2 ** shift).toPrecision(22);
          const middle = ((2n * mantissa + 1n) * 10n ** 30n) / 2n ** BigInt(shift + 1);
          const text = middle.toString().padStart(31, '0');
          const decimal = `${text.slice(0, -30)}.${text.slice(-30)}`.slice(0, 23).replace(/\.$/, '.0');
          return agrees(exact) && agrees(decimal);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
