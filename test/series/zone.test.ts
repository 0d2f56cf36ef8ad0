import { expect, test } from 'vitest';
import { zoneOffset } from '../../src/series/zone.ts';

const HOUR_MS = 3_600_000;

test.each([
  ['UTC', '2026-07-01T00:00Z', 0],
  ['Europe/Berlin', '2026-01-15T12:00Z', 1],
  ['Europe/Berlin', '2026-07-15T12:00Z', 2],
  ['Europe/Berlin', '2026-03-29T00:59:59Z', 1],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 2],
  ['Europe/Berlin', '2026-10-25T00:59:59Z', 2],
  ['Europe/Berlin', '2026-10-25T01:00:00Z', 1],
  ['America/New_York', '2026-03-08T06:59:59Z', -5],
  ['America/New_York', '2026-03-08T07:00:00Z', -4],
  ['Asia/Kolkata', '2026-03-08T07:00:00Z', 5.5],
  ['Australia/Lord_Howe', '2026-10-03T15:29:59Z', 10.5],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z', 11],
  ['Pacific/Kiritimati', '1960-01-01T00:00Z', -10 - 2 / 3],
])('%s at %s is %d hours ahead', (zone, instant, hours) => {
  expect(zoneOffset(zone)(Date.parse(instant)) / HOUR_MS).toBeCloseTo(hours, 9);
});

test('a zone that does not exist throws', () => {
  expect(() => zoneOffset('Mars/Olympus')).toThrow(RangeError);
});

test('offsets of instants in any order are the same', () => {
  const instants = Array.from({ length: 400 }, (_, i) => Date.UTC(2026, 2, 20) + i * 7 * HOUR_MS);
  const forwards = instants.map(zoneOffset('Europe/Berlin'));
  expect(instants.toReversed().map(zoneOffset('Europe/Berlin')).toReversed()).toEqual(forwards);
});
