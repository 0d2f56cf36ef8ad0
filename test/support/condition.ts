/** Those who wait until something holds; they look again whenever they are told to. */
export class ConditionWaiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves once the condition holds. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  look(): void {
    for (const look of this.#waiting) look();
  }
}
