/** A replica of a pair that is scored, and when it was last heard of. */
interface Elected {
  replica: string;
  heardMs: number;
}

/** Chooses of each pair of senders the replica that is scored: the first one, until it is silent for too long. */
export class PairTracker {
  readonly #failoverMs: number;
  readonly #elected = new Map<string, Elected>();

  constructor(failoverMs: number) {
    this.#failoverMs = failoverMs;
  }

  /** Whether what a replica of a pair sent, received at that time, is to be scored. */
  admits(cluster: string, replica: string, receivedMs: number): boolean {
    const known = this.#elected.get(cluster);
    if (known === undefined) {
      this.#elected.set(cluster, { replica, heardMs: receivedMs });
      return true;
    }
    if (known.replica === replica || receivedMs - known.heardMs > this.#failoverMs) {
      known.replica = replica;
      known.heardMs = Math.max(known.heardMs, receivedMs);
      return true;
    }
    return false;
  }
}
