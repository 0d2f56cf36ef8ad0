import fc from 'fast-check';
import { expect, test } from 'vitest';
import { incidentsOf } from '../../src/evaluate/incidents.ts';
import type { AnomalyEvent } from '../../src/ports/event-log.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';

const MINUTE_MS = 60_000;

function event(startMinute: number, endMinute: number | undefined, about: Partial<AnomalyEvent> = {}): AnomalyEvent {
  const startMs = startMinute * MINUTE_MS;
  return {
    id: `${about.pipeline ?? 'p'}-${startMinute}-${about.group ?? 'g'}`,
    pipeline: 'p',
    group: 'g',
    labels: labelsFromRecord({ pipeline: about.pipeline ?? 'p', start: String(startMinute) }),
    technique: 'tail',
    direction: 'above',
    startMs,
    lastMs: (endMinute ?? startMinute) * MINUTE_MS,
    ending: endMinute === undefined ? undefined : 'recovered',
    peak: { timestampMs: startMs, score: 2, value: 1, expected: 0, lower: -1, upper: 1, view: '' },
    ...about,
  };
}

test('anomalies of a group that overlap are one incident, named after the first', () => {
  const peak = { timestampMs: 0, score: 9, value: 1, expected: 0, lower: -1, upper: 1, view: '' };
  const incidents = incidentsOf([
    event(8, 12, { pipeline: 'latency', peak }),
    event(0, 10, { pipeline: 'cpu' }),
    event(30, 31, { pipeline: 'cpu' }),
  ]);
  expect(incidents).toMatchObject([
    { startMs: 30 * MINUTE_MS, pipelines: ['cpu'], series: 1 },
    {
      id: 'cpu-0-g',
      startMs: 0,
      lastMs: 12 * MINUTE_MS,
      pipelines: ['cpu', 'latency'],
      series: 2,
      isOpen: false,
      highest: { pipeline: 'latency' },
    },
  ]);
});

test('a few minutes between do not part them, more do; groups are apart', () => {
  expect(incidentsOf([event(0, 1), event(6, 7)])).toHaveLength(1);
  expect(incidentsOf([event(0, 1), event(7, 8)])).toHaveLength(2);
  expect(incidentsOf([event(0, 1), event(0, 1, { group: 'h' })])).toHaveLength(2);
});

test('what is open reaches to now', () => {
  expect(incidentsOf([event(0, undefined), event(300, 301)])).toMatchObject([{ isOpen: true, series: 2 }]);
});

test('each anomaly is in exactly one incident, and no two of a group are near', () => {
  const times = fc.array(fc.tuple(fc.nat(300), fc.nat(20), fc.constantFrom('g', 'h')), { maxLength: 30 });
  fc.assert(
    fc.property(times, (spans) => {
      const events = spans.map(([start, length, group], i) => event(start, start + length, { group, id: String(i) }));
      const incidents = incidentsOf(events);
      expect(incidents.flatMap(({ anomalies }) => anomalies.map(({ id }) => id)).sort()).toEqual(
        events.map(({ id }) => id).sort(),
      );
      for (const a of incidents)
        for (const b of incidents)
          if (a !== b && a.group === b.group && a.startMs <= b.startMs)
            expect(b.startMs - a.lastMs).toBeGreaterThan(5 * MINUTE_MS);
    }),
  );
});
