import { PipelineRunner } from '../../src/evaluate/pipeline-runner.ts';
import type { Logger } from '../../src/ports/logger.ts';
import type { ModelEngine } from '../../src/ports/model-engine.ts';
import type { Evaluation, Farewell } from '../../src/ports/publisher.ts';
import { parseRules } from '../../src/rules/parse.ts';
import type { Pipeline } from '../../src/rules/pipeline.ts';
import { labelValue } from '../../src/series/labels.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import type { JudgedSet } from '../data/judged-set.ts';
import { MemorySource } from './memory-source.ts';

const HOUR_MS = 3_600_000;
/** The default schedule of forecasts; scoring up to one runs against the path of the one before. */
const FORECAST_EVERY_MS = 900_000;

/** What was published of a set: entry s · steps + i is of series s at step i, NaN where nothing was. */
export interface Watched {
  readonly score: Float32Array;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** Which of the technique's views spoke, 0 where nothing was scored; empty where there are none. */
  readonly view: Uint8Array;
  /** Processor time of it all, reading included. */
  readonly cpuMs: number;
}

export interface WatchOptions {
  /** Lines of a pipeline beside name, query and step. */
  readonly rule: readonly string[];
  /**
   * Time between two evaluations where no forecast is made; as long as a catch-up may be unless said. Scores are the
   * same: an evaluation takes up every sample since the one before, each with what was known before it.
   */
  readonly everyMs?: number;
}

/**
 * Has the product watch a set as it would have watched it then: one pipeline from the first sample on, evaluated at one
 * instant after the other, with nothing there that was not there yet.
 */
export async function watch(set: JudgedSet, { rule, everyMs }: WatchOptions): Promise<Watched> {
  const pipeline = pipelineFor(set, rule);
  const { technique } = pipeline.anomaly;
  const forecasts = pipeline.mode !== 'anomaly_only' || technique === 'confidence_interval';
  const size = set.series.length * set.steps;
  const nothing = () => new Float32Array(size).fill(Number.NaN);
  const watched = { score: nothing(), lower: nothing(), upper: nothing(), view: new Uint8Array(size) };
  const source = new MemorySource(set);
  const clock = { nowMs: () => source.nowMs };
  const publisher = {
    publish: (evaluation: Evaluation) => keep(set, evaluation, watched),
    remove() {},
    async [Symbol.asyncDispose]() {},
  };
  const ports = {
    source,
    engine: NO_ENGINE,
    telemetry: createTelemetry(),
    logger: QUIET,
    clock,
    breathe: async () => {},
  };
  const runner = new PipelineRunner(pipeline, { file: 'bench', ports, publisher });
  const before = process.cpuUsage();
  for (const step of forecasts ? forecastSteps(set) : evenSteps(set, everyMs ?? HOUR_MS)) {
    source.nowMs = set.startMs + step * set.stepMs + pipeline.queryOffsetMs;
    await runner.run(forecasts ? 'forecast' : 'anomaly', source.nowMs);
  }
  const { user, system } = process.cpuUsage(before);
  const { health, lastError } = runner.status();
  if (health !== 'ok') throw new Error(`${set.name}: ${lastError}`);
  return { ...watched, cpuMs: (user + system) / 1000 };
}

/** A pipeline as a rule file of these lines makes it, so with every default of the product. */
function pipelineFor({ stepMs }: JudgedSet, rule: readonly string[]): Pipeline {
  const lines = ['name: bench', 'query: m', `step: ${stepMs}ms`, ...rule];
  const { groups, problems } = parseRules(`pipelines:\n  - ${lines.join('\n    ')}\n`, 'bench.yaml');
  const pipeline = groups[0]?.pipelines[0];
  if (pipeline === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return pipeline;
}

/** Every so many steps, and the last one. */
function* evenSteps({ stepMs, steps }: JudgedSet, everyMs: number): Iterable<number> {
  const every = Math.max(1, Math.floor(everyMs / stepMs));
  for (let step = every - 1; step < steps - 1; step += every) yield step;
  yield steps - 1;
}

/** Steps that have settled when the schedule of forecasts is due, and the last one. */
function* forecastSteps({ startMs, stepMs, steps }: JudgedSet): Iterable<number> {
  for (let step = 0; step < steps - 1; step++)
    if ((startMs + (step + 1) * stepMs) % FORECAST_EVERY_MS < stepMs) yield step;
  yield steps - 1;
}

function keep(set: JudgedSet, evaluation: Evaluation, watched: Omit<Watched, 'cpuMs'>): void {
  if (evaluation.farewell !== undefined) keepSteps(set, evaluation.farewell, watched);
  keepSteps(set, evaluation, watched);
}

function keepSteps(set: JudgedSet, { series: members, steps }: Farewell, watched: Omit<Watched, 'cpuMs'>): void {
  const series = members.map((labels) => Number(labelValue(labels, 'series')));
  for (const scored of steps) {
    const step = Math.round((scored.timestampMs - set.startMs) / set.stepMs);
    series.forEach((s, i) => {
      const at = s * set.steps + step;
      watched.score[at] = scored.score[i]!;
      watched.lower[at] = scored.lower[i]!;
      watched.upper[at] = scored.upper[i]!;
      watched.view[at] = scored.view[i]!;
    });
  }
}

const QUIET: Logger = { log() {}, child: () => QUIET };

/** Pipelines here score without forecasts, or with those of the engine that learns sample by sample. */
const NO_ENGINE: ModelEngine = {
  traits: { maxContextSteps: 0 } as ModelEngine['traits'],
  forecast: () => Promise.reject(new Error('no engine runs here')),
  async [Symbol.asyncDispose]() {},
};
