/** Set in the state of a gate that nothing enters any more; the other bits count the pieces of native work under way. */
const CLOSED = 1 << 30;

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

  /** Runs `work`; never begins, and never settles, once the gate is being closed: the thread has a moment left. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if ((Atomics.add(this.#state, 0, 1) & CLOSED) !== 0) {
      this.#leave();
      return new Promise<never>(() => {});
    }
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Lets nothing in any more, and resolves once what is under way has ended. */
  async close(): Promise<void> {
    let state = Atomics.or(this.#state, 0, CLOSED) | CLOSED;
    while (state !== CLOSED) {
      await Atomics.waitAsync(this.#state, 0, state).value;
      state = Atomics.load(this.#state, 0);
    }
  }

  #leave(): void {
    Atomics.sub(this.#state, 0, 1);
    Atomics.notify(this.#state, 0);
  }
}
