/**
 * A first-in, first-out line with a bound. Whoever brings more than fits waits for room; an aborted waiter leaves.
 */
export class BatchQueue<T> {
  readonly #most: number;
  readonly #items: T[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Puts an item in as soon as it fits. Rejects with `signal.reason` once aborted, and then leaves the item out. */
  async push(item: T, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#items.length >= this.#most) await this.#room(signal);
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items.shift();
    this.#waiting.shift()?.();
    return item;
  }

  remove(item: T): void {
    const at = this.#items.indexOf(item);
    if (at < 0) return;
    this.#items.splice(at, 1);
    this.#waiting.shift()?.();
  }

  /** Empties the line and lets everybody in who waits: the owner closes, and refuses them itself. */
  drain(): T[] {
    const items = this.#items.splice(0);
    for (const proceed of this.#waiting.splice(0)) proceed();
    return items;
  }

  #room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(proceed), 1);
        reject(signal.reason);
      };
      const proceed = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(proceed);
    });
  }
}
