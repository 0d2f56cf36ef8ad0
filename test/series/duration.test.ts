import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DURATION_PATTERN,
  formatDuration,
  POSITIVE_DURATION_PATTERN,
  parseDuration,
} from '../../src/series/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1d12h', 129_600_000],
    ['1w', 604_800_000],
    ['1y', 31_536_000_000],
    ['1y2w3d4h5m6s7ms', 31_536_000_000 + 2 * 604_800_000 + 3 * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6_007],
    ['090s', 90_000],
    ['1m0s', 60_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [''],
    ['5'],
    ['1.5h'],
    ['-5m'],
    ['+5m'],
    ['5 m'],
    ['5m '],
    ['5M'],
    ['30m1h'],
    ['1h1h'],
    ['1ms1s'],
    ['m'],
    ['1mo'],
    ['5m\n'],
    ['900000y'],
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [1, '1ms'],
    [90_000, '1m30s'],
    [129_600_000, '1d12h'],
    [604_800_000, '1w'],
    [864_000_000, '10d'],
    [31_536_000_000, '1y'],
    [31_536_000_000 + 1_000, '365d1s'],
  ])('%d', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('what it prints is read back as the same span', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

test('the patterns for editors take the same texts as the parser', () => {
  const unit = fc.constantFrom('y', 'w', 'd', 'h', 'm', 's', 'ms', '', ' ', 'x');
  const texts = fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), unit), { maxLength: 4 });
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.map(([amount, name]) => `${amount}${name}`).join('');
      // A pattern cannot tell that so many years are more milliseconds than a number holds.
      fc.pre(!/\d{5}/.test(text));
      const ms = parseDuration(text);
      expect(new RegExp(DURATION_PATTERN).test(text)).toBe(ms !== undefined);
      expect(new RegExp(POSITIVE_DURATION_PATTERN).test(text)).toBe(ms !== undefined && ms > 0);
    }),
    { numRuns: 2_000 },
  );
});
