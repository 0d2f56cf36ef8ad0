/** Value of a gate that nothing passes any more; otherwise it counts the pieces of native work under way. */
const CLOSED = -1;

/**
 * Keeps a thread from being ended inside of native code: an addon that then finds no JavaScript to return to aborts the
 * whole process. The thread does its native work within `pass`, whoever ends the thread closes the gate first.
 */
export class NativeGate {
  /** To be handed to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#state = new Int32Array(memory);
  }

  /** Runs `work`; never begins, and never settles, once the gate is closed: the thread has a moment left. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#enter()) return new Promise<never>(() => {});
    try {
      return await work();
    } finally {
      Atomics.sub(this.#state, 0, 1);
      Atomics.notify(this.#state, 0);
    }
  }

  /** Resolves once no work is under way and none can begin. */
  async close(): Promise<void> {
    for (;;) {
      const underWay = Atomics.compareExchange(this.#state, 0, 0, CLOSED);
      if (underWay === 0 || underWay === CLOSED) return;
      await Atomics.waitAsync(this.#state, 0, underWay).value;
    }
  }

  #enter(): boolean {
    let underWay = Atomics.load(this.#state, 0);
    while (underWay !== CLOSED) {
      const seen = Atomics.compareExchange(this.#state, 0, underWay, underWay + 1);
      if (seen === underWay) return true;
      underWay = seen;
    }
    return false;
  }
}
