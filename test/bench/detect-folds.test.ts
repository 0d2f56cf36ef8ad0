import { describe, expect, it } from 'vitest';
import { type Candidate, chooseFrom, type FoldUnit, foldsOf } from '../../bench/detect/folds.ts';
import { type AlarmCounts, NO_ALARMS } from '../../bench/detect/scoring/alarms.ts';
import { withSettings } from '../../bench/detect/settings-text.ts';

/** A unit that is watched for a hundred days: at each threshold so many of its ten events are found, with false alarms. */
function unitOf(set: string, name: string, found: readonly number[], falseAlarms: readonly number[]): FoldUnit {
  const counts = found.map(
    (hits, i): AlarmCounts => ({
      ...NO_ALARMS,
      found: hits,
      alarms: hits + falseAlarms[i]!,
      falseAlarms: falseAlarms[i]!,
      events: 10,
      days: 100,
    }),
  );
  return { set, name, isSeries: true, counts };
}

function candidateOf(name: string, units: readonly FoldUnit[]): Candidate {
  return { name, thresholds: [1, 2], units };
}

describe('folds', () => {
  it('choose the best threshold within the budget of false alarms', () => {
    const loud = candidateOf('c', [unitOf('a', '1', [10, 5], [20, 0])]);
    expect(chooseFrom([loud], () => true)).toMatchObject({ at: 1 });
    const quiet = candidateOf('c', [unitOf('a', '1', [10, 5], [1, 0])]);
    expect(chooseFrom([quiet], () => true)).toMatchObject({ at: 0 });
    // Nothing is quiet enough: the least loud.
    const never = candidateOf('c', [unitOf('a', '1', [10, 5], [30, 20])]);
    expect(chooseFrom([never], () => true)).toMatchObject({ at: 1 });
  });

  it('judge a set by what the others chose, and series by what the rest of all did', () => {
    // The sets ask for different candidates; each series for what its set asks for.
    const first = candidateOf('first', [
      ...[1, 2, 3].map((i) => unitOf('a', `a${i}`, [9, 1], [0, 0])),
      ...[1, 2, 3].map((i) => unitOf('b', `b${i}`, [2, 1], [0, 0])),
    ]);
    const second = candidateOf('second', [
      ...[1, 2, 3].map((i) => unitOf('a', `a${i}`, [1, 1], [0, 0])),
      ...[1, 2, 3].map((i) => unitOf('b', `b${i}`, [8, 1], [0, 0])),
    ]);
    const folds = foldsOf([first, second]);
    const fold = (of: string, leftOut: string) => folds.find((each) => each.of === of && each.leftOut === leftOut)!;
    expect(fold('a', 'set')).toMatchObject({ chosen: ['second at 1.00'], counts: { found: 3, events: 30 } });
    expect(fold('b', 'set')).toMatchObject({ chosen: ['first at 1.00'], counts: { found: 6, events: 30 } });
    expect(fold('a', 'series')).toMatchObject({ chosen: ['first at 1.00'], counts: { found: 27, events: 30 } });
    expect(folds).toHaveLength(4);
  });
});

describe('settings of a variant', () => {
  const source = 'export const EDGE = 2.7;\nexport const YOUNG = 2 / (EDGE * 3);\nexport const NEDGE = 1;\n';

  it('take the place of those in the module, and nothing else', () => {
    expect(withSettings(source, { EDGE: 3, YOUNG: 1 })).toBe(
      'export const EDGE = 3;\nexport const YOUNG = 1;\nexport const NEDGE = 1;\n',
    );
  });

  it('must exist', () => {
    expect(() => withSettings(source, { EGDE: 3 })).toThrow(/no setting EGDE/);
  });
});
