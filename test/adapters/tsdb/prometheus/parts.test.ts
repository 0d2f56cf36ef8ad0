import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../../src/adapters/tsdb/prometheus/answer-errors.ts';
import { narrowed } from '../../../../src/adapters/tsdb/prometheus/narrow.ts';
import { PiecePlan } from '../../../../src/adapters/tsdb/prometheus/piece-plan.ts';
import { compileSelector, parseSelector } from '../../../../src/rules/selector.ts';
import { type Labels, labelsFromRecord } from '../../../../src/series/labels.ts';

/** Lengths of the pieces of a read whose width is a function of the step. */
function lengths(steps: number, mostSteps: number, seriesAt: (step: number) => number, samplesPerStep = 1): number[] {
  const plan = new PiecePlan({ startMs: 0, stepMs: 1000, steps }, mostSteps);
  const pieces: number[] = [];
  let at = 0;
  for (let grid = plan.next(); grid !== undefined; grid = plan.next()) {
    expect(grid.startMs).toBe(at * 1000);
    const series = seriesAt(at + grid.steps - 1);
    if (grid.steps > 1 && series * grid.steps > 4_000_000) {
      plan.tooWide(grid, Math.ceil(4_000_000 / grid.steps));
      continue;
    }
    plan.finished(grid, series, series * grid.steps * samplesPerStep);
    pieces.push(grid.steps);
    at += grid.steps;
  }
  expect(at).toBe(steps);
  return pieces;
}

describe('the pieces of a read', () => {
  it.each<[string, number, number, (step: number) => number, number, number[]]>([
    ['an increment', 7, 11_000, () => 100_000, 1, [7]],
    ['few series', 10_080, 11_000, () => 10, 1, [60, 480, 3840, 5700]],
    ['a thousand series', 5000, 11_000, () => 1000, 1, [60, 480, 2000, 2000, 460]],
    ['more instants than a server answers', 40_000, 11_000, () => 1, 1, [60, 480, 3840, 11_000, 11_000, 11_000, 2620]],
    [
      'raw samples denser than the grid',
      5000,
      Number.POSITIVE_INFINITY,
      () => 1000,
      4,
      [60, 480, 500, 500, 500, 500, 500, 500, 500, 500, 460],
    ],
    ['no series', 1000, 11_000, () => 0, 1, [60, 480, 460]],
    ['more series than values in a piece', 3 + 60, 11_000, (step) => (step < 60 ? 0 : 5_000_000), 1, [60, 1, 1, 1]],
  ])('%s', (_, steps, mostSteps, seriesAt, samplesPerStep, expected) => {
    expect(lengths(steps, mostSteps, seriesAt, samplesPerStep)).toEqual(expected);
  });
});

describe('a selector narrowed to series', () => {
  const sets = (...records: Record<string, string>[]): Labels[] => records.map(labelsFromRecord);

  it('matches them, and no others that differ in a label', () => {
    const only = sets(
      { __name__: 'm', job: 'a', path: '/x.y(1)|$' },
      { __name__: 'm', job: 'a', path: '/é"\\', zone: 'z' },
    );
    const matches = compileSelector(narrowed(parseSelector('m{job=~".+"}')!, only));
    expect(only.every(matches)).toBe(true);
    for (const other of sets(
      { __name__: 'n', job: 'a', path: '/x.y(1)|$' },
      { __name__: 'm', job: 'b', path: '/x.y(1)|$' },
      { __name__: 'm', job: 'a', path: '/xzy(1)|$' },
      { __name__: 'm', job: 'a', path: '/x.y(1)|$', zone: 'other' },
    ))
      expect(matches(other)).toBe(false);
  });

  it('stays short, whatever the number of series', () => {
    const only = sets(
      ...Array.from({ length: 5000 }, (_, i) => ({ __name__: 'm', instance: `host-${i}.example`, job: `${i % 3}` })),
    );
    const selector = narrowed(parseSelector('m')!, only);
    expect(selector.map(({ name }) => name).sort()).toEqual(['__name__', '__name__', 'job']);
    expect(only.every(compileSelector(selector))).toBe(true);
  });
});

describe('Retry-After', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  it.each([
    ['10', 10_000],
    [' 3 ', 3000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
    ['0', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('%s', (text, expected) => {
    expect(parseRetryAfter(text, nowMs)).toBe(expected);
  });
});
