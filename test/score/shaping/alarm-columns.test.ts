import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlarmRule } from '../../../src/rules/alarm-rule.ts';
import { DEFAULT_ALARM_RULE } from '../../../src/rules/alarm-schema.ts';
import { AlarmColumns } from '../../../src/score/shaping/alarm-columns.ts';

const MINUTE_MS = 60_000;

interface Setting extends Partial<AlarmRule> {
  readonly threshold?: number;
  readonly direction?: 'both' | 'above' | 'below';
}

/** Feeds signed scores (the sign is the side of the value) to slot 0 and tells what happened at which sample. */
function run(scores: readonly number[], { threshold = 1, direction = 'both', ...rule }: Setting = {}) {
  const columns = new AlarmColumns();
  columns.clear(0);
  return feed(columns, scores, { threshold, direction, ...rule });
}

function feed(columns: AlarmColumns, scores: readonly number[], setting: Setting, from = 0): string[] {
  const { threshold = 1, direction = 'both', ...rule } = setting;
  const told: string[] = [];
  scores.forEach((signed, i) => {
    const score = Math.abs(signed);
    const side = Math.sign(signed);
    const isWatched = direction === 'both' || (direction === 'above') === side > 0;
    const changes = columns.observe(
      {
        timestampMs: (from + i) * MINUTE_MS,
        slots: [0],
        value: Float64Array.of(side),
        expected: Float64Array.of(0),
        score: Float64Array.of(score),
        anomaly: Float64Array.of(isWatched && score > threshold ? side : 0),
        excluded: undefined,
      },
      { rule: { ...DEFAULT_ALARM_RULE, ...rule }, threshold, direction },
    );
    for (const { kind } of changes) if (kind !== 'continued') told.push(`${kind} ${from + i}`);
  });
  return told;
}

const calm = (count: number) => Array.from({ length: count }, () => 0.3);

describe('the default rule', () => {
  test('opens at a flagged sample and closes after ten calm ones', () => {
    expect(run([0.5, 1.4, 0.5, ...calm(12)])).toEqual(['opened 1', 'closed 11']);
  });

  test('takes alarms at most ten samples apart for one', () => {
    expect(run([2, ...calm(9), 3, ...calm(10)])).toEqual(['opened 0', 'closed 20']);
  });

  test('opens again within the window only for a score that beats the recent ones by 15 %', () => {
    expect(run([2, ...calm(30), 2.2, ...calm(30)])).toEqual(['opened 0', 'closed 10']);
    expect(run([2, ...calm(30), 2.4, ...calm(30)])).toEqual(['opened 0', 'closed 10', 'opened 31', 'closed 41']);
  });

  test('forgets what is older than the window', () => {
    expect(run([2, ...calm(119), 1.1])).toEqual(['opened 0', 'closed 10']);
    expect(run([2, ...calm(120), 1.1])).toEqual(['opened 0', 'closed 10', 'opened 121']);
  });

  test('a missing sample changes nothing', () => {
    expect(run([2, ...Array.from({ length: 50 }, () => Number.NaN), ...calm(10)])).toEqual(['opened 0', 'closed 60']);
  });
});

describe('the opening rule', () => {
  const NAIVE = { factor: 1.1, window: 120 };

  /** The rule as it is written down, over the whole past. */
  function naive(scores: readonly number[], factor: number, window: number): number[] {
    return scores.flatMap((score, i) => {
      const before = Math.max(0, ...scores.slice(Math.max(0, i - window), i));
      return score > 1 && score > factor * before ? [i] : [];
    });
  }

  test('opens where the definition says, when alarms end at once', () => {
    // At most eight falling peaks are remembered: with few peaks the columns and the definition agree exactly.
    const sparse = fc.array(
      fc.tuple(fc.integer({ min: 30, max: 200 }), fc.double({ min: 1.01, max: 5, noNaN: true })),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(sparse, (bursts) => {
        const scores = bursts.flatMap(([gap, peak]) => [...calm(gap), Math.fround(peak)]);
        const told = run(scores, { recovery: { count: 1, of: 1 } });
        const opened = told.filter((line) => line.startsWith('opened')).map((line) => Number(line.slice(7)));
        expect(opened).toEqual(naive(scores, NAIVE.factor, NAIVE.window));
      }),
    );
  });

  test('never opens where the definition does not, whatever the scores', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 6, noNaN: true }), { maxLength: 400 }), (raw) => {
        const scores = raw.map(Math.fround);
        const allowed = new Set(naive(scores, NAIVE.factor, NAIVE.window));
        const told = run(scores, { recovery: { count: 1, of: 1 } });
        for (const line of told) if (line.startsWith('opened')) expect(allowed).toContain(Number(line.slice(7)));
      }),
    );
  });

  test('is off with a factor of 0', () => {
    expect(run([2, ...calm(10), 1.1], { openingFactor: 0 })).toEqual(['opened 0', 'closed 10', 'opened 11']);
  });
});

describe('m of n', () => {
  const rule = { confirm: { count: 3, of: 5 }, recovery: { count: 1, of: 1 } };

  test.each([
    ['three of five', [2, 0.1, 2, 0.1, 2], ['opened 4']],
    ['two of five are not enough', [2, 0.1, 2, 0.1, 0.1, 2], []],
    ['an alarm opens at a hot sample only', [2, 2, 0.1, 0.1, 0.1, 2], []],
    ['sides are counted apart', [2, -2, 2, -2], []],
    ['a plateau confirms itself', [2, 2, 2], ['opened 2']],
    ['falling scores confirm themselves', [3, 2, 1.5], ['opened 2']],
  ])('%s', (_, scores, told) => {
    expect(run(scores, rule)).toEqual(told);
  });

  test('the strongest of the confirming samples has to beat what was before them', () => {
    const incident = [3, 3, 3, ...calm(20)];
    expect(run([...incident, 3.2, 3.2, 3.2], rule)).toEqual(['opened 2', 'closed 3']);
    expect(run([...incident, 1.5, 3.6, 1.5], rule)).toEqual(['opened 2', 'closed 3', 'opened 25']);
  });
});

describe('hysteresis, cooldown, direction', () => {
  test('opens above one score and recovers below another', () => {
    const rule = { open: 2, close: 0.5, recovery: { count: 2, of: 2 } };
    expect(run([1.5, 2.5, 0.9, 0.9, 0.9, 0.4, 0.9, 0.4, 0.4], rule)).toEqual(['opened 1', 'closed 8']);
  });

  test('recovery may be most of some samples', () => {
    expect(run([2, 0.1, 2, 0.1, 0.1], { recovery: { count: 3, of: 4 } })).toEqual(['opened 0', 'closed 4']);
  });

  test('nothing opens during the cooldown', () => {
    const rule = { recovery: { count: 1, of: 1 }, cooldownMs: 5 * MINUTE_MS, openingFactor: 0 };
    expect(run([2, 0.1, 2, 2, 2, 2, 2], rule)).toEqual(['opened 0', 'closed 1', 'opened 6']);
  });

  test('the side that is not watched neither opens, keeps open, nor raises what must be beaten', () => {
    const rule = { direction: 'above', recovery: { count: 2, of: 2 } } as const;
    expect(run([-9, 1.2, -9, -9, 1.5], rule)).toEqual(['opened 1', 'closed 3', 'opened 4']);
  });
});

describe('maintenance', () => {
  test('ends an open alarm and opens none', () => {
    const columns = new AlarmColumns();
    columns.clear(0);
    expect(feed(columns, [2], {})).toEqual(['opened 0']);
    const excludedStep = {
      timestampMs: MINUTE_MS,
      slots: [0],
      value: Float64Array.of(1),
      expected: Float64Array.of(0),
      score: Float64Array.of(9),
      anomaly: Float64Array.of(0),
      excluded: Uint8Array.of(1),
    };
    const how = { rule: DEFAULT_ALARM_RULE, threshold: 1, direction: 'both' } as const;
    expect(columns.observe(excludedStep, how)).toEqual([{ kind: 'excluded', index: 0 }]);
    expect(columns.observe(excludedStep, how)).toEqual([]);
    expect(columns.side(0)).toBe(0);
    // Its score of 9 is not remembered: 2.4 need only beat the 2 before it.
    expect(feed(columns, [2.4], {}, 2)).toEqual(['opened 2']);
  });
});

describe('a snapshot', () => {
  test('goes on as if nothing had happened, whatever came before', () => {
    const scores = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(scores, scores, fc.boolean(), (before, after, isHysteretic) => {
        const setting: Setting = {
          cooldownMs: 3 * MINUTE_MS,
          recovery: { count: 2, of: 3 },
          ...(isHysteretic && { open: 1.5, close: 0.7 }),
        };
        const columns = new AlarmColumns();
        columns.clear(0);
        feed(columns, before, setting);
        const restored = new AlarmColumns();
        restored.clear(0);
        const memory = columns.export(0);
        if (memory !== undefined) restored.import(0, JSON.parse(JSON.stringify(memory)));
        expect(restored.side(0)).toBe(columns.side(0));
        expect(feed(restored, after, setting, before.length)).toEqual(feed(columns, after, setting, before.length));
      }),
    );
  });

  test('keeps nothing of a series that has nothing', () => {
    const columns = new AlarmColumns();
    columns.clear(0);
    feed(columns, calm(20), {});
    expect(columns.export(0)).toBeUndefined();
  });
});
