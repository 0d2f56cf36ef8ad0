/** A remote-write request of a sender, as it came. */
export interface WriteRequest {
  /** Names in lower case, end to end: what belongs to the connection is not among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Query of the request target with its `?`; empty without one. */
  readonly search: string;
  readonly body: Uint8Array;
}

/** The receiver's answer, as it came. */
export interface WriteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Buffer[];
}

/** Hands requests on to a receiver. */
export interface Forwarder extends AsyncDisposable {
  forward(request: WriteRequest): Forwarding;
}

/** A request on its way to the receiver. */
export interface Forwarding {
  /**
   * Resolves once the receiver has answered, whatever it said; rejects with `proxy_unavailable` or `proxy_timeout`
   * when it has not, or with what `stop` was given.
   */
  readonly answer: Promise<WriteAnswer>;
  /** Nobody waits for the answer any more. */
  stop(reason: Error): void;
}
