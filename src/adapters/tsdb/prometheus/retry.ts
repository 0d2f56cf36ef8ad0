import { setTimeout as delay } from 'node:timers/promises';
import { OpenAnomalyError } from '../../../errors.ts';

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5000;

/** The time a read may take, tries and pauses together; it runs from `start` on. */
export class Deadline {
  readonly #timeoutMs: number;
  #endMs: number | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  start(): void {
    this.#endMs ??= performance.now() + this.#timeoutMs;
  }

  get leftMs(): number {
    return this.#endMs === undefined ? this.#timeoutMs : this.#endMs - performance.now();
  }
}

/**
 * Tries again while the server is starting, overloaded or unreachable, with pauses that double or that the server
 * asked for. Rejects with the last error when the next try would come too late, and at once with any other error.
 */
export async function untilAvailable<T>(
  attempt: () => Promise<T>,
  options: {
    readonly deadline: Deadline;
    readonly signal: AbortSignal;
    /** Told before each pause. */
    readonly failed: (error: OpenAnomalyError, pauseMs: number) => void;
  },
): Promise<T> {
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(LONGEST_BACKOFF_MS, backoffMs * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OpenAnomalyError) || error.code !== 'datasource_unavailable') throw error;
      const pauseMs = Math.max(backoffMs, error.retryAfterMs ?? 0);
      if (pauseMs >= options.deadline.leftMs) throw error;
      options.failed(error, pauseMs);
      await pause(pauseMs, options.signal);
    }
  }
}

async function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(pauseMs, undefined, { signal });
  } catch {
    // Timers reject with an error of their own; who aborted gave a reason.
    throw signal.reason;
  }
}
