import { describe, expect, it } from 'vitest';
import { detectTimestamps } from '../../../../src/adapters/tsdb/csv/timestamps.ts';

const INSTANT_MS = Date.UTC(2026, 10, 20, 18, 30, 5);

describe('timestamps of CSV files', () => {
  it.each([
    ['1795199405', 'seconds since 1970', INSTANT_MS],
    ['1795199405.25', 'seconds since 1970', INSTANT_MS + 250],
    ['1.795199405e9', 'seconds since 1970', INSTANT_MS],
    ['0', 'seconds since 1970', 0],
    ['1795199405000', 'milliseconds since 1970', INSTANT_MS],
    ['1795199405000000', 'microseconds since 1970', INSTANT_MS],
    ['1795199405000000000', 'nanoseconds since 1970', INSTANT_MS],
    ['2026-11-20 18:30:05', 'ISO 8601 without an offset, taken as UTC', INSTANT_MS],
    ['2026-11-20T18:30:05', 'ISO 8601 without an offset, taken as UTC', INSTANT_MS],
    ['2026-11-20 18:30:05.123456', 'ISO 8601 without an offset, taken as UTC', INSTANT_MS + 123],
    ['2026-11-20 18:30', 'ISO 8601 without an offset, taken as UTC', INSTANT_MS - 5000],
    ['2026-11-20', 'ISO 8601 without an offset, taken as UTC', Date.UTC(2026, 10, 20)],
    ['2026-11-20T18:30:05Z', 'ISO 8601 with its offset from UTC', INSTANT_MS],
    ['2026-11-20 18:30:05 UTC', 'ISO 8601 with its offset from UTC', INSTANT_MS],
    ['2026-11-20 20:00:05+01:30', 'ISO 8601 with its offset from UTC', INSTANT_MS],
    ['2026-11-20T13:30:05-0500', 'ISO 8601 with its offset from UTC', INSTANT_MS],
    ['2026-11-20T13:30:05-05', 'ISO 8601 with its offset from UTC', INSTANT_MS],
  ])('%s is %s', (text, description, timeMs) => {
    const format = detectTimestamps(text);
    expect(format?.description).toBe(description);
    expect(format?.read(text)).toBe(timeMs);
  });

  it.each(['', 'now', '20/11/2026', '2026-13-01', '2026-02-30', '2026-11-20 24:30', 'Infinity', '0x10'])(
    '%s is none',
    (text) => {
      expect(detectTimestamps(text)).toBeUndefined();
    },
  );

  it.each([
    ['1795199405', '2026-11-20'],
    ['2026-11-20', '1795199405'],
    ['2026-11-20 18:30:05', '2026-11-20 18:30:05Z'],
  ])('a file that began with %s does not go on with %s', (first, next) => {
    expect(detectTimestamps(first)?.read(next)).toBeNaN();
  });
});
