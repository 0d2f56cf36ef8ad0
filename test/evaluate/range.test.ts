import { expect, test } from 'vitest';
import { labelValue } from '../../src/series/labels.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy } from './harness.ts';

const DAY_MS = 86_400_000;
const anomaly = { ...pipelineOf().anomaly, technique: 'tail' };

/** Two of a service: by day around 140, by night around 60, and from noon on `b` sinks below all nights, a unit a minute. */
const load = (timeMs: number) => noisy(timeMs) - 5 + 40 * Math.sin((2 * Math.PI * timeMs) / DAY_MS);
const sinking = (timeMs: number) =>
  timeMs <= NOON_MS ? load(timeMs) : Math.max(100 - (timeMs - NOON_MS) / MINUTE_MS, 10) + noisy(timeMs) - 105;

test.each([
  ['is told of what leaves it at once where the context holds it', {}, true],
  ['has to pass where only what is new is read', { mode: 'anomaly_only' } as const, false],
])('the week of a series %s', async (_, changes, isKnown) => {
  const { runner, evaluations } = harness(
    new Map([
      ['a', load],
      ['b', sinking],
    ]),
    { contextWindowMs: 7 * DAY_MS, anomaly, ...changes },
  );
  for (let minute = 0; minute <= 150; minute++) await runner.run('anomaly', NOON_SLOT_MS + minute * MINUTE_MS);
  const views = new Map([
    ['a', new Set<string>()],
    ['b', new Set<string>()],
  ]);
  for (const { series, steps, views: names } of evaluations)
    for (const step of steps)
      series.forEach((labels, i) => {
        if (step.anomaly[i] !== 0) views.get(labelValue(labels, 'instance')!)!.add(names[step.view[i]!]!);
      });
  expect(views.get('b')!.has('range')).toBe(isKnown);
  expect(views.get('a')!.has('range')).toBe(false);
});
