/** A task first scores what is new, then some of them forecast. */
export type Stage = 'scoring' | 'forecast';

/** What went wrong last in each stage of a pipeline's tasks: that one goes well says nothing of the other. */
export class StageFailures {
  readonly #failures = new Map<Stage, string>();

  /** Undefined where all is well. A failure of scoring is told first: with it nothing goes on. */
  get current(): string | undefined {
    return this.#failures.get('scoring') ?? this.#failures.get('forecast');
  }

  /** Answers whether this is news. */
  fail(stage: Stage, description: string): boolean {
    const isNews = this.#failures.get(stage) !== description;
    this.#failures.set(stage, description);
    return isNews;
  }

  /** Answers whether all is well again with this. */
  pass(stage: Stage): boolean {
    return this.#failures.delete(stage) && this.#failures.size === 0;
  }
}
