import { describeError, OpenAnomalyError } from '../errors.ts';
import type { Evaluation, FuturePath, LookAhead, Publisher } from '../ports/publisher.ts';
import type { TaskKind } from '../ports/scheduler.ts';
import type { Pipeline } from '../rules/pipeline.ts';
import { techniqueByName } from '../score/techniques.ts';
import { type Advanced, advance, settledMs } from './advance.ts';
import { BandCoverage } from './band-coverage.ts';
import { forecastable, forecastInTurns } from './forecast-task.ts';
import { forecastOfNow, futurePathOf, lookAheadOf } from './look-ahead.ts';
import type { Members, PipelineState } from './pipeline-state.ts';
import { readHistory } from './read-task.ts';
import { Retry } from './retry.ts';
import { SelfMetrics } from './self-metrics.ts';
import { encodeSnapshot } from './snapshot.ts';
import { type Stage, StageFailures } from './stage-failures.ts';
import { createState, makesForecasts, pathStepsOf } from './state-shape.ts';
import type { PipelineStatus } from './status.ts';
import type { TaskPorts } from './task-ports.ts';
import { Turns } from './turns.ts';

/**
 * What was published before a failure stays on the page this long, as Prometheus looks back, then it ends: a page that
 * shows old samples as new ones is worse than an empty one.
 */
const HOLD_AFTER_FAILURE_MS = 300_000;

/**
 * Runs the tasks of one pipeline, and remembers how they went. They take turns at its state; while an engine works on a
 * forecast, which may take minutes, samples are scored.
 */
export class PipelineRunner {
  readonly #ports: TaskPorts;
  readonly #publisher: Publisher;
  readonly #abort = new AbortController();
  #pipeline: Pipeline;
  #file: string;
  #state: PipelineState;
  /** What a first evaluation has found so far, to be shown; it counts once it is whole. */
  #unfinished: PipelineState | undefined;
  readonly #turns = new Turns();
  readonly #forecasts = new Turns();
  readonly #running = new Set<Promise<void>>();
  #withoutHistory = new Set<number>();
  readonly #failures = new StageFailures();
  readonly #forecastRetry = new Retry();
  #lastEvaluationMs: number | undefined;
  #lastDurationMs: number | undefined;
  #lastForecastMs: number | undefined;
  /** Evaluation timestamp up to which what is published is current. */
  #currentMs: number | undefined;
  readonly #coverage = new BandCoverage();
  #isPublished = false;
  /** What the paths said of the newest instant before they were made anew, and of whom. */
  #now: { readonly ahead: LookAhead; readonly members: Members } | undefined;
  readonly #selfMetrics: SelfMetrics;

  constructor(
    pipeline: Pipeline,
    options: {
      readonly file: string;
      readonly ports: TaskPorts;
      readonly publisher: Publisher;
      readonly state?: PipelineState;
    },
  ) {
    this.#pipeline = pipeline;
    this.#file = options.file;
    this.#ports = options.ports;
    this.#publisher = options.publisher;
    this.#selfMetrics = new SelfMetrics(options.ports.telemetry);
    this.#state = options.state ?? createState(pipeline);
  }

  get pipeline(): Pipeline {
    return this.#pipeline;
  }

  get state(): PipelineState {
    return this.#state;
  }

  /**
   * Takes over a changed definition whose state still fits. What it publishes may have become less (another mode, fewer
   * horizons): then everything ends once and comes back with the next evaluation, instead of freezing in part.
   */
  adopt(pipeline: Pipeline, file: string, timestampMs: number): void {
    const before = this.#pipeline;
    this.#pipeline = pipeline;
    this.#file = file;
    this.#state.online?.adopt(pipeline);
    this.#state.pathSteps = pathStepsOf(pipeline);
    if (!makesForecasts(pipeline)) {
      this.#pass('forecast');
      this.#forecastRetry.pass();
    }
    const shape = ({ mode, output, anomaly }: Pipeline) =>
      JSON.stringify([mode, output.horizons, output.futureSamples, anomaly.publishesAlarm]);
    if (shape(before) === shape(pipeline)) return;
    // After what is running: it may still publish the old shape.
    void this.#turns.run(() => {
      if (!this.#isPublished) return;
      this.#publisher.remove(pipeline.name, this.#state.members.labels, timestampMs);
      this.#isPublished = false;
    });
  }

  /**
   * Publishes what the state remembers of the time before a restart, unless that is too old. Otherwise a restart would let
   * series vanish until their next sample, and alerts with them.
   */
  async publishAgain(nowMs: number): Promise<void> {
    const { shown } = this.#state;
    const { stepMs, queryOffsetMs, mode, anomaly } = this.#pipeline;
    // Rules may have changed meanwhile: what no later evaluation replaces must not be shown.
    if (shown === undefined || shown.members !== this.#state.members || mode === 'forecast_only') return;
    const { alarm, ...rest } = shown.step;
    const step = anomaly.publishesAlarm ? shown.step : rest;
    this.#currentMs = shown.step.timestampMs + queryOffsetMs;
    if (nowMs - this.#currentMs > stepMs + HOLD_AFTER_FAILURE_MS) return;
    await this.#publish(this.#state, {
      timestampMs: nowMs,
      advanced: { steps: [step], ended: [] },
      lookAhead: this.#lookAhead(this.#state),
      isRepeated: true,
    });
  }

  /** Runs a task. Never rejects: a failure is told in the log, the metrics and the status. */
  async run(task: TaskKind, timestampMs: number): Promise<void> {
    const run = task === 'look_ahead' ? this.#showAhead(timestampMs) : this.#runOnce(task, timestampMs);
    this.#running.add(run);
    await run;
    this.#running.delete(run);
  }

  /** Stops what runs and lets every published series end. */
  async end(timestampMs: number): Promise<void> {
    await this.stop();
    this.#publisher.remove(this.#pipeline.name, this.#isPublished ? this.#state.members.labels : [], timestampMs);
  }

  /** Stops what runs; what was published stays. */
  async stop(): Promise<void> {
    this.#abort.abort(new OpenAnomalyError('shutting_down', 'the pipeline is being stopped'));
    await this.idle();
  }

  /** Resolves when what was asked for so far has been done. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
    await this.#turns.run(() => {});
  }

  /** Hands the chunks of a snapshot to `write` while no task changes the state. Without a first evaluation there are none. */
  save(write: (chunks: Iterable<Uint8Array>) => Promise<void>): Promise<void> {
    return this.#turns.run(async () => {
      const chunks = encodeSnapshot(this.#state, this.#pipeline);
      if (chunks !== undefined) await write(chunks);
    });
  }

  async #runOnce(task: Exclude<TaskKind, 'look_ahead'>, timestampMs: number): Promise<void> {
    const { telemetry, clock } = this.#ports;
    const where = { group: this.#pipeline.group, task };
    let stage: Stage = 'scoring';
    let startedMs = clock.nowMs();
    try {
      const { state, isForecastDue } = await this.#turns.run(() => {
        this.#abort.signal.throwIfAborted();
        startedMs = clock.nowMs();
        telemetry.evaluations.inc(where);
        return this.#advance(task, timestampMs);
      });
      this.#pass(stage);
      if (isForecastDue) {
        stage = 'forecast';
        const series = await this.#forecasts.run(() => this.#forecast(state, timestampMs));
        this.#pass(stage);
        // None yet, or none old enough: they must not wait for a schedule that may be hourly.
        if (series === 0) this.#forecastRetry.putOff(timestampMs, this.#pipeline.intervalMs);
        else this.#forecastRetry.pass();
      }
      this.#lastEvaluationMs = Math.max(timestampMs, this.#lastEvaluationMs ?? timestampMs);
      this.#currentMs = this.#lastEvaluationMs;
      this.#lastDurationMs = clock.nowMs() - startedMs;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      telemetry.evaluationFailures.inc(where);
      // Without new samples there was no forecast either.
      if (task === 'forecast' || stage === 'forecast')
        this.#forecastRetry.putOff(timestampMs, this.#pipeline.intervalMs);
      // Rules that ask for no forecast any more may have come meanwhile.
      if (stage === 'scoring' || makesForecasts(this.#pipeline)) this.#fail(stage, error, timestampMs);
    }
    telemetry.evaluationDuration.observe(where, (clock.nowMs() - startedMs) / 1000);
    this.#report();
  }

  /** Scores what is new and publishes it, before a forecast that may fail or take long: no later evaluation has it. */
  async #advance(task: Exclude<TaskKind, 'look_ahead'>, timestampMs: number) {
    const pipeline = this.#pipeline;
    const beforeMs = this.#state.contexts.endMs;
    const isFirst = beforeMs === undefined;
    // A first read that fails must leave nothing half-filled behind.
    const state = isFirst ? createState(pipeline) : this.#state;
    this.#unfinished = isFirst ? state : undefined;
    const advanced = await advance(state, { pipeline, timestampMs }, this.#ports, this.#abort.signal).finally(() => {
      this.#unfinished = undefined;
    });
    this.#state = state;
    const { steps, ended, inside, scored, withoutHistory } = advanced;
    for (const slot of withoutHistory) this.#withoutHistory.add(slot);
    if (ended.length > 0) this.#ports.telemetry.seriesEnded.inc({ pipeline: pipeline.name }, ended.length);
    this.#coverage.learn(inside, scored, state.members.slots.length);
    if (state.contexts.endMs !== beforeMs) this.#now = undefined;
    const isWanted = makesForecasts(pipeline) && (isFirst || this.#forecastRetry.isDue(timestampMs));
    const isForecastDue = task === 'forecast' || isWanted;
    // Before the paths are made anew: those start after it.
    if (isForecastDue) this.#forecastOfNow(state);
    if (steps.length > 0 || ended.length > 0 || (isFirst && !isForecastDue))
      await this.#publish(state, { timestampMs, advanced, lookAhead: isForecastDue ? [] : this.#lookAhead(state) });
    if (isForecastDue) this.#forecastRetry.begin();
    return { state, isForecastDue };
  }

  /** Answers how many series were forecast. */
  async #forecast(state: PipelineState, timestampMs: number): Promise<number> {
    const { signal } = this.#abort;
    const pipeline = this.#pipeline;
    const slots = await this.#turns.run(async () => {
      const members = new Set(state.members.slots);
      const missing = [...this.#withoutHistory].filter((slot) => members.has(slot));
      if (missing.length > 0)
        await readHistory(state, { pipeline, slots: missing, mayReadAll: true }, this.#ports, signal);
      this.#withoutHistory.clear();
      return forecastable(state);
    });
    await forecastInTurns(state, { pipeline, slots }, { engine: this.#ports.engine, turns: this.#turns }, signal);
    await this.#turns.run(() => {
      const lookAhead = this.#lookAhead(state);
      if (lookAhead.length === 0) return undefined;
      const shown = this.#pipeline;
      const futurePath = shown.output.futureSamples ? futurePathOf(state, shown, state.contexts.endMs!) : undefined;
      return this.#publish(state, { timestampMs, lookAhead, futurePath });
    });
    this.#lastForecastMs = timestampMs;
    return slots.length;
  }

  /** Shows what the paths say from now on, without a look at samples, or makes up for a forecast that failed. */
  async #showAhead(timestampMs: number): Promise<void> {
    if (this.#forecastRetry.isDue(timestampMs)) return this.#runOnce('forecast', timestampMs);
    return this.#turns
      .run(() => this.#moveAhead(this.#state, timestampMs))
      .catch((error: unknown) => {
        this.#fail('forecast', error, timestampMs);
        this.#report();
      });
  }

  async #moveAhead(state: PipelineState, timestampMs: number): Promise<void> {
    const pipeline = this.#pipeline;
    const nowMs = settledMs({ pipeline, timestampMs });
    const isNew = state.contexts.endMs !== undefined && nowMs > state.contexts.endMs;
    const isHidden = !this.#isPublished && this.#failures.current !== undefined;
    if (!isNew || isHidden || this.#abort.signal.aborted) return;
    const lookAhead = [forecastOfNow(state, pipeline, nowMs), ...lookAheadOf(state, pipeline, nowMs)];
    await this.#publish(state, { timestampMs, lookAhead });
    this.#currentMs = timestampMs;
  }

  /** Empty where no forecast is shown. */
  #lookAhead(state: PipelineState): LookAhead[] {
    if (this.#pipeline.mode === 'anomaly_only') return [];
    return [this.#forecastOfNow(state), ...lookAheadOf(state, this.#pipeline, state.contexts.endMs!)];
  }

  #forecastOfNow(state: PipelineState): LookAhead {
    const { members } = state;
    if (this.#now?.members !== members)
      this.#now = { ahead: forecastOfNow(state, this.#pipeline, state.contexts.endMs!), members };
    return this.#now.ahead;
  }

  async #publish(
    state: PipelineState,
    what: {
      readonly timestampMs: number;
      readonly advanced?: Pick<Advanced, 'steps' | 'farewell' | 'ended'>;
      readonly lookAhead: readonly LookAhead[];
      readonly futurePath?: FuturePath | undefined;
      readonly isRepeated?: true;
    },
  ): Promise<void> {
    const { timestampMs, lookAhead, futurePath, isRepeated } = what;
    const { steps, farewell, ended } = what.advanced ?? { steps: [], ended: [] };
    const evaluation: Evaluation = {
      pipeline: this.#pipeline.name,
      series: state.members.labels,
      timestampMs,
      steps,
      ...(farewell && { farewell }),
      views: techniqueByName(this.#pipeline.anomaly.technique).views,
      lookAhead,
      ...(futurePath && { futurePath }),
      ended,
      ...(isRepeated && { isRepeated }),
    };
    const step = steps.at(-1);
    if (step !== undefined) state.shown = { step, members: state.members };
    this.#isPublished = true;
    await this.#publisher.publish(evaluation);
  }

  #pass(stage: Stage): void {
    if (!this.#failures.pass(stage)) return;
    this.#ports.logger.log('info', 'pipeline is healthy again', { pipeline: this.#pipeline.name });
  }

  #fail(stage: Stage, error: unknown, timestampMs: number): void {
    const pipeline = this.#pipeline;
    const err = describeError(error);
    if (this.#failures.fail(stage, err))
      this.#ports.logger.log('warn', `${stage} failed`, { pipeline: pipeline.name, group: pipeline.group, err });
    const isOverLimit = error instanceof OpenAnomalyError && error.code === 'series_limit';
    const isOld = timestampMs - (this.#currentMs ?? timestampMs) > HOLD_AFTER_FAILURE_MS;
    if (this.#isPublished && (isOverLimit || isOld)) {
      // As Prometheus does for a failing rule: nothing is published any more, and no stale markers are sent.
      this.#publisher.remove(pipeline.name, [], timestampMs);
      this.#isPublished = false;
    }
    // Nobody sees these series any more, so nobody waits to be told of their end.
    if (!this.#isPublished) this.#state.takeEnded();
  }

  #report(): void {
    const openAnomalies = this.#ports.events?.openOf(this.#pipeline.name) ?? 0;
    this.#selfMetrics.tell(this.#pipeline, this.#state, {
      ...this.status(),
      openAnomalies,
      coverage: this.#coverage.share,
    });
  }

  /** Series scored in the newest step that is published, and how many of them are flagged. */
  flags(): { readonly scored: number; readonly flagged: number } {
    const tally = { scored: 0, flagged: 0 };
    const step = this.#state.shown?.step;
    if (!this.#isPublished || step === undefined) return tally;
    for (const flag of step.anomaly) {
      if (Number.isNaN(flag)) continue;
      tally.scored++;
      if (flag !== 0) tally.flagged++;
    }
    return tally;
  }

  status(): PipelineStatus {
    const pipeline = this.#pipeline;
    const state = this.#unfinished ?? this.#state;
    const { slots } = state.members;
    const engines: Record<string, number> = {};
    const waitsForForecast =
      pipeline.mode === 'forecast_only' || techniqueByName(pipeline.anomaly.technique).needs.forecast;
    const isWarm = (slot: number) => (waitsForForecast ? state.hasForecast(slot) : state.scorer.isWarm(slot));
    let warmingUp = 0;
    let flagged = 0;
    for (const slot of slots) {
      const engine = state.hint(slot)?.engine;
      if (engine !== undefined && state.hasForecast(slot)) engines[engine] = (engines[engine] ?? 0) + 1;
      if (!isWarm(slot)) warmingUp++;
      if (state.flag(slot) !== 0) flagged++;
    }
    return {
      name: pipeline.name,
      group: pipeline.group,
      file: this.#file,
      description: pipeline.description,
      query: pipeline.query,
      enabled: pipeline.enabled,
      health: this.#failures.current !== undefined ? 'error' : this.#lastEvaluationMs === undefined ? 'starting' : 'ok',
      lastError: this.#failures.current,
      lastEvaluationMs: this.#lastEvaluationMs,
      lastEvaluationDurationMs: this.#lastDurationMs,
      lastForecastMs: this.#lastForecastMs,
      series: slots.length,
      warmingUp,
      flagged,
      highestScore: highestOf(this.#state.shown?.step.score),
      engines,
    };
  }
}

function highestOf(scores: Float64Array | undefined): number | undefined {
  let highest: number | undefined;
  for (const score of scores ?? [])
    if (Number.isFinite(score) && score > (highest ?? Number.NEGATIVE_INFINITY)) highest = score;
  return highest;
}
