import { describeError, OpenAnomalyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Publisher } from '../ports/publisher.ts';
import type { Scheduler, TaskKind, TaskRun } from '../ports/scheduler.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Group, GroupSet, Pipeline } from '../rules/pipeline.ts';
import type { Telemetry } from '../telemetry/metrics.ts';
import { openAnomalies } from './alarm-step.ts';
import type { EventBook } from './event-book.ts';
import { saveEvents } from './event-store.ts';
import { PipelineRunner } from './pipeline-runner.ts';
import type { PipelineState } from './pipeline-state.ts';
import { firstTask, planOf } from './plan.ts';
import { decodeSnapshot, stateSignature } from './snapshot.ts';
import { createState } from './state-shape.ts';
import type { PipelineStatus } from './status.ts';
import type { TaskPorts } from './task-ports.ts';

export interface ManagerOptions {
  readonly portsFor: (pipeline: Pipeline) => TaskPorts;
  readonly publisher: Publisher;
  readonly scheduler: Scheduler;
  /** Undefined: nothing is kept over a restart. */
  readonly store: StateStore | undefined;
  /** The anomalies of all pipelines; undefined: nobody keeps them. */
  readonly events?: EventBook | undefined;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Self-metrics of groups and pipelines start at zero and go with them. */
  readonly metricsOf: {
    startGroup(group: string): void;
    removeGroup(group: string): void;
    startPipeline(pipeline: Pipeline): void;
    removePipeline(pipeline: string): void;
  };
}

interface Entry {
  readonly group: Group;
  readonly pipeline: Pipeline;
}

/** Groups in and out: keeps the state of what did not change, ends what is gone, starts what is new. */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #runners = new Map<string, PipelineRunner>();
  #groups: readonly Group[] = [];

  constructor(options: ManagerOptions) {
    this.#options = options;
    options.scheduler.run(
      (run) => this.#execute(run),
      (run) => this.#missed(run),
    );
  }

  /** Makes the set the running one. Pipelines whose shape is unchanged go on without losing a sample. */
  async apply({ groups }: GroupSet): Promise<void> {
    const { metricsOf, scheduler } = this.#options;
    const before = new Set(this.#groups.map((group) => group.name));
    const after = new Set(groups.map((group) => group.name));
    const entries = new Map(enabledEntries(groups).map((entry) => [entry.pipeline.name, entry]));

    await Promise.all([...this.#runners].map(([name, runner]) => this.#endUnlessKept(runner, entries.get(name))));
    for (const group of before) if (!after.has(group)) metricsOf.removeGroup(group);
    for (const group of after) if (!before.has(group)) metricsOf.startGroup(group);
    for (const name of this.#options.events?.pipelines() ?? [])
      if (!entries.has(name)) this.#options.events?.closeAll(name, 'pipeline_ended');
    const started = await Promise.all([...entries.values()].map((entry) => this.#keepOrStart(entry)));
    this.#groups = groups;
    await scheduler.replace(planOf(groups));

    const timestampMs = this.#options.clock.nowMs();
    // The first evaluation does not wait for its slot: an operator who starts or changes something wants to see it.
    for (const runner of started)
      if (runner !== undefined) void this.#runAndReport(runner, firstTask(runner.pipeline), timestampMs);
  }

  status(): PipelineStatus[] {
    return this.#groups.flatMap((group) =>
      group.pipelines.map(
        (pipeline) => this.#runners.get(pipeline.name)?.status() ?? statusOfDisabled(group, pipeline),
      ),
    );
  }

  /** Resolves when nothing is being evaluated any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.idle()));
  }

  /** Writes a snapshot of every pipeline; a failure is told and does not stop the others. */
  async save(): Promise<void> {
    const { store, telemetry, logger, events } = this.#options;
    if (store === undefined) return;
    if (events !== undefined) await saveEvents(events, store, logger);
    for (const runner of this.#runners.values()) {
      const { name } = runner.pipeline;
      try {
        await runner.save(async (chunks) => {
          await store.save(storeKey(name), chunks);
          telemetry.stateSnapshots.inc({ outcome: 'success' });
        });
      } catch (error) {
        telemetry.stateSnapshots.inc({ outcome: 'failed' });
        logger.log('error', 'snapshot could not be written', { pipeline: name, err: describeError(error) });
      }
    }
  }

  /** Aborts what still runs; what was published stays. */
  async stop(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }

  async #execute(run: TaskRun): Promise<void> {
    const runner = this.#runners.get(run.pipeline);
    if (runner !== undefined) await this.#runAndReport(runner, run.task, run.timestampMs);
  }

  async #runAndReport(runner: PipelineRunner, task: TaskKind, timestampMs: number): Promise<void> {
    await runner.run(task, timestampMs);
    const { group } = runner.pipeline;
    // A group that went while its pipeline was running must not come back.
    if (!this.#groups.some(({ name }) => name === group)) return;
    const ratio = anomalyRatio([...this.#runners.values()].filter((other) => other.pipeline.group === group));
    this.#options.telemetry.groupAnomalyRatio.set({ group }, ratio);
  }

  #missed(run: TaskRun): void {
    const group = this.#runners.get(run.pipeline)?.pipeline.group;
    if (group !== undefined && run.task !== 'look_ahead')
      this.#options.telemetry.evaluationsMissed.inc({ group, task: run.task });
  }

  async #endUnlessKept(runner: PipelineRunner, next: Entry | undefined): Promise<void> {
    const { name } = runner.pipeline;
    if (next !== undefined && stateSignature(next.pipeline) === stateSignature(runner.pipeline)) return;
    this.#runners.delete(name);
    await runner.end(this.#options.clock.nowMs());
    this.#options.events?.closeAll(name, 'pipeline_ended');
    if (next !== undefined) return;
    this.#options.metricsOf.removePipeline(name);
    try {
      await this.#options.store?.remove(storeKey(name));
    } catch (error) {
      // A file that stays does no harm: its signature is checked before it is used.
      this.#options.logger.log('warn', 'snapshot could not be removed', { pipeline: name, err: describeError(error) });
    }
  }

  async #keepOrStart({ group, pipeline }: Entry): Promise<PipelineRunner | undefined> {
    const kept = this.#runners.get(pipeline.name);
    if (kept !== undefined) {
      kept.adopt(pipeline, group.file, this.#options.clock.nowMs());
      return undefined;
    }
    const { portsFor, publisher, metricsOf } = this.#options;
    metricsOf.startPipeline(pipeline);
    const state = await this.#restore(pipeline);
    const runner = new PipelineRunner(pipeline, {
      file: group.file,
      ports: portsFor(pipeline),
      publisher,
      ...(state && { state }),
    });
    const known = openAnomalies(runner.state, pipeline.name);
    this.#options.events?.closeAll(pipeline.name, 'state_lost', (id) => known.has(id));
    this.#runners.set(pipeline.name, runner);
    await runner.publishAgain(this.#options.clock.nowMs());
    return runner;
  }

  async #restore(pipeline: Pipeline): Promise<PipelineState | undefined> {
    const { store, logger, telemetry } = this.#options;
    try {
      const bytes = await store?.load(storeKey(pipeline.name));
      return bytes && decodeSnapshot(bytes, { pipeline, create: () => createState(pipeline) });
    } catch (error) {
      if (!(error instanceof OpenAnomalyError)) throw error;
      telemetry.stateSnapshotsBroken.inc();
      logger.log('warn', 'snapshot is not used, the pipeline starts from the data source', {
        pipeline: pipeline.name,
        err: describeError(error),
      });
      return undefined;
    }
  }
}

/** Share of the runners' scored series that are flagged; 0 where nothing is scored. */
function anomalyRatio(runners: readonly PipelineRunner[]): number {
  const tallies = runners.map((runner) => runner.flags());
  const scored = tallies.reduce((sum, tally) => sum + tally.scored, 0);
  return scored === 0 ? 0 : tallies.reduce((sum, tally) => sum + tally.flagged, 0) / scored;
}

function enabledEntries(groups: readonly Group[]): Entry[] {
  return groups.flatMap((group) =>
    group.pipelines.filter((pipeline) => pipeline.enabled).map((pipeline) => ({ group, pipeline })),
  );
}

function storeKey(pipeline: string): string {
  return `pipeline-${pipeline}`;
}

function statusOfDisabled(group: Group, pipeline: Pipeline): PipelineStatus {
  const { name, description, query, enabled } = pipeline;
  return {
    name,
    group: group.name,
    file: group.file,
    description,
    query,
    enabled,
    health: 'starting',
    lastError: undefined,
    lastEvaluationMs: undefined,
    lastEvaluationDurationMs: undefined,
    lastForecastMs: undefined,
    series: 0,
    warmingUp: 0,
    flagged: 0,
    highestScore: undefined,
    engines: {},
  };
}
