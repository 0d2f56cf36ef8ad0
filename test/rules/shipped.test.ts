import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSimulated } from '../../src/adapters/tsdb/simulated/client.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { piecesOf } from '../contract/tsdb-client.ts';
import { FakeClock } from '../support/clock.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);

function load(file: string) {
  const text = readFileSync(new URL(`../../rules/${file}`, import.meta.url), 'utf8');
  return { text, ...parseRules(text, file) };
}

describe.each(['demo.yaml', 'node.yaml'])('rules/%s', (file) => {
  it('has no problem, names its schema and describes every pipeline', () => {
    const { text, problems, groups } = load(file);
    expect(problems).toEqual([]);
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/config\/pipeline\.schema\.json\n/);
    const pipelines = groups.flatMap((group) => group.pipelines);
    expect(pipelines.length).toBeGreaterThan(5);
    for (const { description } of pipelines) expect(description).toMatch(/^\S.{10,}/);
  });
});

describe('rules/demo.yaml', () => {
  const { groups } = load('demo.yaml');
  const pipelines = groups.flatMap((group) => group.pipelines);

  it.each(pipelines.map((pipeline) => [pipeline.name, pipeline] as const))(
    '%s has series over its whole context, told apart without their metric name',
    async (_, { query, stepMs, contextWindowMs, limit }) => {
      const source = openSimulated({
        settings: { type: 'simulated', seed: 1, incidentEveryMs: 300_000, incidentHistoryMs: Infinity },
        clock: new FakeClock(NOW_MS),
      });
      const startMs = NOW_MS - contextWindowMs;
      const pieces = await piecesOf(source, { query, startMs, endMs: NOW_MS, stepMs, limit, timeoutMs: 60_000 });
      expect(pieces.length).toBeGreaterThan(0);
      for (const { block } of pieces) {
        expect(block.labels.length).toBeGreaterThan(0);
        expect(new Set(block.labels.map(({ pairs }) => pairs[pairs.indexOf('__name__') + 1])).size).toBe(1);
      }
    },
  );
});
