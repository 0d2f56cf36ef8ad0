import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openSimulated } from '../../src/adapters/tsdb/simulated/client.ts';
import { type Incident, incidentsBetween } from '../../src/adapters/tsdb/simulated/incidents.ts';
import { PipelineRunner } from '../../src/evaluate/pipeline-runner.ts';
import type { Evaluation } from '../../src/ports/publisher.ts';
import { parseRules } from '../../src/rules/parse.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { labelValue } from '../../src/series/labels.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { FakeClock } from '../support/clock.ts';
import { nullLogger } from '../support/logger.ts';
import { plainEngine } from '../support/plain-engine.ts';

/** A Saturday evening, which no run of the tests depends on. */
const NOW_MS = Date.UTC(2026, 10, 28, 20);
const HOUR_MS = 3_600_000;
const SEED = 1;
const EVERY_MS = 300_000;

const { groups } = parseRules(readFileSync(new URL('../../rules/demo.yaml', import.meta.url), 'utf8'), 'demo.yaml');
const scored = groups.flatMap(({ pipelines }) => pipelines).filter(({ mode }) => mode !== 'forecast_only');

interface Flag {
  readonly timeMs: number;
  readonly service: string | undefined;
}

/** What the first evaluation flags in the hour that it goes back. */
async function firstFlags(pipeline: Pipeline, incidentEveryMs: number): Promise<Flag[]> {
  const clock = new FakeClock(NOW_MS);
  const settings = { type: 'simulated', seed: SEED, incidentEveryMs, incidentHistoryMs: HOUR_MS } as const;
  const evaluations: Evaluation[] = [];
  const runner = new PipelineRunner(pipeline, {
    file: 'demo.yaml',
    ports: {
      source: openSimulated({ settings, clock }),
      engine: plainEngine(),
      telemetry: createTelemetry(),
      logger: nullLogger,
      clock,
      breathe: async () => {},
    },
    publisher: {
      publish: (evaluation) => {
        evaluations.push(evaluation);
      },
      remove() {},
      async [Symbol.asyncDispose]() {},
    },
  });
  await runner.run('anomaly', NOW_MS);
  expect(runner.status().health).toBe('ok');
  return evaluations.flatMap(({ series, steps }) =>
    steps.flatMap(({ timestampMs, anomaly }) =>
      [...anomaly].flatMap((flag, i) =>
        flag === 1 || flag === -1 ? [{ timeMs: timestampMs, service: labelValue(series[i]!, 'service') }] : [],
      ),
    ),
  );
}

const isOf = ({ timeMs, service }: Flag, incident: Incident) =>
  service === incident.service && timeMs >= incident.startMs && timeMs < incident.endMs + 120_000;

describe('the demo', () => {
  test('shows incidents at its first look: most of those of the hour before it', async () => {
    const incidents = incidentsBetween(SEED, NOW_MS - HOUR_MS, NOW_MS, EVERY_MS).filter(
      ({ kind, startMs }) => kind !== 'instance_vanishes' && startMs >= NOW_MS - HOUR_MS,
    );
    const flags = (await Promise.all(scored.map((pipeline) => firstFlags(pipeline, EVERY_MS)))).flat();
    const found = incidents.filter((incident) => flags.some((flag) => isOf(flag, incident)));
    expect(incidents.length).toBeGreaterThan(6);
    expect(found.length).toBeGreaterThanOrEqual(0.7 * incidents.length);
    const unexplained = flags.filter((flag) => !incidents.some((incident) => isOf(flag, incident)));
    expect(unexplained.length).toBeLessThan(flags.length / 4);
  });

  test('is calm where nothing happens', async () => {
    const flags = (await Promise.all(scored.map((pipeline) => firstFlags(pipeline, 0)))).flat();
    expect(flags.length).toBeLessThan(5);
  });
});
