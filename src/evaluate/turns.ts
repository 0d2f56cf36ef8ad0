/** Runs pieces of work one after the other, in the order they came. One that fails does not stop those behind it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}
