import type { Logger } from '../../../ports/logger.ts';

/** The same complaint is repeated once in this time; what lay between is counted. */
const REPEAT_AFTER_MS = 60_000;

interface Complaint {
  readonly saidAtMs: number;
  readonly unsaid: number;
}

/** Lines about one endpoint, kept few while it fails the same way over and over. */
export class SendLog {
  readonly #logger: Logger;
  readonly #elapsedMs: () => number;
  readonly #complaints = new Map<string, Complaint>();
  #isFailing = false;

  /** `elapsedMs` is any steady clock. */
  constructor(logger: Logger, elapsedMs: () => number) {
    this.#logger = logger;
    this.#elapsedMs = elapsedMs;
  }

  retrying(why: string, about: { readonly samples: number; readonly attempt: number }): void {
    this.#isFailing = true;
    this.#complain('retrying', (repeated) =>
      this.#logger.log('warn', 'sending samples failed, will retry', { ...about, err: why, repeated }),
    );
  }

  accepted(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#complaints.delete('retrying');
    this.#logger.log('info', 'the endpoint takes samples again');
  }

  /** `why` holds the answer as it came, for the endpoint's own words say best what is wrong. */
  refused(
    why: string,
    about: { readonly refused: number; readonly samples: number; readonly hint: string | undefined },
  ): void {
    this.#complain(`refused ${why.slice(0, 60)}`, (repeated) =>
      this.#logger.log('error', 'the endpoint refused samples', {
        code: 'remote_write_refused',
        ...about,
        err: why,
        repeated,
      }),
    );
  }

  fellBack(why: string): void {
    this.#logger.log('warn', 'the endpoint does not take remote write 2.0, using 1.0 from now on', { err: why });
  }

  overflowed(samples: number): void {
    this.#complain('overflowed', (repeated) =>
      this.#logger.log('warn', 'the queue is full, the oldest samples were dropped', { samples, repeated }),
    );
  }

  unspoolable(error: string): void {
    this.#complain('unspoolable', (repeated) =>
      this.#logger.log('error', 'the queue cannot be kept on disk', { code: 'state_unwritable', err: error, repeated }),
    );
  }

  /** `say` gets how many complaints of the kind were left out since the last line; undefined for none. */
  #complain(kind: string, say: (repeated: number | undefined) => void): void {
    const nowMs = this.#elapsedMs();
    const last = this.#complaints.get(kind);
    if (last !== undefined && nowMs - last.saidAtMs < REPEAT_AFTER_MS) {
      this.#complaints.set(kind, { ...last, unsaid: last.unsaid + 1 });
      return;
    }
    this.#forgetOld(nowMs);
    this.#complaints.set(kind, { saidAtMs: nowMs, unsaid: 0 });
    say(last === undefined || last.unsaid === 0 ? undefined : last.unsaid);
  }

  #forgetOld(nowMs: number): void {
    for (const [kind, { saidAtMs }] of this.#complaints)
      if (nowMs - saidAtMs > 10 * REPEAT_AFTER_MS) this.#complaints.delete(kind);
  }
}
