import { describe, expect, test } from 'vitest';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { harness, MINUTE_MS, NOON_MS, NOON_SLOT_MS, noisy, published } from './harness.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Six series that share their movement; some break away after noon. */
function fleet(breaking: readonly string[]) {
  const day = (t: number) => 20 * Math.sin((2 * Math.PI * t) / (24 * 60 * MINUTE_MS));
  return new Map(
    NAMES.map((name, i) => [
      name,
      (t: number) =>
        (1 + i) * (50 + day(t)) + noisy(t + i * 7919 * MINUTE_MS) + (breaking.includes(name) && t > NOON_MS ? 300 : 0),
    ]),
  );
}

function pipelineWith(technique: string, changes: Partial<Pipeline> = {}): Partial<Pipeline> {
  return { anomaly: { ...pipelineOf().anomaly, technique }, mode: 'anomaly_only', ...changes };
}

describe.each([
  ['peers', ['c'], pipelineWith('peers')],
  // One of six is a thin trace for a forest; what is odd together is its strength.
  ['isolation_forest', ['b', 'c'], pipelineWith('isolation_forest', { isMultivariate: true })],
])('%s', (_, breaking, changes) => {
  test('learns a day together at the first evaluation, and tells who breaks away', async () => {
    const { runner, evaluations, engine } = harness(fleet(breaking), changes);
    await runner.run('anomaly', NOON_SLOT_MS);
    expect(evaluations[0]!.steps[0]!.score.every(Number.isFinite)).toBe(true);
    expect(engine.requests).toHaveLength(0);
    const flags = evaluations[0]!.steps.flatMap(({ anomaly }) => [...anomaly]).filter((flag) => flag !== 0);
    expect(flags.length).toBeLessThan(5);
    await runner.run('anomaly', NOON_SLOT_MS + MINUTE_MS);
    const flagged = NAMES.filter((name) => published(evaluations.at(-1)!, name).anomaly !== 0);
    expect(flagged.filter((name) => breaking.includes(name)).length).toBeGreaterThan(0);
    expect(flagged.filter((name) => !breaking.includes(name)).length).toBeLessThan(2);
  });
});

test('series that are scored together have shares, which sum to one', async () => {
  const { runner, evaluations } = harness(fleet(['c']), pipelineWith('isolation_forest', { isMultivariate: true }));
  await runner.run('anomaly', NOON_SLOT_MS);
  const { contribution } = evaluations[0]!.steps.at(-1)!;
  expect(contribution!.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
});
