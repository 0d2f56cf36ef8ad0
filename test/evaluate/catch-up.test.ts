import { expect, test } from 'vitest';
import { mostCatchUpSteps } from '../../src/evaluate/catch-up.ts';
import { createState } from '../../src/evaluate/state-shape.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { MINUTE_MS } from './harness.ts';

const DAY_MS = 1440 * MINUTE_MS;

test.each([
  ['by interval', 10, { intervalMs: 360 * MINUTE_MS }, 360],
  ['by schedule', 10, { anomalySchedule: '@daily' }, 1440],
  ['as often as usual', 10, {}, 60],
  ['of so many series that two million samples are less', 4000, { anomalySchedule: '@daily' }, 500],
  ['of so many that an hour is more than that', 50_000, { anomalySchedule: '@daily' }, 60],
])('a catch-up of a pipeline evaluated %s', (_, series, changes, steps) => {
  const pipeline = pipelineOf({ contextWindowMs: 7 * DAY_MS, ...changes });
  const state = createState(pipeline);
  for (let i = 0; i < series; i++) {
    const labels = labelsFromRecord({ i: String(i) });
    state.add(labels, labels);
  }
  expect(mostCatchUpSteps(state, pipeline)).toBe(steps);
});
